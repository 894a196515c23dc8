package text

// A typing error is looked for in words of so many letters. Shorter ones are near to too many others, and longer ones are
// no words, while the work grows with the square of the length.
const (
	leastNear = 6
	mostNear  = 20
)

// Near returns the terms of all words that one typing error may have turned into word: a letter left out, one too many,
// a wrong one, or two exchanged. Words are of 6 to 20 ASCII letters; for others there are none. A
// term may occur twice.
func Near(word string) []string {
	if len(word) < leastNear || len(word) > mostNear {
		return nil
	}
	for i := range len(word) {
		if word[i] < 'a' || word[i] > 'z' {
			return nil
		}
	}
	near := make([]string, 0, 54*len(word))
	for i := range len(word) + 1 {
		for c := byte('a'); c <= 'z'; c++ {
			near = append(near, stem(word[:i]+string(c)+word[i:]))
			if i < len(word) && c != word[i] {
				near = append(near, stem(word[:i]+string(c)+word[i+1:]))
			}
		}
		if i < len(word) {
			near = append(near, stem(word[:i]+word[i+1:]))
		}
		if i+1 < len(word) && word[i] != word[i+1] {
			near = append(near, stem(word[:i]+string(word[i+1])+string(word[i])+word[i+2:]))
		}
	}
	return near
}

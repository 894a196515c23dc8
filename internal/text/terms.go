package text

import "unicode/utf8"

// Kind is what a term consists of.
type Kind int

// The kinds of [Term]. Concepts come from [Concepts], all others from [Terms].
const (
	Word      Kind = iota // of an alphabetic script, stemmed
	Character             // one ideograph
	Pair                  // two ideographs that stand together
	Concept               // what a word or phrase of the lexicon means
)

// Term is one unit of comparison and where it stands in the text it came from, as byte offsets.
type Term struct {
	Text       string
	Start, End int
	Kind       Kind
}

// Terms splits s into the terms that lexical search compares: stemmed words for alphabetic scripts; single characters
// and overlapping pairs for Han, Kana and Hangul, because nothing marks their word boundaries. Stop words are kept:
// BM25 weighs them down by itself. Traditional characters become simplified ones. The terms are ordered by Start; a
// character comes before the pair that it begins.
func Terms(s string) []Term {
	terms := make([]Term, 0, len(s)/5+1)
	previous := -1 // where the ideograph just before the current character starts, or -1
	scan(s, func(c class, start, end int) {
		if c != ideograph {
			terms = append(terms, Term{stems.get(Normalize(s[start:end])), start, end, Word})
			return
		}
		// A pair is known at its second character but belongs right after its first one.
		character := simplify(s[start:end])
		if n := len(terms); n > 0 && terms[n-1].Start == previous && terms[n-1].End == start {
			terms = append(terms, Term{terms[n-1].Text + character, previous, end, Pair})
		}
		terms = append(terms, Term{character, start, end, Character})
		previous = start
	})
	return terms
}

// Words returns the normalised, unstemmed words of s in order; ideographs stand alone.
func Words(s string) []string {
	s = Normalize(s)
	words := make([]string, 0, len(s)/5+1)
	scan(s, func(_ class, start, end int) { words = append(words, s[start:end]) })
	return words
}

// scan calls fn for each word and each ideograph of s, in order. Bytes that are not UTF-8 separate words.
func scan(s string, fn func(c class, start, end int)) {
	word := -1 // where the word being read starts, or -1
	for i := 0; i < len(s); {
		r, size := rune(s[i]), 1
		if r >= utf8.RuneSelf {
			r, size = utf8.DecodeRuneInString(s[i:])
		}
		c := classify(r)
		if c != wordPart && word >= 0 {
			fn(wordPart, word, i)
			word = -1
		}
		switch {
		case c == ideograph:
			fn(ideograph, i, i+size)
		case c == wordPart && word < 0:
			word = i
		}
		i += size
	}
	if word >= 0 {
		fn(wordPart, word, len(s))
	}
}

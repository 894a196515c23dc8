package routing

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"handrail/internal/text"
)

// fold is the form in which keywords are looked for: full-width, case and traditional characters do not matter, nor
// does the kind and number of spaces.
func fold(s string) string {
	s = strings.Map(text.Simplified, text.Normalize(s))
	return strings.Join(strings.Fields(s), " ")
}

// containsAny reports whether one of the keywords occurs in the text; all are folded. A word of an alphabet must begin
// where a word begins: "art" is in "artist", not in "part". Chinese has no such places.
func containsAny(folded string, keywords []string) bool {
	for _, word := range keywords {
		if contains(folded, word) {
			return true
		}
	}
	return false
}

func contains(folded, word string) bool {
	if word == "" {
		return false
	}
	first, size := utf8.DecodeRuneInString(word)
	for from := 0; ; {
		i := strings.Index(folded[from:], word)
		if i < 0 {
			return false
		}
		at := from + i
		before, _ := utf8.DecodeLastRuneInString(folded[:at])
		if at == 0 || !alphabetic(first) || !alphabetic(before) {
			return true
		}
		from = at + size
	}
}

// alphabetic reports whether the character belongs to words that spaces separate.
func alphabetic(r rune) bool {
	return (unicode.IsLetter(r) || unicode.IsDigit(r)) &&
		!unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai, unicode.Lao, unicode.Khmer)
}

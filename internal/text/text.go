// Package text turns what people write into what search and classification compare: language, normalised form,
// sentences and terms.
//
// Documents and queries must go through the same functions, or nothing matches; that is why knowledge, intent and bot
// share this package and none of them tokenises by itself.
//
// Guarantees, for any input whatever, valid UTF-8 or not: no function panics, and every offset returned is in order
// and within the text it came from.
package text

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Normalize folds compatibility forms (full-width digits and letters, ligatures) and case.
func Normalize(s string) string {
	if isASCII(s) {
		return strings.ToLower(s)
	}
	return strings.ToLower(norm.NFKC.String(s))
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// class is what the tokeniser does with a character.
type class int

const (
	separator class = iota
	wordPart
	ideograph
)

// classify answers for ASCII without the Unicode tables, which are most of the cost of reading English text.
func classify(r rune) class {
	switch {
	case r < utf8.RuneSelf:
		if 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' {
			return wordPart
		}
		return separator
	case unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul):
		return ideograph
	case unicode.IsLetter(r), unicode.IsDigit(r), unicode.Is(unicode.Mn, r):
		return wordPart
	}
	return separator
}

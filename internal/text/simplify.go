package text

import (
	_ "embed"
	"strings"
	"sync"
	"unicode/utf8"
)

//go:embed traditional.txt
var traditionalPairs string

// simplified maps traditional characters to the simplified ones that stand for them. It is read at first use and never
// changes. The pairs are those of Unicode's transform Traditional-Simplified, as far as Big5 holds the characters.
var simplified = sync.OnceValue(func() map[rune]rune {
	m := make(map[rune]rune, len(traditionalPairs)/7)
	for _, pair := range strings.Fields(traditionalPairs) {
		from, size := utf8.DecodeRuneInString(pair)
		to, _ := utf8.DecodeRuneInString(pair[size:])
		m[from] = to
	}
	return m
})

// simplify folds one traditional character, so that a question from Taipei finds a page written in Beijing. Where two
// traditional characters share a simplified one they become the same: recall gains more than precision loses.
func simplify(character string) string {
	r, _ := utf8.DecodeRuneInString(character)
	if to := Simplified(r); to != r {
		return string(to)
	}
	return character
}

// Simplified returns the simplified character that stands for a traditional one, and any other character as it is.
func Simplified(r rune) rune {
	if to, ok := simplified()[r]; ok {
		return to
	}
	return r
}

package ingest

import (
	"unicode"
	"unicode/utf8"
)

// tokens estimates how many model tokens s takes: a Han, Kana or Hangul character is about one, and four bytes of any
// other script are about one. An estimate is enough for cutting, needs no vocabulary, and is the same for every model.
func tokens(s string) int {
	var c counter
	for _, r := range s {
		c.add(r)
	}
	return c.tokens()
}

// counter counts the tokens of a text that comes in characters.
type counter struct{ wide, bytes int }

func (c *counter) add(r rune) {
	if isWide(r) {
		c.wide++
	} else {
		c.bytes += max(utf8.RuneLen(r), 1)
	}
}

func (c *counter) tokens() int { return c.wide + (c.bytes+3)/4 }

func isWide(r rune) bool {
	return r > unicode.MaxLatin1 && unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul)
}

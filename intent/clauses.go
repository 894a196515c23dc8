package intent

import (
	"bytes"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"handrail/internal/text"
)

// clauses normalises a message and splits it where one thought ends: at punctuation and before "but". Letters lose
// case, accents and tradition; apostrophes go, so that "don't", "don’t" and "dont" are one word; other signs become
// single spaces. Every clause stands between < and >.
func clauses(message string) []string {
	var c clauseReader
	for _, r := range text.Normalize(message) {
		c.read(r)
	}
	c.flush()
	return c.clauses
}

type clauseReader struct {
	clauses []string
	current []byte
}

func (c *clauseReader) read(r rune) {
	switch {
	case clauseEnd(r):
		c.flush()
	case r == '\'' || r == '’' || r == '`' || r == '‘':
	case separating(r):
		if n := len(c.current); n > 0 && c.current[n-1] != ' ' {
			c.current = append(c.current, ' ')
			c.join()
		}
	default:
		c.current = utf8.AppendRune(c.current, foldLetter(r))
		if r == '是' || r == '过' {
			c.turn("但是", "")
			c.turn("可是", "")
			c.turn("不过", "")
		}
		c.turn("但我", "我")
	}
}

// turns are the words that begin a new thought of the writer, and what of them begins the next clause.
var turns = []struct{ word, rest string }{
	{" but ", ""}, {" because ", ""}, {" so i ", "i "}, {" so please ", "please "}, {" so can ", "can "}, {" and i ", "i "},
	{" and please ", "please "}, {" and can ", "can "}, {" and now ", "now "}, {" and let ", "let "}, {" and get ", "get "},
}

// join ends the clause before such a word.
func (c *clauseReader) join() {
	for _, t := range turns {
		c.turn(t.word, t.rest)
	}
}

// turn ends the clause before a word that turns against it; rest is what of the word begins the next one.
func (c *clauseReader) turn(word, rest string) {
	if bytes.HasSuffix(c.current, []byte(word)) {
		c.current = c.current[:len(c.current)-len(word)]
		c.flush()
		c.current = append(c.current, rest...)
	}
}

func (c *clauseReader) flush() {
	if s := strings.TrimSpace(string(c.current)); s != "" {
		c.clauses = append(c.clauses, "<"+s+">")
	}
	c.current = c.current[:0]
}

func clauseEnd(r rune) bool {
	return strings.ContainsRune(".!?;,:\n。！？；，、：…¿¡؟،।", r)
}

func separating(r rune) bool {
	return r < utf8.RuneSelf && !('a' <= r && r <= 'z' || '0' <= r && r <= '9') ||
		strings.ContainsRune("“”「」『』（）【】《》«»–—・～", r) || unicode.IsSpace(r)
}

// foldLetter drops the accent of Latin and Cyrillic letters, which people leave out, and the tradition of Chinese ones.
func foldLetter(r rune) rune {
	switch {
	case r < utf8.RuneSelf:
		return r
	case r < 0x530 || r >= 0x1E00 && r < 0x1F00:
		if to, ok := unaccented()[r]; ok {
			return to
		}
		return r
	}
	return text.Simplified(r)
}

// unaccented maps letters with marks to those without. It is filled at first use and never changes.
var unaccented = sync.OnceValue(func() map[rune]rune {
	m := map[rune]rune{'ı': 'i', 'ø': 'o', 'ł': 'l', 'đ': 'd'}
	for r := rune(0xC0); r < 0x1F00; r++ {
		first, _ := utf8.DecodeRuneInString(norm.NFD.String(string(r)))
		if first != r && unicode.IsLetter(r) {
			m[r] = first
		}
	}
	return m
})

// next is the place of the character after the one at byte i.
func next(s string, i int) int {
	_, size := utf8.DecodeRuneInString(s[i:])
	return i + size
}

package text

import (
	"strings"
	"unicode"

	"github.com/abadojack/whatlanggo"
)

// enough is how much of a text statistics look at, in bytes. More of it makes them no surer and costs as much as reading
// the whole document.
const enough = 4096

// Detect returns the ISO 639-1 code of the language of s, or fallback where s is too short to tell. Scripts decide
// first, because they are certain; statistics decide only between languages written in the same script.
func Detect(s, fallback string) string {
	n := countScripts(s)
	switch {
	case n.letters == 0:
		return fallback
	case n.kana > 0 && n.kana*5 >= n.han:
		return "ja"
	case n.hangul > 0 && n.hangul*2 >= n.letters-n.latin:
		return "ko"
	case n.han > 0 && n.han*4 >= n.latin: // one Han character carries about as much as one Latin word
		return "zh"
	}
	info := whatlanggo.Detect(strings.ToValidUTF8(s[:min(len(s), enough)], ""))
	if n.letters < 20 || !info.IsReliable() {
		return fallback
	}
	if code := info.Lang.Iso6391(); code != "" {
		return code
	}
	return fallback
}

// scripts counts the letters of a text by script.
type scripts struct{ letters, han, kana, hangul, latin int }

func countScripts(s string) scripts {
	var n scripts
	for _, r := range s {
		if !unicode.IsLetter(r) {
			continue
		}
		n.letters++
		switch {
		case unicode.Is(unicode.Latin, r):
			n.latin++
		case unicode.Is(unicode.Han, r):
			n.han++
		case unicode.In(r, unicode.Hiragana, unicode.Katakana):
			n.kana++
		case unicode.Is(unicode.Hangul, r):
			n.hangul++
		}
	}
	return n
}

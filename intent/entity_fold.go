package intent

import (
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// foldedText is a message as the entity table reads it: plain digits and signs, lower case, no accents, simplified
// characters.
type foldedText struct {
	text    string
	offsets []int32 // of every byte of text, and of its end, in the message; nil where they are the same
}

func fold(s string) foldedText {
	b := make([]byte, 0, len(s))
	same := true
	var offsets []int32
	for i, r := range s {
		was := len(b)
		b = utf8.AppendRune(b, foldSign(r))
		if same && (len(b)-was != utf8.RuneLen(r) || r == utf8.RuneError) {
			// From the first character of another length on, places have to be looked up.
			same, offsets = false, make([]int32, was, len(s)+utf8.UTFMax)
			for j := range offsets {
				offsets[j] = int32(j)
			}
		}
		for ; !same && was < len(b); was++ {
			offsets = append(offsets, int32(i))
		}
	}
	if !same {
		offsets = append(offsets, int32(len(s)))
	}
	return foldedText{string(b), offsets}
}

func (t foldedText) offset(i int) int {
	if t.offsets == nil {
		return i
	}
	return int(t.offsets[i])
}

func foldSign(r rune) rune {
	switch {
	case r < utf8.RuneSelf:
		if 'A' <= r && r <= 'Z' {
			return r + 'a' - 'A'
		}
		if r == '\t' || r == '\r' {
			return ' '
		}
		return r
	case r == '，':
		return r // no part of a number, as the plain comma may be
	case r >= 0xFF01 && r <= 0xFF5E || r == 0xFFE5 || r == 0xFFE1 || r == 0xFF04:
		folded, _ := utf8.DecodeRuneInString(norm.NFKC.String(string(r)))
		return foldSign(folded)
	case r == '–' || r == '—' || r == '‑' || r == '−' || r == '～':
		return '-'
	case r == '。':
		return '.'
	case r == utf8.RuneError || unicode.IsSpace(r):
		return ' '
	}
	return foldLetter(unicode.ToLower(r))
}

package text

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Span is a part of a text, as byte offsets.
type Span struct{ Start, End int }

// Sentences splits s at sentence ends and line breaks. The spans are trimmed, in order, and never empty.
func Sentences(s string) []Span {
	var spans []Span
	start := 0
	for i, r := range s {
		if !strings.ContainsRune("\n。！？；.!?", r) {
			continue
		}
		end := i + utf8.RuneLen(r)
		if r == '.' || r == '!' || r == '?' {
			next, size := utf8.DecodeRuneInString(s[end:])
			if size > 0 && !unicode.IsSpace(next) || abbreviation(s[start:end]) {
				continue
			}
		}
		spans = appendTrimmed(spans, s, start, end)
		start = end
	}
	return appendTrimmed(spans, s, start, len(s))
}

// appendTrimmed adds s[start:end] without the white space around it, if anything is left.
func appendTrimmed(spans []Span, s string, start, end int) []Span {
	part := strings.TrimLeftFunc(s[start:end], unicode.IsSpace)
	start = end - len(part)
	part = strings.TrimRightFunc(part, unicode.IsSpace)
	if part == "" {
		return spans
	}
	return append(spans, Span{start, start + len(part)})
}

// abbreviation reports whether s ends in a full stop that does not end a sentence.
func abbreviation(s string) bool {
	word := s[strings.LastIndexAny(s, " \t\n(")+1:]
	switch strings.ToLower(word) {
	case "e.g.", "i.e.", "etc.", "vs.", "mr.", "mrs.", "ms.", "dr.", "no.", "approx.", "inc.", "ltd.", "st.":
		return true
	}
	// A number at the start of a line ("1. Open the box") is a list mark.
	return len(word) > 1 && len(word) <= 3 && strings.Trim(word, "0123456789.") == "" && strings.TrimSpace(s) == word
}

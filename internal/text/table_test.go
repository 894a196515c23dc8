package text_test

import (
	"testing"

	"handrail/internal/text"
)

func TestSeparatorGoesByTheFirstLine(t *testing.T) {
	t.Parallel()
	for table, want := range map[string]rune{
		"":                             ',',
		"question":                     ',',
		"question,answer\na;b;c;d\n":   ',',
		"question;answer\na,b,c,d\n":   ';',
		"question\tanswer, in full\n":  ',',
		"text\tintent\tlang, if known": '\t',
		"\"one;two;three\",four\n":     ',',
	} {
		if got := text.Separator(table); got != want {
			t.Errorf("Separator(%q) = %q, want %q", table, got, want)
		}
	}
}

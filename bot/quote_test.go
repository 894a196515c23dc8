package bot

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"handrail/knowledge"
)

func TestExcerptTakesTheSentenceThatAnswers(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	for i := range 20 {
		fmt.Fprintf(&b, "Paragraph %d tells how the shop began in a small barn. ", i)
	}
	b.WriteString("The bell is tuned to the note A. ")
	for i := range 20 {
		fmt.Fprintf(&b, "Chapter %d tells how the shop grew. ", i)
	}
	h := knowledge.Hit{Passage: knowledge.Passage{Text: b.String()}}
	got := excerpt("Which note is the bell tuned to?", h, []knowledge.Hit{h})
	require.Contains(t, got, "The bell is tuned to the note A.")
	require.LessOrEqual(t, utf8.RuneCountInString(got), quoteMost)
	require.Contains(t, h.Text, got)

	h.Question = "Which note?"
	require.Equal(t, strings.TrimSpace(h.Text), excerpt("bell", h, nil), "the answer of a FAQ is quoted whole")
}

func TestExcerptIsAPartOfThePassage(t *testing.T) {
	t.Parallel()
	words := []string{"return", "bicycle", "the", "within", "30", "days", "free", "退货", "运费", "很", ".", ". ", "。", "! ", "\n", "\n\n", ", "}
	rapid.Check(t, func(t *rapid.T) {
		body := readable(strings.Join(rapid.SliceOfN(rapid.SampledFrom(words), 0, 250).Draw(t, "words"), " "))
		question := strings.Join(rapid.SliceOfN(rapid.SampledFrom(words), 0, 8).Draw(t, "question"), " ")
		h := knowledge.Hit{Passage: knowledge.Passage{Text: body}}
		got := excerpt(question, h, []knowledge.Hit{h})
		size, most := utf8.RuneCountInString(got), quoteMost
		for _, s := range strings.FieldsFunc(body, func(r rune) bool { return strings.ContainsRune("\n。！？；.!?", r) }) {
			most = max(most, utf8.RuneCountInString(s)+10) // one long sentence is quoted whole
		}
		switch {
		case !strings.Contains(body, got):
			t.Fatalf("%q is not in %q", got, body)
		case got == "" && body != "":
			t.Fatalf("nothing quoted of %q", body)
		case got != body && size > most:
			t.Fatalf("%d characters quoted", size)
		case utf8.RuneCountInString(body) <= quoteWhole && got != body:
			t.Fatalf("a short passage was cut: %q of %q", got, body)
		}
	})
}

func TestReadable(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ in, want string }{
		"fences": {"Run:\n```sh\nring --loud\n```\nDone.", "Run:\nring --loud\nDone."},
		"list":   {"- **Bell**: 9 EUR\n- Horn", "- **Bell**: 9 EUR\n- Horn"},
		"plain":  {" just text ", "just text"},
	} {
		require.Equal(t, test.want, readable(test.in), name)
	}
	require.Equal(t, "退货…", clip("退货运费", 3))
	require.Equal(t, "退货运费", clip("退货运费", 4))
}

func TestCitationNamesThePage(t *testing.T) {
	t.Parallel()
	hit := knowledge.Hit{Passage: knowledge.Passage{URL: "https://a.example/m.pdf#page=3", Page: 3}}
	c := cite(1, hit, "text")
	require.Equal(t, []any{3, hit.URL}, []any{c.Page, c.URL})
}

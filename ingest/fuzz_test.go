package ingest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

// The parsers take what anybody wrote. Whatever it is, they return, and make valid text whose passages lie within it.

func FuzzMarkdown(f *testing.F) { fuzz(f, "*.md", formatMarkdown) }

func FuzzHTML(f *testing.F) { fuzz(f, "*.html", formatHTML) }

func FuzzCSV(f *testing.F) {
	f.Add([]byte("question;answer\n\"a \"\"b\"\"?\";c\n"))
	f.Add([]byte("\xef\xbb\xbf问题,答案\r\n退货?,可以\r\n"))
	fuzz(f, "*.csv", formatCSV)
}

func FuzzPlain(f *testing.F) {
	f.Add([]byte("Title\n=====\n\n- a\n- b\n\nQ: c?\nA: d"))
	f.Add([]byte("\xff\xfea\x00b\x00"))
	fuzz(f, "*.txt", formatPlain)
}

func fuzz(f *testing.F, pattern string, format format) {
	names, err := filepath.Glob("testdata/" + pattern)
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range names {
		b, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		pages, _, err := parse(raw{body: body, format: format})
		if err != nil {
			return
		}
		for _, p := range pages {
			checkPassages(t, p)
		}
	})
}

// checkPassages checks that the passages of a page stand in order, lie within its text, and hold what stands there.
func checkPassages(t require.TestingT, p page) {
	from := 0
	for i, ps := range split(p) {
		require.Equal(t, i, ps.Ordinal)
		require.GreaterOrEqual(t, ps.Start, from)
		require.Greater(t, ps.End, ps.Start)
		require.LessOrEqual(t, ps.End, len(p.text))
		require.True(t, utf8.ValidString(ps.Text), "%q", ps.Text)
		require.NotEmpty(t, ps.Text)
		require.Contains(t, ps.Text, strings.TrimSpace(p.text[ps.Start:ps.End]))
		from = ps.Start
	}
}

package ingest

import (
	"os"
	"path/filepath"
	"testing"
	"unicode/utf8"
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
		p, err := parse(raw{body: body, format: format})
		if err != nil {
			return
		}
		from := 0
		for _, ps := range split(p) {
			if ps.Start < from || ps.End <= ps.Start || ps.End > len(p.text) {
				t.Errorf("range %d-%d after %d in a text of %d bytes", ps.Start, ps.End, from, len(p.text))
			}
			if ps.Text == "" || !utf8.ValidString(ps.Text) {
				t.Errorf("passage %q", ps.Text)
			}
			from = ps.Start
		}
	})
}

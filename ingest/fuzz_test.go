package ingest

import (
	"os"
	"path"
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

func FuzzJSONL(f *testing.F) {
	f.Add([]byte(`{"question":"A?","answer":"B"}` + "\n" + `{"id":7,"title":"T","text":"# X","tags":["a"],"lang":"en"}`))
	fuzz(f, "*.jsonl", formatJSONL)
}

func FuzzPDFText(f *testing.F) {
	f.Add([]byte("1. Title\n\nText that goes on and is hy-\nphenated.\n\fSecond page\n\n- a\n- b\n\f"))
	fuzz(f, "*.pdftext", formatPDFText)
}

func FuzzPDF(f *testing.F) {
	f.Add(pdfDocument("/Info << /Title (Returns) >>", pdfText("# Returns", "Send it back."), pdfText("Second.")))
	seed(f, ".pdf")
	fuzz(f, "*.pdf", formatPDF)
}

func FuzzDOCX(f *testing.F) {
	f.Add(word(par("T", "Title") + par("1", "Head") + par("ListBullet", "Item") + "<w:tbl><w:tr><w:tc><w:p/></w:tc></w:tr></w:tbl>"))
	seed(f, ".docx")
	fuzz(f, "*.docx", formatDOCX)
}

// FuzzDOCXBody fuzzes the XML within the file, which few changes of its packed form reach.
func FuzzDOCXBody(f *testing.F) {
	f.Add([]byte(par("T", "Title") + par("My", "Head") + par("ListBullet", "Item") + "<w:tbl><w:tr><w:tc><w:p/></w:tc></w:tr></w:tbl>"))
	f.Fuzz(func(t *testing.T, body []byte) { fuzzed(t, raw{format: formatDOCX, body: word(string(body))}) })
}

func FuzzXLSX(f *testing.F) {
	f.Add(sheets([]string{"A"}, map[string][][]any{"A": {{"question", "answer"}, {"A?", "B"}}}))
	f.Add(rawSheet(`<row r="1"><c r="A1"><v>1</v></c><c r="C1" t="inlineStr"><is><t>x</t></is></c></row>`))
	seed(f, ".xlsx")
	fuzz(f, "*.xlsx", formatXLSX)
}

func FuzzEPUB(f *testing.F) {
	f.Add(epub("T", "<html><body><h1>A</h1><p>B</p></body></html>", "<p>C</p>"))
	seed(f, ".epub")
	fuzz(f, "*.epub", formatEPUB)
}

func FuzzZip(f *testing.F) {
	f.Add(zipped(file{"a.md", "# A\n\nB."}, file{"b/c.csv", "question,answer\nA?,B\n"}, file{"in.zip", "PK"}))
	seed(f, ".zip")
	f.Fuzz(func(t *testing.T, body []byte) {
		var out loaded
		err := task{URI: "a.zip", Format: formatZip, MaxBytes: 1 << 20}.read(body, out.take)
		if err != nil {
			require.NotEmpty(t, reason(err))
		}
		for _, d := range out.documents {
			require.True(t, strings.HasPrefix(d.Document.URI, "a.zip/"), d.Document.URI)
			require.NotContains(t, strings.Split(d.Document.URI, "/"), "..")
			require.NotEmpty(t, d.Passages)
		}
	})
}

// seed adds the hostile files of a type that are small.
func seed(f *testing.F, ext string) {
	for _, c := range hostiles() {
		if path.Ext(c.name) != ext || strings.HasPrefix(c.name, "flate") || strings.HasPrefix(c.name, "total") {
			continue
		}
		if b := c.make(); len(b) < 4<<10 {
			f.Add(b)
		}
	}
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
		fuzzed(t, raw{body: body, format: format})
	})
}

// fuzzed reads one file. The libraries for PDF and Excel panic by design where they find what they do not expect, which
// the caller turns into an error; the parsers of this package must not.
func fuzzed(t *testing.T, r raw) {
	read := func() ([]page, []string, error) { return parse(r) }
	if r.format == formatPDF || r.format == formatXLSX {
		read = func() ([]page, []string, error) { return task{Format: r.format}.pages(r.body) }
	}
	pages, _, err := read()
	if err != nil {
		require.NotEmpty(t, reason(err))
		return
	}
	for _, p := range pages {
		checkPassages(t, p)
	}
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
		s := strings.TrimSpace(p.text[ps.Start:ps.End])
		require.Contains(t, []string{s, fence + "\n" + s, s + "\n" + fence, fence + "\n" + s + "\n" + fence}, ps.Text)
		from = ps.Start
	}
}

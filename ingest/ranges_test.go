package ingest

import (
	"encoding/json"
	"fmt"
	"html"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// TestPassagesLieInTheText reads the same words in every format that can be written by hand, and checks that each
// passage holds what stands in its range.
func TestPassagesLieInTheText(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		src := document(t)
		var paragraphs strings.Builder
		for line := range strings.Lines(src) {
			paragraphs.WriteString(par(rapid.SampledFrom([]string{"", "1", "My", "ListBullet"}).Draw(t, "style"), html.EscapeString(line)))
		}
		quoted, err := json.Marshal(src)
		require.NoError(t, err)
		for f, body := range map[format][]byte{
			formatMarkdown: []byte(src), formatPlain: []byte(src), formatPDFText: []byte(src),
			formatHTML: []byte("<html><body><h1>T</h1><pre>" + html.EscapeString(src) + "</pre><p>" + html.EscapeString(src) + "</p></body></html>"),
			formatCSV:  []byte("question,answer\nWhy?,\"" + strings.ReplaceAll(src, `"`, `""`) + "\"\n"),
			formatDOCX: word(paragraphs.String()), formatEPUB: epub("T", "<p>"+html.EscapeString(src)+"</p>", "<p>Next.</p>"),
			formatJSONL: fmt.Appendf(nil, `{"text":%s}`, quoted),
		} {
			pages, failed, err := parse(raw{body: body, format: f})
			require.NoError(t, err, f)
			require.Empty(t, failed)
			for _, p := range pages {
				checkPassages(t, p)
			}
		}
	})
}

// TestPassagesKnowTheirPages writes on every page its number, which must be the page of the passage that holds it.
func TestPassagesKnowTheirPages(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var src strings.Builder
		for i := range rapid.IntRange(1, 20).Draw(t, "pages") {
			for range rapid.IntRange(0, 5).Draw(t, "paragraphs") {
				fmt.Fprintf(&src, "onpage%d %s.\n\n", i+1, words(rapid.SampledFrom([]int{1, 40, 300, 900}).Draw(t, "size"), "word"))
			}
			src.WriteString("\f")
		}
		p, err := loadPDFText(src.String())
		require.NoError(t, err)
		for _, ps := range split(p) {
			before := p.text[:ps.Start] + ps.Text
			if i := strings.Index(ps.Text, "onpage"); i == 0 {
				number, _, _ := strings.Cut(ps.Text[len("onpage"):], " ")
				require.Equal(t, number, strconv.Itoa(ps.Page))
			} else {
				require.Contains(t, before, "onpage"+strconv.Itoa(ps.Page)+" ")
			}
		}
	})
}

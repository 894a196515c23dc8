package ingest

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"handrail/knowledge"
)

// TestAChildMakesTheSameDocuments reads files of many kinds in this process and in a child.
func TestAChildMakesTheSameDocuments(t *testing.T) {
	t.Parallel()
	var faq strings.Builder
	for range 3 * passagesPerPart {
		faq.WriteString("Is it free?,Yes.\n")
	}
	child := &loader{config: New(nil, Config{Isolate: true}).config}
	defer child.close()
	here := &loader{config: New(nil, Config{}).config}
	for name, body := range map[string]string{
		"a.md":    "# T\n\nIntro.\n\n## Is it free?\n\nYes.\n\n## Other\n\n" + words(400, "parcel") + "\n\n# Next\n\n## Why?\n\nSo.",
		"b.html":  testdata(t, "page.html"),
		"c.csv":   "question,answer\n" + faq.String() + "bad\n",
		"d.jsonl": `{"text":"One"}` + "\n" + `{"question":"A?","answer":"B","url":"https://a.example/b"}`,
		"e.zip":   string(zipped(file{"x.md", "---\ntags: [a]\n---\nX."}, file{"y/z.pdf", string(pdfDocument("", pdfText("Y.")))}, file{"w.doc", "?"})),
		"f.md":    "---\nlayout: redirect\n---\n",
		"g.docx":  "no zip",
	} {
		r := raw{format: formatOf(name), body: []byte(body), name: name}
		want, wantErr := here.item(t.Context(), entry{uri: name}, r)
		got, err := child.item(t.Context(), entry{uri: name}, r)
		require.Equal(t, want.documents, got.documents, name)
		require.Equal(t, want.failed, got.failed, name)
		require.Equal(t, wantErr == nil, err == nil, name)
		require.Equal(t, isStub(wantErr), isStub(err), name)
		if name == "a.md" {
			samePaths(t, one(t, formatMarkdown, r.body), got.documents[0].Passages)
		}
		if err != nil {
			require.Equal(t, reason(wantErr), reason(err), name)
		}
	}
}

// samePaths checks that passages arrive with the headings that the splitter gave them.
func samePaths(t *testing.T, p page, got []knowledge.Passage) {
	t.Helper()
	var want, have [][]string
	for i, ps := range split(p) {
		want, have = append(want, append([]string{}, ps.HeadingPath...)), append(have, append([]string{}, got[i].HeadingPath...))
	}
	require.Equal(t, want, have)
}

package ingest

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestWord(t *testing.T) {
	t.Parallel()
	numbering := file{"word/numbering.xml", `<w:numbering ` + wordSpace + `><w:abstractNum w:abstractNumId="7"><w:lvl w:ilvl="0">` +
		`<w:numFmt w:val="decimal"/></w:lvl></w:abstractNum><w:num w:numId="3"><w:abstractNumId w:val="7"/></w:num></w:numbering>`}
	links := file{"word/_rels/document.xml.rels", `<Relationships><Relationship Id="r9" Type="http://x/hyperlink" ` +
		`Target="https://a.example/fees" TargetMode="External"/></Relationships>`}
	item := func(s string) string {
		return `<w:p><w:pPr><w:numPr><w:ilvl w:val="0"/><w:numId w:val="3"/></w:numPr></w:pPr><w:r><w:t>` + s + `</w:t></w:r></w:p>`
	}
	cell := func(s string) string { return `<w:tc><w:p><w:r><w:t>` + s + `</w:t></w:r></w:p></w:tc>` }
	p := one(t, formatDOCX, word(par("T", "The mug")+par("1", "Returns")+
		`<w:p><w:r><w:t xml:space="preserve">Send it </w:t></w:r><w:del><w:r><w:delText>never</w:delText></w:r></w:del><w:r><w:t>back, see </w:t></w:r>`+
		`<w:hyperlink r:id="r9"><w:r><w:t>fees</w:t></w:r></w:hyperlink><w:r><w:instrText>PAGE</w:instrText></w:r></w:p>`+
		par("My", "Steps")+item("Pack it.")+item("Post it.")+
		`<w:tbl><w:tr>`+cell("Region")+cell("Fee")+`</w:tr><w:tr>`+cell("EU")+cell("0")+`</w:tr><w:tr>`+cell("US")+cell("5")+`</w:tr></w:tbl>`+
		par("", "Q: Is it free?")+par("", "A: Yes."), numbering, links))
	require.Equal(t, "The mug", p.title)
	require.Equal(t, "**Returns**\n\nSend it back, see [fees](https://a.example/fees)\n\n**Steps**\n\n1. Pack it.\n2. Post it.\n\n"+
		"Region: EU; Fee: 0\nRegion: US; Fee: 5\n\n**Is it free?**\n\nYes.", p.text)
	ps := split(p)
	require.Equal(t, "Is it free?", ps[len(ps)-1].Question)
	require.Equal(t, []string{"Returns"}, ps[0].HeadingPath)
}

func TestExcel(t *testing.T) {
	t.Parallel()
	p := one(t, formatXLSX, sheets([]string{"Fees", "FAQ"}, map[string][][]any{
		"Fees": {{"Region", "Fee"}, {"EU", 0}, {nil, nil}, {"US", 5.5}},
		"FAQ":  {{"问题", "答案", "链接"}, {"可以退货吗", "可以。", "https://a.example/r"}},
	}))
	require.Equal(t, "**Fees**\n\nRegion: EU; Fee: 0\nRegion: US; Fee: 5.5\n\n**可以退货吗**\n\n可以。", p.text)
	ps := split(p)
	require.Equal(t, []string{"Fees"}, ps[0].HeadingPath)
	require.Equal(t, "可以退货吗", ps[1].Question)
	require.Equal(t, "https://a.example/r", ps[1].URL)
}

func TestExcelNamesTheRowsThatLackSomething(t *testing.T) {
	t.Parallel()
	pages, failed, err := parse(raw{format: formatXLSX, body: sheets([]string{"F"}, map[string][][]any{
		"F": {{"question", "answer"}, {"A?", "Yes"}, {"B?"}}})})
	require.NoError(t, err)
	require.Len(t, pages, 1)
	require.Len(t, failed, 1)
	require.Contains(t, failed[0], `sheet "F", line 3`)
}

func TestEPUB(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("<p>Every parcel is insured up to its full price.</p>", 20)
	p := one(t, formatEPUB, epub("The handbook", "<html><head><title>Second</title></head><body><h1>Second</h1>"+long+"</body></html>",
		"<html><body><h1>First</h1><h2>Fees</h2><table><tr><th>A</th><th>B</th></tr><tr><td>1</td><td>2</td></tr></table>"+long+"</body></html>"))
	require.Equal(t, "The handbook", p.title)
	require.Equal(t, "en", p.language)
	require.Less(t, strings.Index(p.text, "First"), strings.Index(p.text, "Second"))
	require.Contains(t, p.text, "A: 1; B: 2")
	require.Equal(t, []string{"First", "Fees"}, split(p)[0].HeadingPath)
}

func TestPDF(t *testing.T) {
	t.Parallel()
	body := pdfDocument("/Info << /Title (Returns and refunds) >>",
		pdfText("# Returns", "You can return an item within thirty days. Keep the ori-", "ginal box.", "Page 1"),
		pdfText("# Refunds", "We refund within seven days.", "Page 2"),
		pdfText("# Fees", "[(Five) -300 (euros)] TJ", "Page 3"))
	body = []byte(strings.ReplaceAll(string(body), "([(Five) -300 (euros)] TJ) Tj", "[(Five) -300 (euros)] TJ     "))
	p := one(t, formatPDF, body)
	require.Equal(t, "Returns and refunds", p.title)
	require.Equal(t, "**Returns**\n\nYou can return an item within thirty days. Keep the original box.\n\n"+
		"**Refunds**\n\nWe refund within seven days.\n\n**Fees**\n\nFive euros", p.text)
	p.url = "https://a.example/m.pdf"
	var pages []int
	var urls []string
	for _, ps := range split(withSections(p)) {
		pages, urls = append(pages, ps.Page), append(urls, ps.URL)
	}
	require.Equal(t, []int{1, 2, 3}, pages)
	require.Equal(t, "https://a.example/m.pdf#page=3", urls[2])
}

// withSections makes the headings of a page questions, so that none of its short sections joins another.
func withSections(p page) page {
	for i := range p.parts {
		p.parts[i].question = p.parts[i].kind == heading
	}
	return p
}

func TestPDFInNestedDrawings(t *testing.T) {
	t.Parallel()
	form := "<< /Type /XObject /Subtype /Form /Resources << /Font << /F1 3 0 R >> >> "
	inner := "BT /F1 11 Tf 10 10 Td (Drawn within a drawing.) Tj ET"
	p := one(t, formatPDF, pdfOf("", "<< /Type /Catalog /Pages 2 0 R >>", "<< /Type /Pages /Count 1 /Kids [4 0 R] >>",
		"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
		"<< /Type /Page /Parent 2 0 R /Resources << /XObject << /X 6 0 R >> >> /Contents 5 0 R >>", pdfStream("", "q 1 0 0 1 50 700 cm /X Do Q"),
		form+strings.TrimPrefix(pdfStream("", inner), "<<")))
	require.Equal(t, "Drawn within a drawing.", p.text)
}

func TestPDFToText(t *testing.T) {
	t.Parallel()
	p, err := loadPDFText("1. Returns\n\nSend the item back within thir-\nty days.\n\n\fWe refund you.\n\f")
	require.NoError(t, err)
	require.Equal(t, "**1. Returns**\n\nSend the item back within thirty days.\n\nWe refund you.", p.text)
	require.Equal(t, 2, p.parts[2].page)
	program, err := exec.LookPath("pdftotext")
	if err != nil {
		t.Skip("pdftotext is not installed")
	}
	l := &loader{config: New(nil, Config{Isolate: true, PDFToText: program}).config}
	defer l.close()
	out, err := l.item(t.Context(), entry{uri: "m.pdf"}, raw{format: formatPDF, body: pdfDocument("", pdfText("We refund within seven days."))})
	require.NoError(t, err)
	require.Equal(t, "We refund within seven days.", out.documents[0].Passages[0].Text)
	require.Equal(t, 1, out.documents[0].Passages[0].Page)
	_, err = l.item(t.Context(), entry{uri: "m.pdf"}, raw{format: formatPDF, body: pdfDocument("", "")})
	require.ErrorContains(t, err, "text recognition")
}

func TestJSONLines(t *testing.T) {
	t.Parallel()
	pages, failed, err := loadJSONL(`{"question":"Is it free?","answer":"Yes.","url":"https://a.example/q"}` + "\n\n" +
		`{"id":"fees","title":"Fees","text":"## EU\n\nFive euros.","lang":"en","tags":["money"],"url":"https://a.example/fees"}` + "\n" +
		`{"_id":7,"body":"Bring a card."}` + "\n" + `{"content":"退货"}` + "\n" + `{"question":"No answer?"}` + "\n" + `[1]` + "\n" + `{"id":"fees","text":"again"}`)
	require.NoError(t, err)
	var names, texts []string
	for _, p := range pages {
		names, texts = append(names, p.name), append(texts, p.text)
	}
	require.Equal(t, []string{"", "fees", "7", "5"}, names)
	require.Equal(t, []string{"**Is it free?**\n\nYes.", "**EU**\n\nFive euros.", "Bring a card.", "退货"}, texts)
	require.Equal(t, "https://a.example/q", split(pages[0])[0].URL)
	require.Equal(t, page{name: "fees", title: "Fees", url: "https://a.example/fees", language: "en", tags: []string{"money"},
		text: texts[1], parts: pages[1].parts}, pages[1])
	require.Len(t, failed, 3)
	require.Contains(t, failed[0], "line 6 has a question but no answer")
	require.Contains(t, failed[1], "line 7 is no JSON object")
	require.Contains(t, failed[2], `line 8 has the id "fees"`)
}

package ingest

import (
	"archive/zip"
	"bytes"
	"compress/zlib"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/xuri/excelize/v2"
)

// file is one member of an archive to be.
type file struct{ name, content string }

// zipped packs files in their order.
func zipped(files ...file) []byte {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, f := range files {
		m, err := w.Create(f.name)
		if err == nil {
			_, err = m.Write([]byte(f.content))
		}
		if err != nil {
			panic(err)
		}
	}
	if err := w.Close(); err != nil {
		panic(err)
	}
	return b.Bytes()
}

const (
	wordSpace  = `xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"`
	wordStyles = `<w:styles ` + wordSpace + `><w:style w:styleId="T"><w:name w:val="Title"/></w:style>` +
		`<w:style w:styleId="1"><w:name w:val="heading 1"/></w:style><w:style w:styleId="My"><w:name w:val="Mine"/><w:basedOn w:val="1"/></w:style></w:styles>`
)

// word makes a Word file with that body.
func word(body string, more ...file) []byte {
	return zipped(append([]file{
		{"[Content_Types].xml", `<Types/>`},
		{"word/document.xml", `<?xml version="1.0"?><w:document ` + wordSpace + `><w:body>` + body + `</w:body></w:document>`},
		{"word/styles.xml", wordStyles},
	}, more...)...)
}

// par is a paragraph of Word in a style.
func par(style, text string) string {
	return `<w:p><w:pPr><w:pStyle w:val="` + style + `"/></w:pPr><w:r><w:t>` + text + `</w:t></w:r></w:p>`
}

// sheets makes an Excel file with one sheet per name.
func sheets(names []string, rows map[string][][]any) []byte {
	f := excelize.NewFile()
	for i, name := range names {
		if i == 0 {
			must(f.SetSheetName("Sheet1", name))
		} else if _, err := f.NewSheet(name); err != nil {
			panic(err)
		}
		for r, cells := range rows[name] {
			must(f.SetSheetRow(name, fmt.Sprintf("A%d", r+1), &cells))
		}
	}
	b, err := f.WriteToBuffer()
	must(err)
	return b.Bytes()
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

// rawSheet makes an Excel file of which the only sheet holds that XML.
func rawSheet(data string, more ...file) []byte {
	const space = `xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"`
	return zipped(append([]file{
		{"[Content_Types].xml", `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">` +
			`<Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/></Types>`},
		{"_rels/.rels", `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" ` +
			`Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>`},
		{"xl/_rels/workbook.xml.rels", `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" ` +
			`Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/></Relationships>`},
		{"xl/workbook.xml", `<workbook ` + space + ` xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships">` +
			`<sheets><sheet name="A" sheetId="1" r:id="r1"/></sheets></workbook>`},
		{"xl/worksheets/sheet1.xml", `<worksheet ` + space + `><sheetData>` + data + `</sheetData></worksheet>`},
	}, more...)...)
}

const container1 = `<?xml version="1.0"?><container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>` +
	`<rootfile full-path="OEBPS/book.opf" media-type="application/oebps-package+xml"/></rootfiles></container>`

// epub makes a book of chapters, whose names are 1.xhtml, 2.xhtml, ... and whose spine runs backwards.
func epub(title string, chapters ...string) []byte {
	var items, spine string
	files := []file{{"mimetype", "application/epub+zip"}, {"META-INF/container.xml", container1}}
	for i, c := range chapters {
		items += fmt.Sprintf(`<item id="c%d" href="%d.xhtml" media-type="application/xhtml+xml"/>`, i+1, i+1)
		spine = fmt.Sprintf(`<itemref idref="c%d"/>`, i+1) + spine
		files = append(files, file{fmt.Sprintf("OEBPS/%d.xhtml", i+1), c})
	}
	opf := `<package xmlns="http://www.idpf.org/2007/opf"><metadata xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>` + title +
		`</dc:title><dc:language>en-GB</dc:language></metadata><manifest>` + items + `</manifest><spine>` + spine + `</spine></package>`
	return zipped(append(files, file{"OEBPS/book.opf", opf})...)
}

// pdfOf makes a PDF of numbered objects, the first of which is the catalog. trailer is added to the trailer.
func pdfOf(trailer string, objects ...string) []byte {
	var b bytes.Buffer
	b.WriteString("%PDF-1.4\n")
	var at []int
	for i, o := range objects {
		at = append(at, b.Len())
		fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", i+1, o)
	}
	xref := b.Len()
	fmt.Fprintf(&b, "xref\n0 %d\n0000000000 65535 f \n", len(objects)+1)
	for _, n := range at {
		fmt.Fprintf(&b, "%010d 00000 n \n", n)
	}
	fmt.Fprintf(&b, "trailer\n<< /Size %d /Root 1 0 R %s >>\nstartxref\n%d\n%%%%EOF\n", len(objects)+1, trailer, xref)
	return b.Bytes()
}

func pdfStream(dict, s string) string {
	return fmt.Sprintf("<< %s /Length %d >>\nstream\n%s\nendstream", dict, len(s), s)
}

// pdfDocument makes a PDF with one content stream per page, in Helvetica as /F1.
func pdfDocument(trailer string, pages ...string) []byte {
	objects := []string{"<< /Type /Catalog /Pages 2 0 R >>", "", "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>"}
	var kids []string
	for _, p := range pages {
		n := len(objects) + 1
		kids = append(kids, fmt.Sprintf("%d 0 R", n))
		objects = append(objects, fmt.Sprintf("<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Resources << /Font << /F1 3 0 R >> >> "+
			"/Contents %d 0 R >>", n+1), pdfStream("", p))
	}
	objects[1] = fmt.Sprintf("<< /Type /Pages /Count %d /Kids [%s] >>", len(pages), strings.Join(kids, " "))
	return pdfOf(trailer, objects...)
}

// pdfText draws lines from the top of a page, each in its size.
func pdfText(lines ...string) string {
	s := "BT /F1 11 Tf 72 740 Td 14 TL\n"
	for _, l := range lines {
		if title, ok := strings.CutPrefix(l, "# "); ok {
			s += fmt.Sprintf("T* /F1 18 Tf (%s) Tj T* /F1 11 Tf T*\n", title)
			continue
		}
		s += fmt.Sprintf("(%s) Tj T*\n", l)
	}
	return s + "ET"
}

func deflated(s string) string {
	var b bytes.Buffer
	w := zlib.NewWriter(&b)
	_, err := w.Write([]byte(s))
	must(err)
	must(w.Close())
	return b.String()
}

// one returns the only page of a file.
func one(t *testing.T, f format, body []byte) page {
	t.Helper()
	pages, failed, err := parse(raw{body: body, format: f})
	require.NoError(t, err)
	require.Empty(t, failed)
	require.Len(t, pages, 1)
	checkPassages(t, pages[0])
	return pages[0]
}

package ingest

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"math/rand/v2"
	"path"
	"runtime"
	"runtime/metrics"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"handrail/internal/errs"
)

// hostile is a file that somebody made to do harm, or that an accident has broken.
type hostile struct {
	name string
	make func() []byte
	kind errs.Kind // "" where the file is read after all, or where only members or rows of it are refused
	want string    // in what the owner is told; "" where the file is read
}

func content(s string) func() []byte { return func() []byte { return []byte(s) } }

func hostiles() []hostile {
	return append(append(append(hostileArchives(), hostileOffice()...), hostilePDFs()...), hostileTexts()...)
}

const (
	xxe    = `<?xml version="1.0"?><!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/passwd">]><d>&x;</d>`
	laughs = `<!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">` +
		`<!ENTITY d "&c;&c;&c;&c;&c;&c;&c;&c;">]><l>&d;</l>`
	png30k = "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x75\x30\x00\x00\x75\x30\x08\x06\x00\x00\x00"
)

func zeros(n int) string { return strings.Repeat("\x00", n) }

func hostileArchives() []hostile {
	one := func(name string) func() []byte { return func() []byte { return zipped(file{name, "Text."}) } }
	return []hostile{
		{"ratio.zip", func() []byte { return zipped(file{"a.txt", zeros(50 << 20)}) }, errs.TooLarge, "decompression bombs"},
		{"lying.zip", lyingZip, "", "damaged or cut off"},
		{"total.zip", manyMembers, errs.TooLarge, "unpack to more than 200 MB"},
		{"huge-size.zip", func() []byte { return resized(zipped(file{"a.txt", "Text."}), 1<<31) }, errs.TooLarge, "unpacks to more than"},
		{"entries.zip", manyEntries, errs.TooLarge, "10000 members"},
		{"nested.zip", func() []byte { return zipped(file{"in.zip", string(zipped(file{"a.md", "x"}))}) }, "", "archive within an archive"},
		{"disguised.zip", func() []byte { return zipped(file{"in.md", string(zipped(file{"a.md", "x"}))}) }, "", "archive within an archive"},
		{"slip.zip", one("../../etc/cron.d/a.md"), errs.Invalid, "leads outside of the archive"},
		{"slip-windows.zip", one(`..\..\a.md`), errs.Invalid, "leads outside of the archive"},
		{"absolute.zip", one("/etc/motd.md"), errs.Invalid, "absolute path"},
		{"drive.zip", one(`C:\windows\a.md`), errs.Invalid, "absolute path"},
		{"twice.zip", func() []byte { return zipped(file{"a.md", "A."}, file{"a.md", "B."}) }, errs.Invalid, "twice"},
		{"nul-name.zip", one("a\x00.md"), errs.Invalid, "no file can have"},
		{"cut.zip", func() []byte { b := zipped(file{"a.md", "Text."}); return b[:len(b)-10] }, errs.Invalid, "damaged or cut off"},
		{"password.zip", func() []byte { return flagged(zipped(file{"a.md", "Text."}), 1) }, errs.Forbidden, "password"},
		{"link.zip", linkZip, "", "a link or another special file"},
		{"empty.zip", func() []byte { return zipped() }, errs.Invalid, "holds no document"},
		{"images.zip", func() []byte { return zipped(file{"a.png", png30k}) }, errs.Invalid, "holds no document"},
		{"crc.zip", func() []byte { return bytes.Replace(stored("a.md", "Text."), []byte("Text."), []byte("Tex!."), 1) }, "", "damaged or cut off"},
		{"program.zip", content("\x7fELF\x02\x01\x01"), errs.Unsupported, "it holds a program"},
	}
}

func hostileOffice() []hostile {
	doc := func(body string, more ...file) func() []byte { return func() []byte { return word(body, more...) } }
	part := func(f file) func() []byte {
		return func() []byte { return rawSheet(`<row r="1"><c><v>1</v></c></row>`, f) }
	}
	cut := func(b []byte) func() []byte { return func() []byte { return b[:len(b)*2/3] } }
	return []hostile{
		{"xxe.docx", func() []byte { return zipped(file{"word/document.xml", xxe}) }, errs.Invalid, "declares XML entities"},
		{"laughs.docx", func() []byte { return zipped(file{"word/document.xml", laughs}) }, errs.Invalid, "declares XML entities"},
		{"dtd.docx", func() []byte {
			return zipped(file{"word/document.xml", `<!DOCTYPE d SYSTEM "http://127.0.0.1/x.dtd"><d/>`})
		}, errs.Invalid, "document type"},
		{"styles-xxe.docx", doc(par("", "Text"), file{"word/numbering.xml", xxe}), errs.Invalid, "declares XML entities"},
		{"deep.docx", doc(strings.Repeat("<w:p>", 5000) + strings.Repeat("</w:p>", 5000)), errs.Invalid, "nested too deeply"},
		{"deep-outside.docx", doc(strings.Repeat("<w:sdt>", 5000)), errs.Invalid, "nested too deeply"},
		{"cut.docx", cut(word(par("", "Text"))), errs.Invalid, "damaged or cut off"},
		{"broken.docx", doc("<w:p><w:r></w:p>"), errs.Invalid, "XML is damaged"},
		{"wide.docx", func() []byte { return zipped(file{"word/document.xml", "\xff\xfe<\x00"}) }, errs.Invalid, "is not UTF-8"},
		{"bomb.docx", doc("<w:p><w:r><w:t>" + strings.Repeat("a", 60<<20) + "</w:t></w:r></w:p>"), errs.TooLarge, "decompression bombs"},
		{"textless.docx", doc("<w:p/>"), errs.Invalid, "holds no text"},
		{"other.docx", func() []byte { return zipped(file{"a.txt", "x"}) }, errs.Invalid, "word/document.xml is missing"},
		{"pdf.docx", func() []byte { return pdfDocument("", pdfText("Text.")) }, errs.Unsupported, "it holds PDF"},
		{"slip.docx", doc(par("", "Text"), file{"../a.xml", "x"}), errs.Invalid, "leads outside"},
		{"password.docx", content(ole + zeros(500) + string(wideName("EncryptedPackage"))), errs.Forbidden, "protected by a password"},
		{"old.docx", content(ole + zeros(500) + string(wideName("WordDocument"))), errs.Unsupported, "save it as .docx"},
		{"image.docx", doc(par("", "Text beside a picture"), file{"word/media/a.png", png30k}), "", ""},
		{"old.doc", content(ole), errs.Unsupported, "save it as .docx"},
		{"old.xls", content(ole), errs.Unsupported, "save it as .xlsx"},
		{"old.ppt", content(ole), errs.Unsupported, "export it as PDF"},
		{"old-renamed.xlsx", content(ole + string(wideName("Workbook"))), errs.Unsupported, "save it as .xlsx"},
		{"password.xlsx", content(ole + string(wideName("EncryptedPackage"))), errs.Forbidden, "protected by a password"},
		{"xxe.xlsx", part(file{"xl/sharedStrings.xml", xxe}), errs.Invalid, "declares XML entities"},
		{"sparse.xlsx", func() []byte { return rawSheet(sparseRows(300)) }, errs.TooLarge, "goes beyond 2000000 cells"},
		{"far-row.xlsx", func() []byte {
			return rawSheet(`<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="A1048576"><v>1</v></c></row>`)
		}, errs.TooLarge, "200000 rows"},
		{"bomb.xlsx", part(file{"xl/sharedStrings.xml", "<sst>" + strings.Repeat(" ", 60<<20) + "</sst>"}), errs.TooLarge, "decompression bombs"},
		{"cut.xlsx", cut(rawSheet("")), errs.Invalid, "damaged or cut off"},
		{"no-book.xlsx", func() []byte { return zipped(file{"xl/a.xml", "x"}) }, errs.Invalid, "xl/workbook.xml is missing"},
		{"blank.xlsx", func() []byte { return rawSheet("") }, errs.Invalid, "holds no text"},
		{"huge-size.xlsx", func() []byte { return resized(rawSheet(""), 1<<31) }, errs.TooLarge, "unpacks to more than"},
		{"laughs.epub", func() []byte { return epub("T", laughs) }, errs.Invalid, "declares XML entities"},
		{"xxe.epub", func() []byte { return zipped(file{"META-INF/container.xml", xxe}) }, errs.Invalid, "declares XML entities"},
		{"drm.epub", drmBook, errs.Forbidden, "DRM"},
		{"no-container.epub", func() []byte { return zipped(file{"a.xhtml", "x"}) }, errs.Invalid, "META-INF/container.xml is missing"},
		{"no-chapter.epub", func() []byte {
			return bytes.ReplaceAll(epub("T", "<p>x</p>"), []byte("OEBPS/1.xhtml"), []byte("OEBPS/9.xhtml"))
		},
			errs.Invalid, "OEBPS/1.xhtml is missing"},
		{"cut.epub", cut(epub("T", "<p>x</p>")), errs.Invalid, "damaged or cut off"},
		{"no-spine.epub", func() []byte { return epub("T") }, errs.Invalid, "holds no text"},
	}
}

func hostilePDFs() []hostile {
	const catalog, pages = "<< /Type /Catalog /Pages 2 0 R >>", "<< /Type /Pages /Count 1 /Kids [3 0 R] >>"
	pdf := func(trailer string, objects ...string) func() []byte {
		return func() []byte { return pdfOf(trailer, objects...) }
	}
	form := "<< /Type /XObject /Subtype /Form /Resources << /XObject << /X 5 0 R >> >> /Length 6 >>\nstream\n/X Do \nendstream"
	return []hostile{
		{"cycle.pdf", pdf("", catalog, "<< /Type /Pages /Count 9 /Kids [2 0 R 2 0 R] >>"), errs.Invalid, "in a circle"},
		{"deep-tree.pdf", deepTree, errs.Invalid, "in a circle"},
		{"prev.pdf", prevLoop, errs.Invalid, "in a circle"},
		{"parent.pdf", pdf("", catalog, pages, "<< /Type /Page /Parent 3 0 R /Contents 4 0 R >>", pdfStream("", "BT ET")), errs.Unsupported, "OCR"},
		{"self.pdf", pdf("", catalog, pages, "<< /Type /Page /Contents 4 0 R >>", "4 0 R"), errs.Invalid, "none of its pages"},
		{"form.pdf", pdf("", catalog, pages, "<< /Type /Page /Contents 4 0 R /Resources << /XObject << /X 5 0 R >> >> >>",
			pdfStream("", "/X Do"), form), errs.Unsupported, "OCR"},
		{"password.pdf", pdf("/ID [(a) (a)] /Encrypt << /Filter /Standard /V 2 /R 3 /Length 128 /P -1 /O ("+strings.Repeat("o", 32)+") /U ("+
			strings.Repeat("u", 32)+") >>", catalog, pages, "<< /Type /Page >>"), errs.Forbidden, "encrypted"},
		{"cipher.pdf", pdf("/ID [(a) (a)] /Encrypt << /Filter /Foreign /V 9 >>", catalog, pages), errs.Forbidden, "encrypted"},
		{"cut.pdf", func() []byte { b := pdfDocument("", pdfText("Text.")); return b[:len(b)/2] }, errs.Invalid, "cut off"},
		{"cut-tail.pdf", func() []byte {
			return append(pdfDocument("", pdfText("Text."))[:200], "\nstartxref\n5\n%%EOF"...)
		}, errs.Invalid, "damaged or cut off"},
		{"scan.pdf", pdf("", catalog, pages, "<< /Type /Page /Contents 4 0 R /Resources << /XObject << /I 5 0 R >> >> >>", pdfStream("", "/I Do"),
			pdfStream("/Type /XObject /Subtype /Image /Width 30000 /Height 30000 /ColorSpace /DeviceRGB /BitsPerComponent 8 /Filter /FlateDecode",
				deflated(zeros(1<<20)))), errs.Unsupported, "OCR"},
		{"script.pdf", pdf("", "<< /Type /Catalog /Pages 2 0 R /OpenAction << /S /JavaScript /JS (app.alert\\(1\\)) >> >>", pages,
			"<< /Type /Page >>"), errs.Unsupported, "OCR"},
		{"flate.pdf", func() []byte {
			return pdfOf("", catalog, pages, "<< /Type /Page /Contents 4 0 R >>",
				pdfStream("/Filter /FlateDecode", deflated(strings.Repeat("(", 200<<20))))
		}, errs.TooLarge, "reading it takes"},
		{"operators.pdf", func() []byte {
			return pdfOf("", catalog, pages, "<< /Type /Page /Contents 4 0 R >>",
				pdfStream("/Filter /FlateDecode", deflated(strings.Repeat("q ", 3<<20))))
		}, errs.Invalid, "none of its pages"},
		{"xref-size.pdf", func() []byte {
			return bytes.Replace(pdfDocument("", pdfText("T.")), []byte("xref\n0 6"), []byte("xref\n0 999999999"), 1)
		}, errs.Invalid, "damaged"},
		{"no-pages.pdf", pdf("", "<< /Type /Catalog >>"), errs.Invalid, "no pages"},
		{"garbage.pdf", content("%PDF-1.4\n" + strings.Repeat("<<[", 100000) + "\n%%EOF"), errs.Invalid, ""},
		{"word.pdf", func() []byte { return word(par("", "Text")) }, errs.Unsupported, "it holds Word"},
		{"text.pdf", content("Just text."), errs.Invalid, "no PDF"},
	}
}

func hostileTexts() []hostile {
	return []hostile{
		{"empty.md", content(""), errs.Invalid, "it is empty"},
		{"blank.txt", content(" \n\t\n"), errs.Invalid, "it is empty"},
		{"nul.txt", content("a\x00\x01\x02b"), errs.Unsupported, "binary data"},
		{"broken.txt", content(simplified + "\n" + simplified + "\xe6\x94\n"), errs.Invalid, "line 2 is not valid UTF-8"},
		{"half.txt", content("\xff\xfe\x00\xd8a"), errs.Invalid, "cannot be decoded"},
		{"line.txt", content(strings.Repeat("x", 1<<19)), "", ""},
		{"words.md", content(strings.Repeat("word ", 1<<17)), "", ""},
		{"image.png", content(png30k), errs.Unsupported, "it is an image"},
		{"drawing.svg", content(`<svg onload="alert(1)"><script>alert(1)</script></svg>`), errs.Unsupported, "it is an image"},
		{"image.md", content(png30k), errs.Unsupported, "it holds an image"},
		{"packed.txt", content("\x1f\x8b\x08\x00"), errs.Unsupported, "compressed file"},
		{"pdf.md", func() []byte { return pdfDocument("", pdfText("T.")) }, errs.Unsupported, "it holds PDF"},
		{"rich.txt", content(`{\rtf1 text}`), errs.Unsupported, "RTF"},
		{"sheet.rtf", content(`{\rtf1 text}`), errs.Unsupported, "save it as .docx"},
		{"deep.html", content(strings.Repeat("<div>", 100000) + "x"), errs.Invalid, "nested too deeply"},
		{"deep-list.html", content(strings.Repeat("<ul><li>", 400) + "x"), errs.Invalid, "nested too deeply"},
		{"script.html", content("<script>document.write('x')</script><svg><script>alert(1)</script><text>y</text></svg>"), errs.Invalid, "a script puts it there"},
		{"image.html", content(`<img src="a.png" width="30000" height="30000">`), errs.Invalid, "no text to read"},
		{"deep.md", content(strings.Repeat(">", 50000) + " x"), errs.Invalid, "nested too deeply"},
		{"deep-list.md", func() []byte {
			var sb strings.Builder
			for i := range 2000 {
				sb.WriteString(strings.Repeat(" ", 2*i) + "- a\n")
			}
			return []byte(sb.String())
		}, errs.Invalid, "nested too deeply"},
		{"brackets.md", content(strings.Repeat("[", 200000)), "", ""},
		{"stars.md", content(strings.Repeat("*a_", 100000)), errs.TooLarge, "longer than 4s of processor time"},
		{"deep.jsonl", content(`{"text":` + strings.Repeat("[", 1<<20)), errs.Invalid, "line 1 is nested too deeply"},
		{"fields.jsonl", content(`{"a":1}`), errs.Invalid, `neither "question" and "answer" nor "text"`},
		{"cut.jsonl", content("{\"question\":\"A?\",\"answer\":\"B\"}\n{\"quest"), "", "line 2 is no JSON object"},
		{"quote.csv", content("question,answer\nA?,\"B\n"), errs.Invalid, "not closed"},
		{"columns.csv", content(strings.Repeat("b,", 1<<20)), errs.Invalid, "names no question and answer columns"},
		{"short.csv", content("question,answer\nA?,B\nC?\n"), "", "line 3 has 1 columns"},
	}
}

// lyingZip has a member of which the directory says that it is shorter than it is.
func lyingZip() []byte {
	return resized(zipped(file{"a.txt", strings.Repeat("text ", 4<<20)}), 100)
}

// resized changes the unpacked size of the first member in the directory.
func resized(b []byte, n uint32) []byte {
	at := bytes.Index(b, []byte("PK\x01\x02"))
	binary.LittleEndian.PutUint32(b[at+24:], n)
	return b
}

func flagged(b []byte, flags byte) []byte {
	at := bytes.Index(b, []byte("PK\x01\x02"))
	b[at+8] |= flags
	return b
}

// manyMembers holds 30 members of 8 MB each, of which none is suspicious by itself.
func manyMembers() []byte {
	r := rand.New(rand.NewPCG(1, 2))
	var sb strings.Builder
	for range 1 << 12 {
		sb.WriteString(zeros(2030))
		fmt.Fprintf(&sb, "%18d", r.Uint64()>>8)
	}
	var packed, b bytes.Buffer
	f, err := flate.NewWriter(&packed, flate.BestSpeed)
	must(err)
	_, err = f.Write([]byte(sb.String()))
	must(err)
	must(f.Close())
	w := zip.NewWriter(&b)
	for i := range 30 {
		m, err := w.CreateRaw(&zip.FileHeader{Name: fmt.Sprintf("%d.txt", i), Method: zip.Deflate, CRC32: crc32.ChecksumIEEE([]byte(sb.String())),
			CompressedSize64: uint64(packed.Len()), UncompressedSize64: uint64(sb.Len())})
		must(err)
		_, err = m.Write(packed.Bytes())
		must(err)
	}
	must(w.Close())
	return b.Bytes()
}

func manyEntries() []byte {
	files := make([]file, 10000)
	for i := range files {
		files[i] = file{fmt.Sprintf("%d.md", i), "x"}
	}
	return zipped(files...)
}

func stored(name, content string) []byte {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	m, err := w.CreateRaw(&zip.FileHeader{Name: name, CRC32: crc32.ChecksumIEEE([]byte(content)),
		CompressedSize64: uint64(len(content)), UncompressedSize64: uint64(len(content))})
	must(err)
	_, err = m.Write([]byte(content))
	must(err)
	must(w.Close())
	return b.Bytes()
}

func linkZip() []byte {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	h := &zip.FileHeader{Name: "a.md"}
	h.SetMode(0o777 | 1<<27) // fs.ModeSymlink
	m, err := w.CreateHeader(h)
	must(err)
	_, err = m.Write([]byte("/etc/passwd"))
	must(err)
	must(w.Close())
	return b.Bytes()
}

func drmBook() []byte {
	return zipped(file{"mimetype", "application/epub+zip"}, file{"META-INF/container.xml", container1}, file{"META-INF/encryption.xml",
		`<encryption><EncryptedData><CipherData><CipherReference URI="OEBPS/1.xhtml"/></CipherData></EncryptedData></encryption>`})
}

// sparseRows makes rows whose only cell is the last one that Excel knows.
func sparseRows(n int) string {
	var sb strings.Builder
	for i := 1; i <= n; i++ {
		fmt.Fprintf(&sb, `<row r="%d"><c r="XFD%d"><v>1</v></c></row>`, i, i)
	}
	return sb.String()
}

func deepTree() []byte {
	objects := []string{"<< /Type /Catalog /Pages 2 0 R >>"}
	for i := range 200 {
		objects = append(objects, fmt.Sprintf("<< /Type /Pages /Count 1 /Kids [%d 0 R] >>", i+3))
	}
	return pdfOf("", append(objects, "<< /Type /Page >>")...)
}

// prevLoop has a table of objects that names itself as the one before it.
func prevLoop() []byte {
	b := pdfOf("/Prev 0000000000", "<< /Type /Catalog /Pages 2 0 R >>", "<< /Type /Pages /Count 0 /Kids [] >>")
	at := bytes.LastIndex(b, []byte("xref\n0 "))
	return bytes.Replace(b, []byte("/Prev 0000000000"), fmt.Appendf(nil, "/Prev %010d", at), 1)
}

// TestHostileFiles reads every one of them with the same loader. It runs alone, because it measures the heap.
func TestHostileFiles(t *testing.T) {
	cases := hostiles()
	require.GreaterOrEqual(t, len(cases), 60)
	l := &loader{config: New(nil, Config{Isolate: true, MaxMemory: 128 << 20, MaxCPU: 4 * time.Second}).config}
	defer l.close()
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			r := raw{format: formatOf(c.name), body: c.make(), name: c.name}
			if r.format == formatIgnored {
				r.format = formatUnknown // as [openFile] does
			}
			var out loaded
			var err error
			grown := growth(func() { out, err = l.item(t.Context(), entry{uri: c.name}, r) })
			require.Less(t, grown, int64(50<<20), "the heap of the parent grew")
			if c.kind != "" {
				require.True(t, errs.Is(err, c.kind), "kind %s, not %s: %v", errs.KindOf(err), c.kind, err)
				require.Contains(t, reason(err), c.want)
				require.Empty(t, out.documents)
				return
			}
			require.NoError(t, err)
			if c.want == "" {
				require.NotEmpty(t, out.documents)
				return
			}
			require.NotEmpty(t, out.failed)
			require.Contains(t, out.failed[0].Reason, c.want)
		})
	}
	out, err := l.item(t.Context(), entry{uri: "good.md"}, raw{format: formatMarkdown, body: []byte("Five euros.")})
	require.NoError(t, err)
	require.Equal(t, "Five euros.", out.documents[0].Passages[0].Text)
}

// TestAMemberThatEndsTheChildCostsItselfAlone has such a member between two good ones.
func TestAMemberThatEndsTheChildCostsItselfAlone(t *testing.T) {
	t.Parallel()
	l := &loader{config: New(nil, Config{Isolate: true, MaxCPU: time.Second}).config}
	defer l.close()
	slow := strings.Repeat("*a_", 100000)
	read := func(files ...file) (loaded, error) {
		return l.item(t.Context(), entry{uri: "a.zip"}, raw{format: formatZip, body: zipped(files...)})
	}
	out, err := read(file{"1.md", "One."}, file{"2.md", slow}, file{"3.md", "Three."})
	require.NoError(t, err)
	require.Equal(t, []string{"a.zip/1.md", "a.zip/3.md"}, []string{out.documents[0].Document.URI, out.documents[1].Document.URI})
	require.Len(t, out.failed, 1)
	require.Equal(t, "a.zip/2.md", out.failed[0].Item)
	require.Contains(t, out.failed[0].Reason, "longer than 1s of processor time")

	out, err = read(file{"1.md", "One."}, file{"2.md", slow}, file{"3.md", slow}, file{"4.md", slow}, file{"5.md", "Five."})
	require.ErrorContains(t, err, "3 of its members cannot be read within the limits")
	require.Len(t, out.documents, 1)
	require.Len(t, out.failed, 3)
}

// TestLargeFilesCostTheParentLittle reads as many passages as there may be, and then one more.
func TestLargeFilesCostTheParentLittle(t *testing.T) {
	l := &loader{config: New(nil, Config{Isolate: true, MaxCPU: 2 * time.Minute}).config}
	defer l.close()
	var out loaded
	var err error
	read := func(rows int) {
		body := []byte("question,answer\n" + strings.Repeat("Is it free?,Yes it is.\n", rows))
		out, err = l.item(t.Context(), entry{uri: "a.csv"}, raw{format: formatCSV, body: body})
	}
	require.Less(t, growth(func() { read(mostPassages) }), int64(50<<20))
	require.NoError(t, err)
	require.Len(t, out.documents[0].Passages, mostPassages)
	require.Less(t, growth(func() { read(mostPassages + 1) }), int64(50<<20))
	require.ErrorContains(t, err, "more than 60000 passages")
	require.Empty(t, out.documents)
}

// growth returns by how much the heap grew at most while f ran, garbage included.
func growth(f func()) int64 {
	heap := func() int64 {
		s := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
		metrics.Read(s)
		return int64(s[0].Value.Uint64())
	}
	runtime.GC()
	before := heap()
	var most atomic.Int64
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		tick := time.NewTicker(2 * time.Millisecond)
		defer tick.Stop()
		for {
			most.Store(max(most.Load(), heap()))
			select {
			case <-tick.C:
			case <-stop:
				return
			}
		}
	}()
	f()
	close(stop)
	<-stopped
	return max(most.Load(), heap()) - before
}

// TestRunGoesOnAfterHostileFiles ingests a folder of them with one good file and an archive, of which some members are
// good.
func TestRunGoesOnAfterHostileFiles(t *testing.T) {
	t.Parallel()
	d := newDesk(t, Config{MaxMemory: 128 << 20, MaxCPU: 4 * time.Second})
	bad := 0
	for _, c := range hostiles() {
		if path.Ext(c.name) == ".docx" || path.Ext(c.name) == ".pdf" {
			d.write("bad/"+c.name, string(c.make()))
			if c.want != "" || c.kind != "" {
				bad++
			}
		}
	}
	d.write("good.md", "Five euros.")
	d.write("all.zip", string(zipped(file{"fees/eu.md", "# EU\n\nSix euros."}, file{"q.csv", "question,answer\nA?,B.\n"},
		file{"in.zip", "PK\x05\x06"}, file{"style.css", "x"})))
	r := d.ingest(Options{})
	require.Equal(t, []string{"all.zip/fees/eu.md", "all.zip/q.csv", "bad/image.docx", "good.md"}, r.Added)
	require.Len(t, r.Failed, bad+1)
	require.Equal(t, "Six euros.", d.stored()["all.zip/fees/eu.md"])
	again := d.ingest(Options{Prune: true})
	require.Equal(t, r.Added, again.Unchanged)
	require.Empty(t, again.Removed)

	d.write("all.zip", string(zipped(file{"fees/us.md", "# US\n\nNine euros."}, file{"q.csv", "question,answer\nA?\n"})))
	r = d.ingest(Options{Prune: true})
	require.Equal(t, []string{"all.zip/fees/us.md"}, r.Added)
	require.Equal(t, []string{"all.zip/fees/eu.md"}, r.Removed, "a member that fails keeps its old version")
	require.Equal(t, "B.", d.stored()["all.zip/q.csv"])
}

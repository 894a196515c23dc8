// Package media says what an uploaded file is, by its content alone, and under which name it may be kept.
//
// The list of types is short on purpose. Whatever a browser could run when a person opens it (HTML, SVG, XML), what hides
// other files (archives), and what nothing here can tell apart from these is refused. The header that the sender wrote
// and the ending of the name decide nothing.
package media

import (
	"archive/zip"
	"bytes"
	"io"
	"strings"

	"github.com/gabriel-vasile/mimetype"

	"handrail/internal/errs"
)

// The types that may be sent.
const (
	PNG  = "image/png"
	JPEG = "image/jpeg"
	GIF  = "image/gif"
	WebP = "image/webp"
	PDF  = "application/pdf"
	Text = "text/plain"
	CSV  = "text/csv"
	DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
	XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
)

// Info is what a file is.
type Info struct {
	Type          string // one of the constants above
	Width, Height int    // of an image, in pixels; otherwise 0
}

// sniffed is how much of a file its type is told from.
const sniffed = 4096

// Inspect reads the beginning of a file, and of documents made of parts also the list of these, never a part itself. A
// type that may not be sent is an error of kind [errs.Unsupported], an image that is broken or too large to show one of
// kind [errs.Invalid].
func Inspect(r io.ReaderAt, size int64) (Info, error) {
	head := make([]byte, min(size, sniffed))
	if _, err := io.ReadFull(io.NewSectionReader(r, 0, size), head); err != nil || size == 0 {
		return Info{}, errs.Wrap(err, errs.Invalid, "the file is empty or was cut short: send it again")
	}
	kind := mimetype.Detect(head)
	switch {
	case kind.Is(PNG), kind.Is(JPEG), kind.Is(GIF), kind.Is(WebP):
		return inspectImage(base(kind), io.NewSectionReader(r, 0, size))
	case kind.Is(PDF) && bytes.HasPrefix(head, []byte("%PDF-")), kind.Is(CSV):
		return Info{Type: base(kind)}, nil
	case kind.Is(Text):
		return inspectText(head)
	case kind.Is(DOCX), kind.Is(XLSX), kind.Is("application/zip"):
		return inspectPackage(r, size)
	}
	return Info{}, refused(base(kind))
}

// inspectText refuses text that a browser might take for a page.
func inspectText(head []byte) (Info, error) {
	start := strings.ToLower(string(bytes.TrimLeft(head, "\ufeff \t\r\n\f\v")))
	for _, mark := range []string{"<!", "<?", "<html", "<head", "<body", "<script", "<svg", "<iframe", "<math"} {
		if strings.HasPrefix(start, mark) {
			return Info{}, refused("text/html")
		}
	}
	return Info{Type: Text}, nil
}

// inspectPackage tells Word and Excel files from other archives by the list of their parts. The head of the file is not
// enough: writers put the telling part anywhere.
func inspectPackage(r io.ReaderAt, size int64) (Info, error) {
	archive, err := zip.NewReader(r, size)
	if err != nil {
		return Info{}, errs.Wrap(err, errs.Invalid, "the file is broken: save it again and send it anew")
	}
	parts := map[string]bool{}
	for _, f := range archive.File {
		parts[f.Name] = true
		if strings.HasSuffix(strings.ToLower(f.Name), "vbaproject.bin") {
			return Info{}, errs.New(errs.Unsupported, "documents with macros cannot be sent: save a copy without them")
		}
	}
	switch {
	case !parts["[Content_Types].xml"]:
	case parts["word/document.xml"]:
		return Info{Type: DOCX}, nil
	case parts["xl/workbook.xml"]:
		return Info{Type: XLSX}, nil
	}
	return Info{}, refused("application/zip")
}

// base is a type without parameters.
func base(kind *mimetype.MIME) string {
	name, _, _ := strings.Cut(kind.String(), ";")
	return strings.TrimSpace(name)
}

func refused(kind string) error {
	return errs.New(errs.Unsupported, "files of the type %s cannot be sent: send PNG, JPEG, GIF, WebP, PDF, text, CSV, "+
		"Word (docx) or Excel (xlsx)", kind)
}

package ingest

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/ledongthuc/pdf"

	"handrail/internal/errs"
)

// mostPages bounds a PDF; more is better split for readers too.
const mostPages = 5000

// loadPDF reads the text of a PDF by the positions of its characters. Scripts, forms and attached files are never opened.
func loadPDF(body []byte) (page, error) {
	body, err := trimPDF(body)
	if err != nil {
		return page{}, err
	}
	if circularXref(body) {
		return page{}, errs.New(errs.Invalid, "its tables refer to each other in a circle: save it again with another program")
	}
	r, err := pdf.NewReader(bytes.NewReader(body), int64(len(body)))
	if err != nil {
		return page{}, pdfError(err)
	}
	leaves, err := pdfPages(r.Trailer().Key("Root").Key("Pages"))
	if err != nil {
		return page{}, err
	}
	if len(leaves) == 0 {
		return page{}, errs.New(errs.Invalid, "it has no pages that can be read: save it again with another program")
	}
	var pages [][]pdfLine
	unreadable := 0
	for _, leaf := range leaves {
		lines, err := pdfLines(leaf)
		if err != nil {
			unreadable++
		}
		pages = append(pages, lines)
	}
	p := layOut(pages)
	if len(p.parts) == 0 && unreadable > 0 {
		return page{}, errs.New(errs.Invalid, "none of its pages can be read: save it again with another program, or install "+
			"pdftotext on the server")
	}
	if title := pdfTitle(r.Trailer().Key("Info").Key("Title").Text()); title != "" {
		p.title = title
	}
	return p, nil
}

// trimPDF removes what stands before and behind the file proper, and hides newer versions from the library, whose
// syntax is that of the old ones.
func trimPDF(body []byte) ([]byte, error) {
	start := bytes.Index(body[:min(len(body), 1024)], []byte("%PDF-"))
	if start < 0 {
		return nil, errs.New(errs.Invalid, "it is no PDF file, although its name says so: save it again")
	}
	end := bytes.LastIndex(body, []byte("%%EOF"))
	if end < 0 {
		return nil, errs.New(errs.Invalid, "its end is missing, so it was cut off: copy or download it again")
	}
	if end < start+9 {
		return nil, errs.New(errs.Invalid, "it is no PDF file, although its name says so: save it again")
	}
	trimmed := bytes.Clone(body[start : end+5])
	copy(trimmed, "%PDF-1.7\n")
	if pad := 128 - len(trimmed); pad > 0 { // the library looks for the end in the last 100 bytes
		trimmed = append(trimmed[:len(trimmed)-5], append(bytes.Repeat([]byte("\n"), pad), "%%EOF"...)...)
	}
	return trimmed, nil
}

var (
	startXref = regexp.MustCompile(`startxref\s+(\d+)`)
	prevXref  = regexp.MustCompile(`/Prev\s+(\d+)`)
)

// circularXref reports whether a table of the file names one before it that leads back to it.
func circularXref(body []byte) bool {
	all := startXref.FindAllSubmatch(body[max(0, len(body)-2048):], -1)
	if len(all) == 0 {
		return false
	}
	seen := map[int]bool{}
	at, _ := strconv.Atoi(string(all[len(all)-1][1]))
	for at >= 0 && at < len(body) {
		if seen[at] {
			return true
		}
		seen[at] = true
		rest := body[at:]
		if i := bytes.Index(rest, []byte("startxref")); i >= 0 {
			rest = rest[:i]
		}
		m := prevXref.FindSubmatch(rest)
		if m == nil {
			return false
		}
		at, _ = strconv.Atoi(string(m[1]))
	}
	return false
}

func pdfError(err error) error {
	if errors.Is(err, pdf.ErrInvalidPassword) || strings.Contains(err.Error(), "encrypt") {
		return errs.Wrap(err, errs.Forbidden, "it is encrypted: save it without a password or other protection")
	}
	return errs.Wrap(err, errs.Invalid, "its structure is damaged or cut off: copy or download it again, or save it with "+
		"another program")
}

// pdfPages returns the leaves of the tree of pages. The library would follow a tree that contains itself for ever.
func pdfPages(root pdf.Value) ([]pdf.Page, error) {
	var leaves []pdf.Page
	nodes := 0
	var walk func(v pdf.Value, depth int) error
	walk = func(v pdf.Value, depth int) error {
		if nodes++; depth > 64 || nodes > 4*mostPages {
			return errs.New(errs.Invalid, "its pages refer to each other in a circle: save it again with another program")
		}
		if v.Key("Type").Name() == "Page" || v.Key("Kids").Kind() != pdf.Array {
			if v.Kind() == pdf.Dict {
				leaves = append(leaves, pdf.Page{V: v})
			}
			if len(leaves) > mostPages {
				return errs.New(errs.TooLarge, "it has more than %d pages: split it", mostPages)
			}
			return nil
		}
		for i := range v.Key("Kids").Len() {
			if err := walk(v.Key("Kids").Index(i), depth+1); err != nil {
				return err
			}
		}
		return nil
	}
	return leaves, walk(root, 0)
}

var programTitle = regexp.MustCompile(`(?i)^(microsoft (word|powerpoint|excel) - .*|untitled.*|.*\.(docx?|pdf|indd|qxd|tex|dvi|pptx?|xlsx?))$`)

// pdfTitle returns the title that the file gives itself, unless a program has made it up.
func pdfTitle(s string) string {
	s = flat(tidy(canonical(strings.ToValidUTF8(s, ""))))
	if programTitle.MatchString(s) || len(s) < 4 {
		return ""
	}
	return s
}

// inherited returns a property of a page or of the nodes above it, which may contain themselves.
func inherited(v pdf.Value, key string) pdf.Value {
	for range 64 {
		if found := v.Key(key); found.Kind() != pdf.Null {
			return found
		}
		v = v.Key("Parent")
	}
	return pdf.Value{}
}

// pdfLines reads one page. The library panics where it finds what it does not expect; what came before is kept.
func pdfLines(p pdf.Page) (lines []pdfLine, err error) {
	t := &typesetter{fonts: map[string]*pdfFont{}}
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("read a page: %v", v)
		}
		lines = t.lines()
	}()
	t.content(p.V.Key("Contents"), inherited(p.V, "Resources"), 0)
	return nil, nil
}

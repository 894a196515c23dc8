package ingest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"path"
	"strings"
	"unicode"

	"handrail/internal/errs"
)

// raw is an item as it was read.
type raw struct {
	body        []byte
	format      format
	contentType string   // of the response, "" for files
	address     *url.URL // of the page after redirects, nil for files
	name        string   // the path or address, of which the extension counts
}

// read returns the bytes of an item.
func (p *Pipeline) read(ctx context.Context, it entry) (raw, error) {
	if it.get != nil {
		return it.get(ctx)
	}
	if it.format == formatUnknown {
		return raw{format: formatUnknown, name: it.uri}, nil
	}
	body, err := readFile(it.fsys, it.path, p.config.MaxBytes)
	return raw{body: body, format: it.format, name: it.uri}, err
}

func readFile(fsys fs.FS, name string, most int64) ([]byte, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if info.Size() > most {
		return nil, tooLarge(most)
	}
	body := bytes.NewBuffer(make([]byte, 0, info.Size()+bytes.MinRead)) // once, rather than twice the size while it grows
	if _, err := body.ReadFrom(io.LimitReader(f, most+1)); err != nil {
		return nil, err
	}
	if int64(body.Len()) > most {
		return nil, tooLarge(most)
	}
	return body.Bytes(), nil
}

// digest identifies what a document is made from: its bytes, how they are read, and this version of the package.
func (p *Pipeline) digest(r raw) []byte {
	h := sha256.New()
	fmt.Fprintf(h, "%s\n%s\n%s\n", version, r.format, p.config.Lang)
	if r.format == formatPDF && p.config.PDFToText != "" {
		fmt.Fprintln(h, "pdftotext")
	}
	h.Write(r.body)
	return h.Sum(nil)
}

// parse decodes and reads a file by its format: into one page, or several where the file holds several documents. failed
// says which of its rows could not be read.
func parse(r raw) (pages []page, failed []string, err error) {
	if r.format == formatUnknown || r.format == formatIgnored {
		return nil, nil, unsupported(r.name)
	}
	if len(bytes.TrimSpace(r.body)) == 0 {
		return nil, nil, errs.New(errs.Invalid, "it is empty: write something, or remove it")
	}
	if err := mismatch(r.format, r.body); err != nil {
		return nil, nil, err
	}
	var p page
	switch r.format {
	case formatPDF:
		p, err = loadPDF(r.body)
	case formatPDFText:
		p, err = loadPDFText(strings.ToValidUTF8(string(r.body), ""))
	case formatDOCX:
		p, err = loadDOCX(r.body)
	case formatXLSX:
		p, failed, err = loadXLSX(r.body)
	case formatEPUB:
		p, err = loadEPUB(r.body)
	default:
		return parseText(r)
	}
	return []page{p}, failed, err
}

// parseText reads the formats that are text.
func parseText(r raw) (pages []page, failed []string, err error) {
	src, err := decode(r.body, r.contentType, r.format == formatHTML)
	if err != nil {
		return nil, nil, err
	}
	var p page
	switch r.format {
	case formatJSONL:
		return loadJSONL(src)
	case formatCSV:
		p, failed, err = loadCSV(src)
	case formatHTML:
		p, err = loadHTML(src, r.address)
	case formatPlain:
		p, err = loadPlain(src)
	default:
		p, err = loadMarkdown(src)
	}
	return []page{p}, failed, err
}

func noText(f format) error {
	switch f {
	case formatCSV:
		return errs.New(errs.Invalid, "it has a header and no row below: add questions and answers")
	case formatPDF, formatPDFText:
		return errs.New(errs.Unsupported, "it holds pictures of pages and no text, as scanners make them: run text recognition "+
			"(OCR) over it, and ingest the result")
	case formatHTML:
		return errs.New(errs.Invalid, "it holds no text to read: if a browser shows some, a script puts it there, so save "+
			"the page from the browser and ingest that file")
	}
	return errs.New(errs.Invalid, "it holds no text to read: write something, or remove it")
}

// nameOf makes a title from the last part of a path or address. An index is named after its folder.
func nameOf(uri string) string {
	if u, err := url.Parse(uri); err == nil && u.Host != "" {
		uri = u.Host + u.Path
	}
	uri = strings.Trim(uri, "/")
	name := path.Base(uri)
	if formatOf(name) != formatUnknown {
		name = strings.TrimSuffix(name, path.Ext(name))
	}
	switch strings.ToLower(name) {
	case "index", "_index", "readme":
		if dir := path.Base(path.Dir(uri)); dir != "." && dir != "/" {
			name = dir
		}
	}
	name = strings.TrimSpace(strings.NewReplacer("-", " ", "_", " ", "+", " ").Replace(name))
	if strings.EqualFold(name, "faq") {
		return "FAQ"
	}
	for i, r := range name {
		return string(unicode.ToUpper(r)) + name[i+len(string(r)):]
	}
	return uri
}

// isStub reports whether err means that an item holds settings only.
func isStub(err error) bool { return errors.Is(err, errStub) }

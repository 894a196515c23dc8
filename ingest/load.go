package ingest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"path"
	"strings"
	"unicode"

	"handrail/internal/errs"
	"handrail/knowledge"
)

// raw is an item as it was read.
type raw struct {
	body        []byte
	format      format
	contentType string   // of the response, "" for files
	address     *url.URL // of the page after redirects, nil for files
}

// read returns the bytes of an item.
func (p *Pipeline) read(ctx context.Context, it entry) (raw, error) {
	if it.get != nil {
		return it.get(ctx)
	}
	if it.format == formatUnknown {
		return raw{format: formatUnknown}, nil
	}
	body, err := readFile(it.fsys, it.path, p.config.MaxBytes)
	return raw{body: body, format: it.format}, err
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
	return limited(f, most)
}

// digest identifies what a document is made from: its bytes, how they are read, and this version of the package.
func (p *Pipeline) digest(r raw) []byte {
	h := sha256.New()
	fmt.Fprintf(h, "%s\n%s\n%s\n", version, r.format, p.config.Lang)
	h.Write(r.body)
	return h.Sum(nil)
}

// load makes a document with its passages from an item.
func (p *Pipeline) load(it entry, r raw) (out knowledge.DocumentPassages, err error) {
	// The parsers read what strangers wrote. One file that trips a defect of theirs must not end the run of a thousand.
	defer func() {
		if v := recover(); v != nil {
			err = errs.Wrap(fmt.Errorf("panic: %v", v), errs.Invalid, "its markup cannot be read: simplify it, or save it as "+
				"plain text")
		}
	}()
	pg, err := parse(r)
	if err != nil {
		return out, err
	}
	if pg.title == "" {
		pg.title = nameOf(it.uri)
	}
	if pg.url == "" && it.fsys == nil {
		pg.url = it.uri
	}
	lang := pg.lang(p.config.Lang)
	out.Document = knowledge.Document{URI: it.uri, Title: pg.title, URL: pg.url, Lang: lang, Tags: pg.tags}
	out.Passages = split(pg)
	for i := range out.Passages {
		out.Passages[i].Lang = lang
	}
	if len(out.Passages) == 0 {
		return out, noText(r.format)
	}
	return out, nil
}

// parse decodes and reads an item by its format.
func parse(r raw) (page, error) {
	if r.format == formatUnknown {
		return page{}, errs.New(errs.Unsupported, "this type of document cannot be read: convert it to %s", readable)
	}
	if len(bytes.TrimSpace(r.body)) == 0 {
		return page{}, errs.New(errs.Invalid, "it is empty: write something, or remove it")
	}
	src, err := decode(r.body, r.contentType, r.format == formatHTML)
	if err != nil {
		return page{}, err
	}
	switch r.format {
	case formatHTML:
		return loadHTML(src, r.address)
	case formatCSV:
		return loadCSV(src)
	case formatPlain:
		return loadPlain(src)
	}
	return loadMarkdown(src)
}

func noText(f format) error {
	switch f {
	case formatCSV:
		return errs.New(errs.Invalid, "it has a header and no row below: add questions and answers")
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

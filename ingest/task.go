package ingest

import (
	"fmt"
	"net/url"
	"runtime/debug"
	"slices"
	"strings"

	"handrail/internal/errs"
	"handrail/knowledge"
)

// task says how the bytes of one item are read. It travels to the child as JSON.
type task struct {
	URI         string
	Format      format
	ContentType string // of the response, "" for files
	Address     string // of the page after redirects, "" for files
	Lang        string // where the text does not tell
	MaxBytes    int64  // of a member of an archive, unpacked
	Skip        int    // members of an archive that were tried before
}

// Limits of what an item yields: passagesPerPart keeps a part well below the largest frame, mostPassages bounds the
// memory of the parent.
const (
	passagesPerPart = 200
	mostPassages    = 60_000
	longestURL      = 2000
	mostTags        = 50
)

// read makes documents from body and gives them to emit, whose error ends it.
func (t task) read(body []byte, emit func(part) error) error {
	if t.Format == formatZip {
		return t.archive(body, emit)
	}
	pages, failed, err := t.pages(body)
	if err != nil {
		return err
	}
	for _, p := range pages {
		if err := t.document(p, emit); err != nil {
			return err
		}
	}
	for _, reason := range failed {
		if err := emit(part{Failure: &Failure{t.URI, reason}}); err != nil {
			return err
		}
	}
	return nil
}

// pages parses one file. The parsers read what strangers wrote: a defect of theirs must not end a run of a thousand.
func (t task) pages(body []byte) (pages []page, failed []string, err error) {
	defer func() {
		if v := recover(); v != nil {
			err = errs.Wrap(fmt.Errorf("panic: %v\n%s", v, clip(string(debug.Stack()), 4<<10)), errs.Invalid, "its inner "+
				"structure cannot be read: save it again with another program, or as plain text")
		}
	}()
	return parse(raw{body: body, format: t.Format, contentType: t.ContentType, address: t.address(), name: t.URI})
}

func (t task) address() *url.URL {
	u, err := url.Parse(t.Address)
	if err != nil || t.Address == "" {
		return nil
	}
	return u
}

// document splits a page and emits it.
func (t task) document(p page, emit func(part) error) error {
	uri := t.URI
	if p.name != "" {
		uri += "/" + p.name
	}
	p.title = clip(p.title, longestTitle)
	if p.title == "" {
		p.title = p.opening()
	}
	if p.title == "" {
		p.title = nameOf(uri)
	}
	if p.url == "" {
		p.url = t.Address
	}
	if p.language == "" {
		p.language = p.lang(t.Lang)
	}
	d := knowledge.Document{URI: uri, Title: p.title, URL: p.url, Lang: p.language, Tags: tagged(p.tags)}
	passages := split(p)
	d.Passages = len(passages)
	if len(passages) == 0 {
		return noText(t.Format)
	}
	if err := emit(part{Document: &d}); err != nil {
		return err
	}
	var path []string
	for some := range slices.Chunk(passages, passagesPerPart) {
		wired := make([]wirePassage, len(some))
		for i, ps := range some {
			wired[i] = wire(ps, d)
			if !slices.Equal(path, ps.HeadingPath) {
				path = ps.HeadingPath
				own := append([]string{}, path...) // not nil, which on the wire would mean the path of the one before
				wired[i].Path = &own
			}
		}
		if err := emit(part{Passages: wired}); err != nil {
			return err
		}
	}
	return nil
}

// tagged returns the tags of a document, as many and as long as anybody reads.
func tagged(tags []string) []string {
	tags = slices.Clone(tags[:min(len(tags), mostTags)])
	for i, t := range tags {
		tags[i] = clip(t, 100)
	}
	return tags
}

// A title or heading stands in every passage below it, so that a long one would be stored thousands of times.
const longestTitle = 600

// clip cuts s after most bytes at the latest, between two characters.
func clip(s string, most int) string {
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "")
}

package ingest

import (
	"errors"
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

// part is a piece of what a task yields. Exactly one field is set.
type part struct {
	Member   *member             `json:",omitempty"`
	Document *knowledge.Document `json:",omitempty"` // what follows are its passages
	Passages []wirePassage       `json:",omitempty"`
	Failure  *Failure            `json:",omitempty"` // of a member or a row; the rest is read
	Fault    *fault              `json:",omitempty"` // of the whole
}

// member says which part of an archive is read from here on.
type member struct {
	Index int
	Name  string
}

// fault is an error on its way from the child.
type fault struct {
	Kind           errs.Kind
	Message, Cause string
	Stub           bool
}

func faultOf(err error) *fault {
	var known *errs.Error
	if !errors.As(err, &known) {
		return &fault{Kind: errs.Invalid, Message: reason(err), Cause: err.Error(), Stub: isStub(err)}
	}
	f := &fault{Kind: known.Kind, Message: known.Message}
	if known.Err != nil {
		f.Cause = known.Err.Error()
	}
	return f
}

func (f *fault) error() error {
	if f.Stub {
		return errStub
	}
	if f.Cause == "" {
		return errs.New(f.Kind, "%s", f.Message)
	}
	return errs.Wrap(errors.New(f.Cause), f.Kind, "%s", f.Message)
}

// loaded is what an item has yielded so far.
type loaded struct {
	documents []knowledge.DocumentPassages
	failed    []Failure
	member    *member
	begun     int // documents before the current member
	passages  int
	fault     error
}

func (l *loaded) take(p part) error {
	switch {
	case p.Member != nil:
		l.member, l.begun = p.Member, len(l.documents)
	case p.Document != nil:
		l.documents = append(l.documents, knowledge.DocumentPassages{Document: *p.Document})
	case p.Failure != nil:
		l.failed = append(l.failed, *p.Failure)
	case p.Fault != nil:
		l.fault = p.Fault.error()
	case len(l.documents) == 0:
		return errors.New("passages without a document")
	default:
		return l.add(p.Passages)
	}
	return nil
}

// add completes passages of the last document.
func (l *loaded) add(some []wirePassage) error {
	if l.passages += len(some); l.passages > mostPassages {
		return errs.New(errs.TooLarge, "it makes more than %d passages: split it", mostPassages)
	}
	d := &l.documents[len(l.documents)-1]
	var path []string
	if n := len(d.Passages); n > 0 {
		path = d.Passages[n-1].HeadingPath
	}
	for _, w := range some {
		if w.Path != nil {
			path = slices.Clip(*w.Path)
		}
		p := knowledge.Passage{Ordinal: len(d.Passages), Title: d.Document.Title, HeadingPath: path, Text: w.Text, Start: w.Start,
			End: w.End, Page: w.Page, Lang: d.Document.Lang, URL: d.Document.URL, Question: w.Question}
		if w.URL != "" {
			p.URL = w.URL
		}
		d.Passages = append(d.Passages, p)
	}
	return nil
}

// abandon forgets what the current member has yielded, which may not be all of it.
func (l *loaded) abandon() { l.documents = l.documents[:l.begun] }

// wirePassage is a passage on its way from the child, without what it shares with its document, and with its headings
// only where they are not those of the passage before it.
type wirePassage struct {
	Text       string    `json:"t"`
	Start, End int       `json:",omitempty"`
	Page       int       `json:"p,omitempty"`
	Path       *[]string `json:"h,omitempty"`
	Question   string    `json:"q,omitempty"`
	URL        string    `json:"u,omitempty"`
}

// Limits of what an item yields: passagesPerPart keeps a part well below the largest frame, mostPassages bounds the
// memory of the parent.
const (
	passagesPerPart = 200
	mostPassages    = 100_000
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

// wire leaves out what a passage shares with its document.
func wire(p knowledge.Passage, d knowledge.Document) wirePassage {
	w := wirePassage{Text: p.Text, Start: p.Start, End: p.End, Page: p.Page, Question: p.Question}
	if p.URL != d.URL {
		w.URL = p.URL
	}
	return w
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

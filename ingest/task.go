package ingest

import (
	"errors"
	"fmt"
	"net/url"
	"runtime/debug"
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
	Passages []knowledge.Passage `json:",omitempty"`
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
		last := &l.documents[len(l.documents)-1]
		last.Passages = append(last.Passages, p.Passages...)
	}
	return nil
}

// abandon forgets what the current member has yielded, which may not be all of it.
func (l *loaded) abandon() { l.documents = l.documents[:l.begun] }

// passagesPerPart keeps a part well below the largest frame.
const passagesPerPart = 200

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
	d := knowledge.Document{URI: uri, Title: p.title, URL: p.url, Lang: p.language, Tags: p.tags}
	passages := split(p)
	if len(passages) == 0 {
		return noText(t.Format)
	}
	if err := emit(part{Document: &d}); err != nil {
		return err
	}
	for start := 0; start < len(passages); start += passagesPerPart {
		some := passages[start:min(start+passagesPerPart, len(passages))]
		for i := range some {
			some[i].Lang = p.language
		}
		if err := emit(part{Passages: some}); err != nil {
			return err
		}
	}
	return nil
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

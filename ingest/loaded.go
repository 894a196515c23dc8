package ingest

import (
	"errors"
	"slices"

	"handrail/internal/errs"
	"handrail/knowledge"
)

// part is a piece of what a task yields. Exactly one field is set.
type part struct {
	Member   *member             `json:",omitempty"`
	Document *knowledge.Document `json:",omitempty"` // what follows are its passages, as many as its field says
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
		n := p.Document.Passages
		if l.passages += n; n < 0 || l.passages > mostPassages {
			return errs.New(errs.TooLarge, "it makes more than %d passages: split it", mostPassages)
		}
		l.documents = append(l.documents, knowledge.DocumentPassages{Document: *p.Document, Passages: make([]knowledge.Passage, 0, n)})
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
	d := &l.documents[len(l.documents)-1]
	if len(d.Passages)+len(some) > d.Document.Passages {
		return errors.New("more passages than announced")
	}
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

// abandon forgets what the current member, or a file without members, has yielded, which may not be all of it.
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

// wire leaves out what a passage shares with its document.
func wire(p knowledge.Passage, d knowledge.Document) wirePassage {
	w := wirePassage{Text: p.Text, Start: p.Start, End: p.End, Page: p.Page, Question: p.Question}
	if p.URL != d.URL {
		w.URL = p.URL
	}
	return w
}

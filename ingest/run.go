package ingest

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"handrail/knowledge"
)

// Run ingests folders, files and http(s) addresses, written as [ParseSpec] reads them. Items that cannot be read stand
// in the report and stop nobody else. The error is of kind Invalid, and names the source, where a source does not exist
// (then nothing is written) or none of its documents can be read (then nothing is pruned). The report tells what was
// committed, also next to an error.
func (p *Pipeline) Run(ctx context.Context, ws uuid.UUID, sources []string, o Options) (Report, error) {
	specs, err := parseSpecs(sources)
	if err != nil {
		return Report{}, err
	}
	return p.runSpecs(ctx, ws, specs, nil, o)
}

// RunFS is [Pipeline.Run] for the folder root of fsys, such as one that is embedded in the program.
func (p *Pipeline) RunFS(ctx context.Context, ws uuid.UUID, fsys fs.FS, root string, o Options) (Report, error) {
	s := &source{name: root}
	if err := s.walk(fsys, root, nil); err != nil {
		return Report{}, err
	}
	return p.run(ctx, ws, []*source{s}, o)
}

func (p *Pipeline) run(ctx context.Context, ws uuid.UUID, sources []*source, o Options) (Report, error) {
	start := time.Now()
	stored, err := p.stored(ctx, ws, o.Collection)
	if err != nil {
		return Report{}, err
	}
	w := (&writer{base: p.base, ws: ws, stored: stored, sources: sources, options: o}).plan()
	err = p.work(ctx, w)
	if err == nil {
		err = w.finish(ctx)
	}
	if err != nil && o.Store != nil { // nothing was stored
		w.report.Added, w.report.Changed, w.report.Removed, w.report.Passages = nil, nil, nil, 0
	}
	return w.close(time.Since(start)), err
}

// stored returns the documents of one collection by URI.
func (p *Pipeline) stored(ctx context.Context, ws uuid.UUID, collection string) (map[string]knowledge.Document, error) {
	docs, err := p.base.Documents(ctx, ws, collection)
	if err != nil {
		return nil, err
	}
	byURI := make(map[string]knowledge.Document, len(docs))
	for _, d := range docs {
		if d.Collection == collection { // the base takes "" for all collections
			byURI[d.URI] = d
		}
	}
	return byURI, nil
}

// outcome is what became of one item.
type outcome struct {
	item      entry
	unchanged []string // its documents, if they are stored as they are
	loaded
	err error
}

// work loads the items on every processor and hands them to w one at a time. It returns when no goroutine is left, that
// of w included.
func (p *Pipeline) work(ctx context.Context, w *writer) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	todo := make(chan entry)
	done := make(chan outcome)
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			l := &loader{config: p.config}
			defer l.close()
			for it := range todo {
				done <- p.one(ctx, l, it, w.stored)
			}
		})
	}
	go func() {
		defer close(done)
		defer workers.Wait()
		defer close(todo)
		for _, it := range w.items {
			select {
			case todo <- it:
			case <-ctx.Done():
				return
			}
		}
	}()
	var failed error
	for out := range done {
		if failed == nil && ctx.Err() == nil {
			failed = w.take(ctx, out)
		}
		if failed != nil {
			cancel()
		}
	}
	if err := w.settle(); failed == nil {
		failed = err
	}
	if failed != nil {
		return failed
	}
	return ctx.Err()
}

// one reads an item and, if it is new or changed, makes its passages.
func (p *Pipeline) one(ctx context.Context, l *loader, it entry, stored map[string]knowledge.Document) outcome {
	out := outcome{item: it}
	r, err := p.read(ctx, it)
	if errors.Is(err, errNotModified) {
		out.unchanged = documentsOf(it.uri, stored)
		return out
	}
	if err != nil {
		out.err = err
		return out
	}
	hash := p.digest(r)
	if out.unchanged = unchanged(it.uri, r.format, hash, stored); out.unchanged != nil {
		return out
	}
	partly := append(slices.Clone(hash), 1)
	out.loaded, out.err = l.item(ctx, it, r)
	switch {
	case out.err != nil:
		hash = append(hash, 0) // what could be read of it is kept, and the rest is tried again by the next run
	case len(out.failed) > 0:
		// A row that cannot be read is named by every run until somebody corrects it; the others are stored once.
		hash = partly
		if out.unchanged = unchanged(it.uri, r.format, partly, stored); out.unchanged != nil {
			out.documents = nil
		}
	}
	for i := range out.documents {
		out.documents[i].Document.Hash = hash
	}
	return out
}

// unchanged returns the documents of an item if they are stored as they are: one, or several below its URI. Those of one
// item are written in one transaction, so that one with the hash speaks for all; one with another hash is a member that
// could not be read of late.
func unchanged(uri string, f format, hash []byte, stored map[string]knowledge.Document) []string {
	same := false
	var uris []string
	if before, ok := stored[uri]; ok {
		same, uris = bytes.Equal(before.Hash, hash), append(uris, uri)
	}
	if f.several() {
		for other, d := range stored {
			if below(other, uri) {
				same, uris = same || bytes.Equal(d.Hash, hash), append(uris, other)
			}
		}
	}
	if !same {
		return nil
	}
	return uris
}

// documentsOf returns the documents of an item whose format was not looked at: the one of its URI, or, where there is
// none, as with an archive, those below it.
func documentsOf(uri string, stored map[string]knowledge.Document) (uris []string) {
	if _, ok := stored[uri]; ok {
		return []string{uri}
	}
	for other := range stored {
		if below(other, uri) {
			uris = append(uris, other)
		}
	}
	return uris
}

// below reports whether a document comes from the item uri, which holds several.
func below(document, uri string) bool {
	return strings.HasPrefix(document, uri) && strings.HasPrefix(document[len(uri):], "/")
}

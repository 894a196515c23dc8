package ingest

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/google/uuid"

	"handrail/internal/errs"
	"handrail/knowledge"
)

// A batch is large enough that the cost of a transaction does not show, and small enough that an interrupted run keeps
// most of its work.
const (
	batchDocuments = 128
	batchPassages  = 2000
)

// writing is a batch on its way into the base.
type writing struct {
	batch []knowledge.DocumentPassages
	done  chan error
}

// writer stores the outcomes of one run in batches and keeps its report. Only one goroutine uses it.
type writer struct {
	base    *knowledge.Base
	ws      uuid.UUID
	stored  map[string]knowledge.Document
	sources []*source
	options Options

	items    []entry
	batch    []knowledge.DocumentPassages
	waiting  int               // passages in the batch
	held     knowledge.Change  // what waits for [Options.Store]
	writing  *writing          // nil if nothing is on its way
	readable []int             // documents by source that could be read
	kept     map[string]string // documents that the sources hold, with the item that each comes from
	progress Progress
	report   Report
}

// plan completes w with the items to load.
func (w *writer) plan() *writer {
	w.readable, w.kept = make([]int, len(w.sources)), map[string]string{}
	owner := map[string]string{}
	for i, s := range w.sources {
		w.report.Failed = append(w.report.Failed, s.failed...)
		for _, it := range s.items {
			if other, taken := owner[it.uri]; taken {
				w.fail(it.uri, errs.New(errs.Conflict, "%s and %s both hold it: ingest them into different collections, or name "+
					"the folder above both", other, s.name))
				continue
			}
			owner[it.uri] = s.name
			it.source = i
			w.items = append(w.items, it)
		}
	}
	w.progress.Total = len(w.items)
	return w
}

func (w *writer) fail(uri string, err error) {
	w.report.Failed = append(w.report.Failed, Failure{uri, reason(err)})
}

// take records one outcome and writes the batch when it is full.
func (w *writer) take(ctx context.Context, out outcome) error {
	uri := out.item.uri
	switch {
	case isStub(out.err):
		w.report.Skipped = append(w.report.Skipped, uri)
	case out.err != nil && ctx.Err() != nil:
		return ctx.Err() // the item did not fail, the run was called off
	case out.err != nil:
		w.fail(uri, out.err)
		w.accept(out)
	default:
		if len(out.documents)+len(out.unchanged) > 0 {
			w.readable[out.item.source]++
		}
		w.accept(out)
	}
	if w.waiting >= batchPassages || len(w.batch) >= batchDocuments {
		if err := w.flush(ctx); err != nil {
			return err
		}
	}
	w.progress.Done++
	w.progress.Current = uri
	for _, d := range out.documents {
		w.progress.Passages += len(d.Passages)
	}
	if w.options.Progress != nil {
		w.options.Progress(w.progress)
	}
	return nil
}

// accept takes the documents of an item. They go into one batch, so that an archive too is stored as a whole.
func (w *writer) accept(out outcome) {
	w.report.Failed = append(w.report.Failed, out.failed...)
	for _, uri := range out.unchanged {
		w.kept[uri] = out.item.uri
		w.report.Unchanged = append(w.report.Unchanged, uri)
	}
	for _, d := range out.documents {
		uri := d.Document.URI
		if other, taken := w.kept[uri]; taken {
			w.fail(uri, errs.New(errs.Conflict, "%s and %s both hold it: rename one of them", other, out.item.uri))
			continue
		}
		w.kept[uri] = out.item.uri
		d.Document.Collection = w.options.Collection
		d.Document.ID = w.stored[uri].ID
		w.batch = append(w.batch, d)
		w.waiting += len(d.Passages)
	}
}

// flush begins to write the batch in one transaction, while the next one is being loaded. Documents are in ascending
// order, so that two runs over the same folder take their locks in the same order and both finish.
func (w *writer) flush(ctx context.Context) error {
	if err := w.settle(); err != nil {
		return err
	}
	batch := w.batch
	w.batch, w.waiting = nil, 0
	slices.SortFunc(batch, func(a, b knowledge.DocumentPassages) int {
		return cmp.Compare(a.Document.URI, b.Document.URI)
	})
	w.writing = &writing{batch: batch, done: make(chan error, 1)}
	if w.options.Store != nil {
		w.held.Replace = append(w.held.Replace, batch...)
	}
	if len(batch) == 0 || w.options.DryRun || w.options.Store != nil {
		w.writing.done <- nil
		return nil
	}
	go func(now *writing) { now.done <- w.base.ReplaceAll(ctx, w.ws, now.batch) }(w.writing)
	return nil
}

// settle waits for the batch that is being written, and reports what was committed.
func (w *writer) settle() error {
	if w.writing == nil {
		return nil
	}
	now := w.writing
	w.writing = nil
	if err := <-now.done; err != nil {
		return err
	}
	for _, d := range now.batch {
		uri := d.Document.URI
		if _, ok := w.stored[uri]; ok {
			w.report.Changed = append(w.report.Changed, uri)
		} else {
			w.report.Added = append(w.report.Added, uri)
		}
		w.report.Passages += len(d.Passages)
	}
	return nil
}

// close returns the report in its final order.
func (w *writer) close(elapsed time.Duration) Report {
	r := &w.report
	for _, list := range [][]string{r.Added, r.Changed, r.Unchanged, r.Removed, r.Skipped} {
		slices.Sort(list)
	}
	slices.SortFunc(r.Failed, func(a, b Failure) int {
		return cmp.Or(cmp.Compare(a.Item, b.Item), cmp.Compare(a.Reason, b.Reason))
	})
	r.Elapsed = elapsed
	return *r
}

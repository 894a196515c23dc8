package ingest

import (
	"context"
	"slices"
	"strings"

	"github.com/google/uuid"

	"handrail/internal/errs"
)

// finish writes what is left, then prunes. A source of which nothing could be read is more likely a wrong path or a
// missing mount than an empty help centre, so it prunes nothing.
func (w *writer) finish(ctx context.Context) error {
	if err := w.flush(ctx); err != nil {
		return err
	}
	if err := w.settle(); err != nil {
		return err
	}
	for i, s := range w.sources {
		if w.readable[i] == 0 {
			return w.unreadable(s)
		}
	}
	if w.options.Prune {
		if err := w.prune(ctx); err != nil {
			return err
		}
	}
	return w.store(ctx)
}

// store hands over what was held back.
func (w *writer) store(ctx context.Context) error {
	if w.options.Store == nil || w.options.DryRun {
		return nil
	}
	return w.options.Store(ctx, w.ws, w.held)
}

func (w *writer) unreadable(s *source) error {
	for _, f := range w.report.Failed {
		if s.owns(f.Item) {
			return errs.New(errs.Invalid, "%s holds no document that can be read: %s: %s", s.name, f.Item, f.Reason)
		}
	}
	if s.web != nil {
		return errs.New(errs.Invalid, "%s leads to no page that may be taken and holds text: check the address, its "+
			"robots.txt and its noindex marks", s.name)
	}
	return errs.New(errs.Invalid, "%s holds no document that can be read: put files there in %s", s.name, readable)
}

func (s *source) owns(uri string) bool {
	return slices.ContainsFunc(s.items, func(it entry) bool { return it.uri == uri || below(uri, it.uri) }) ||
		slices.ContainsFunc(s.failed, func(f Failure) bool { return f.Item == uri })
}

// prune removes the stored documents that no source holds any more. What could not be read stays as it was.
func (w *writer) prune(ctx context.Context) error {
	failed := map[string]bool{}
	for _, f := range w.report.Failed {
		failed[f.Item] = true
	}
	var ids []uuid.UUID
	var gone []string
	for uri, d := range w.stored {
		if len(d.Hash) == 0 { // It was written by hand and never came from a source.
			continue
		}
		if _, kept := w.kept[uri]; !kept && !partOf(uri, failed) && !w.hidden(uri) && w.options.mayRemove(uri) {
			ids, gone = append(ids, d.ID), append(gone, uri)
		}
	}
	if w.options.Store != nil {
		w.held.Remove = ids
	} else if len(ids) > 0 && !w.options.DryRun {
		if err := w.base.Remove(ctx, w.ws, ids...); err != nil {
			return err
		}
	}
	w.report.Removed = gone
	return nil
}

// partOf reports whether a document is one of the items, or comes from one.
func partOf(uri string, items map[string]bool) bool {
	for i := len(uri); i > 0; i = strings.LastIndexByte(uri[:i], '/') {
		if items[uri[:i]] {
			return true
		}
	}
	return false
}

// hidden reports whether uri lies in a folder that could not be opened.
func (w *writer) hidden(uri string) bool {
	for _, s := range w.sources {
		if slices.ContainsFunc(s.closed, func(dir string) bool { return strings.HasPrefix(uri, dir) }) {
			return true
		}
	}
	return false
}

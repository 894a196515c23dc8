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
	for i, s := range w.sources {
		if w.readable[i] == 0 {
			return w.unreadable(s)
		}
	}
	if w.options.Prune {
		return w.prune(ctx)
	}
	return nil
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
	return slices.ContainsFunc(s.items, func(it entry) bool { return it.uri == uri }) ||
		slices.ContainsFunc(s.failed, func(f Failure) bool { return f.Item == uri })
}

// prune removes the stored documents that no source holds any more. What could not be read stays as it was.
func (w *writer) prune(ctx context.Context) error {
	keep := map[string]bool{}
	for _, it := range w.items {
		keep[it.uri] = !w.stubs[it.uri]
	}
	for _, f := range w.report.Failed {
		keep[f.Item] = true
	}
	var ids []uuid.UUID
	var gone []string
	for uri, d := range w.stored {
		if !keep[uri] && !w.hidden(uri) && w.options.mayRemove(uri) {
			ids, gone = append(ids, d.ID), append(gone, uri)
		}
	}
	if len(ids) > 0 && !w.options.DryRun {
		if err := w.base.Remove(ctx, w.ws, ids...); err != nil {
			return err
		}
	}
	w.report.Removed = gone
	return nil
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

package ingest

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"sync"

	"code.dny.dev/ssrf"

	"handrail/internal/errs"
)

// errNotModified says that the stored document is what the server would send.
var errNotModified = errors.New("not modified")

// memory is what is kept of a page so that the next run need not download it again.
type memory struct {
	etag, modified string
	hash           []byte   // of the document that was made from it
	links          []string // where it leads
}

// web fetches the pages of one source. It is safe for concurrent use.
type web struct {
	fetch  *fetcher
	sites  *sites
	known  map[string]memory // by URI, from the last run
	digest func(raw) []byte

	mu     sync.Mutex
	learnt map[string]memory // by URI, in this run
}

// leave is the reason for not taking a page that is there. Such a page is skipped and not stored; [isStub] recognises it.
func leave(reason string) error { return errs.Wrap(errStub, errs.Invalid, "%s", reason) }

func isRefusedNetwork(err error) bool {
	return errors.Is(err, ssrf.ErrProhibitedIP) || errors.Is(err, ssrf.ErrProhibitedNetwork)
}

// ask is the request for a page of which a copy may be held.
func (w *web) ask(uri string, stay bool) request {
	m := w.known[uri]
	return request{address: uri, etag: m.etag, modified: m.modified, stay: stay}
}

// unmodified keeps what is known of a page that has not changed.
func (w *web) unmodified(uri string) memory {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.learnt[uri] = w.known[uri]
	return w.known[uri]
}

// take makes an item of a page and remembers it.
func (w *web) take(uri string, res response, links []string) raw {
	r := rawOf(res)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.learnt[uri] = memory{etag: res.header.Get("ETag"), modified: res.header.Get("Last-Modified"), hash: w.digest(r),
		links: links}
	return r
}

func rawOf(res response) raw {
	f := formatOfPage(res.body, res.contentType(), res.url.Path)
	return raw{body: res.body, format: f, contentType: res.contentType(), address: res.url, name: res.url.Path}
}

// page fetches one page that somebody named, which needs no leave of robots.txt.
func (w *web) page(uri string) func(context.Context) (raw, error) {
	return func(ctx context.Context) (raw, error) {
		res, err := w.fetch.get(ctx, w.ask(uri, false))
		if err != nil {
			return raw{}, err
		}
		if res.status == http.StatusNotModified {
			w.unmodified(uri)
			return raw{}, errNotModified
		}
		return w.take(uri, res, nil), nil
	}
}

// listed fetches a page that a sitemap names, as far as its site allows.
func (w *web) listed(uri string, at *url.URL, home string) func(context.Context) (raw, error) {
	return func(ctx context.Context) (raw, error) {
		res, err := w.arrive(ctx, w.ask(uri, true), at, home)
		switch {
		case errs.Is(err, errs.NotFound):
			return raw{}, leave(errs.Public(err))
		case err != nil:
			return raw{}, err
		case res.status == http.StatusNotModified:
			w.unmodified(uri)
			return raw{}, errNotModified
		case readHead(res).noindex:
			return raw{}, leave("it asks not to be indexed")
		}
		return w.take(uri, res, nil), nil
	}
}

// arrive follows redirects within a site, and asks its robots.txt before every step.
func (w *web) arrive(ctx context.Context, r request, at *url.URL, home string) (response, error) {
	for range redirects + 1 {
		if err := w.sites.enter(ctx, at); err != nil {
			return response{}, err
		}
		res, err := w.fetch.get(ctx, r)
		if err != nil || res.status == http.StatusOK || res.status == http.StatusNotModified {
			return res, err
		}
		at, err = at.Parse(res.header.Get("Location"))
		if err != nil || normalise(at) != nil || siteName(at) != home {
			return response{}, leave("it redirects to another site")
		}
		r = request{address: at.String(), etag: r.etag, modified: r.modified, stay: true}
	}
	return response{}, w.fetch.explain(ctx, errRedirects)
}

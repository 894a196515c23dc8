package ingest

import (
	"context"
	"net/http"
	"net/url"

	"handrail/internal/errs"
)

// crawlBytes is how much one crawl may download.
const crawlBytes = 512 << 20

// crawl finds the pages of one site that links lead to, nearest first. It downloads them one after the other, with the
// pause that the site asks for, into a folder from which they are then read.
func (w *web) crawl(ctx context.Context, s *source, spec Spec, found func(uri string)) error {
	start, err := url.Parse(spec.Location)
	if err != nil || normalise(start) != nil {
		return sourceError(spec.Location, errAddress)
	}
	if s.spool, err = newSpool(); err != nil {
		return err
	}
	c := &crawler{web: w, source: s, spec: spec, home: siteName(start), found: found, seen: map[string]bool{},
		variants: map[string]int{}, stored: map[string]bool{}}
	c.push(start, 0)
	for len(c.queue) > 0 {
		if c.visited >= spec.MaxPages || c.bytes > crawlBytes {
			c.cut()
			break
		}
		next := c.queue[0]
		c.queue = c.queue[1:]
		if err := c.visit(ctx, next); err != nil {
			return err
		}
	}
	c.settle()
	return nil
}

// crawler is one crawl on its way. Only one goroutine uses it.
type crawler struct {
	web      *web
	source   *source
	spec     Spec
	home     string // the site
	found    func(uri string)
	queue    []place
	seen     map[string]bool
	variants map[string]int // queries seen, by path
	stored   map[string]bool
	aside    []alias
	visited  int
	bytes    int64
}

// alias is a page that wants to be known under another address.
type alias struct {
	uri, canonical string
	get            func(context.Context) (raw, error)
}

// place is a page to visit, and how many links it is away from the first.
type place struct {
	at    *url.URL
	depth int
}

// push puts a page at the end of the queue unless it was there before, lies elsewhere, or is not worth a visit.
func (c *crawler) push(u *url.URL, depth int) {
	uri := u.String()
	if c.seen[uri] || siteName(u) != c.home || depth > c.spec.Depth || endless(u) || worthless(u) {
		return
	}
	if u.RawQuery != "" {
		if c.variants[u.Path]++; c.variants[u.Path] > maxVariants {
			return
		}
	}
	c.seen[uri] = true
	c.queue = append(c.queue, place{u, depth})
}

// visit fetches one page. It fails only when the crawl is called off, or has no place to put its pages.
func (c *crawler) visit(ctx context.Context, p place) error {
	uri := p.at.String()
	if err := c.web.sites.enter(ctx, p.at); err != nil {
		return c.miss(ctx, uri, err)
	}
	c.visited++
	res, err := c.web.fetch.get(ctx, c.web.ask(uri, true))
	if err != nil {
		return c.miss(ctx, uri, err)
	}
	c.bytes += int64(len(res.body))
	switch {
	case res.status == http.StatusNotModified:
		m := c.web.unmodified(uri)
		c.follow(m.links, p.depth)
		c.stored[uri] = true
		c.add(uri, func(context.Context) (raw, error) { return raw{}, errNotModified })
	case res.status != http.StatusOK:
		c.redirect(p, res)
	default:
		return c.page(p, res)
	}
	return nil
}

// miss keeps the reason why a page was not fetched. A page that is gone, or not for robots, is skipped; after any other
// failure the crawl does not know what it has not seen.
func (c *crawler) miss(ctx context.Context, uri string, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if errs.Is(err, errs.NotFound) && len(c.seen) > 1 {
		err = leave(errs.Public(err))
	}
	if !isStub(err) {
		c.source.unsure()
	}
	c.add(uri, func(context.Context) (raw, error) { return raw{}, err })
	return nil
}

func (c *crawler) add(uri string, get func(context.Context) (raw, error)) {
	c.source.items = append(c.source.items, entry{uri: uri, get: get})
	c.found(uri)
}

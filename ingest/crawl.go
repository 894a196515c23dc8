package ingest

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"handrail/internal/errs"
)

const (
	// crawlBytes is how much one crawl may download.
	crawlBytes = 512 << 20
	// maxOpen and maxSeen bound the addresses that wait or were visited, and those that are known at all, by the pages
	// that a crawl may fetch. A page that robots may not read is known, and is not fetched.
	maxOpen, maxSeen = 2, 10
	// rememberedBytes is how much of the links of all pages is kept for the next crawl.
	rememberedBytes = 16 << 20
)

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
		variants: map[string]int{}, stored: map[string]bool{}, until: half(ctx)}
	c.push(start, 0)
	for len(c.queue) > 0 && c.limit() == "" {
		next := c.queue[0]
		c.queue = c.queue[1:]
		if err := c.visit(ctx, next); err != nil {
			return err
		}
	}
	if len(c.queue) > 0 || c.dropped {
		c.cut()
	}
	c.settle()
	return nil
}

// half is when half of the time that ctx leaves is over, or the zero time. The other half is for reading and storing
// what was downloaded, so that a slow site is not downloaded again and again for nothing.
func half(ctx context.Context) time.Time {
	deadline, ok := ctx.Deadline()
	if !ok {
		return time.Time{}
	}
	return deadline.Add(-time.Until(deadline) / 2)
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
	links    int       // bytes of those that are remembered
	dropped  bool      // a link that led too far beyond the limit
	until    time.Time // when to stop; zero means never
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
	if len(c.queue)+c.visited >= maxOpen*c.spec.MaxPages || len(c.seen) >= maxSeen*c.spec.MaxPages {
		c.dropped = true
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
		for _, link := range m.links {
			c.links += len(link)
		}
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

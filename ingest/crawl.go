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

// redirect goes on with the target, so that it too is checked against robots.txt and the bounds of the crawl. The first
// page may move the whole crawl, as from http to https or to www.
func (c *crawler) redirect(p place, res response) {
	target, err := p.at.Parse(res.header.Get("Location"))
	if err != nil || normalise(target) != nil {
		return
	}
	if p.depth == 0 && len(c.source.items) == 0 && c.visited <= redirects {
		c.home = siteName(target)
	}
	c.push(target, p.depth)
}

// page takes a page with its links.
func (c *crawler) page(p place, res response) error {
	h, uri := readHead(res), p.at.String()
	if !h.nofollow {
		c.follow(h.links, p.depth)
	}
	switch {
	case h.noindex:
		c.add(uri, func(context.Context) (raw, error) { return raw{}, leave("it asks not to be indexed") })
	case rawOf(res).format == formatUnknown:
		c.add(uri, func(context.Context) (raw, error) { return raw{}, leave("it is no document") })
	default:
		get, err := c.source.spool.keep(c.web.take(uri, res, h.links))
		if err != nil {
			return err
		}
		if h.canonical != nil && h.canonical.String() != uri && siteName(h.canonical) == c.home {
			c.push(h.canonical, p.depth)
			c.aside = append(c.aside, alias{uri, h.canonical.String(), get})
			return nil
		}
		c.stored[uri] = true
		c.add(uri, get)
	}
	return nil
}

// settle takes a page that was put aside after all where the address that it prefers turned out to hold nothing. Sites
// often name one that leads back to the page itself.
func (c *crawler) settle() {
	for _, a := range c.aside {
		if !c.stored[a.canonical] {
			c.stored[a.canonical] = true
			c.add(a.uri, a.get)
		}
	}
}

func (c *crawler) follow(links []string, depth int) {
	for _, link := range links {
		if u, err := url.Parse(link); err == nil {
			c.push(u, depth+1)
		}
	}
}

// cut ends a crawl at its limit. What it did not reach is not gone.
func (c *crawler) cut() {
	c.source.unsure()
	for _, p := range c.queue {
		c.source.items = append(c.source.items, entry{uri: p.at.String(), get: func(context.Context) (raw, error) {
			return raw{}, leave("the crawl reached its limit before")
		}})
	}
	c.queue = nil
}

package ingest

import (
	"context"
	"net/url"
)

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

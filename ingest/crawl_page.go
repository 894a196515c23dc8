package ingest

import (
	"context"
	"fmt"
	"net/url"
	"time"
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
	if h.nofollow {
		h.links = nil
	}
	c.follow(h.links, p.depth)
	switch {
	case h.noindex:
		c.add(uri, func(context.Context) (raw, error) { return raw{}, leave("it asks not to be indexed") })
	case rawOf(res).format == formatUnknown:
		c.add(uri, func(context.Context) (raw, error) { return raw{}, leave("it is no document") })
	default:
		links, ok := c.remembered(h.links)
		if !ok { // the next crawl downloads it again, and so sees where it leads
			res.header.Del("ETag")
			res.header.Del("Last-Modified")
		}
		get, err := c.source.spool.keep(c.web.take(uri, res, links))
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

// limit says which limit of the crawl is reached, or nothing.
func (c *crawler) limit() string {
	switch {
	case c.visited >= c.spec.MaxPages:
		return fmt.Sprintf("of %d pages", c.spec.MaxPages)
	case c.bytes > crawlBytes:
		return fmt.Sprintf("of %s", size(crawlBytes))
	case !c.until.IsZero() && time.Now().After(c.until):
		return "of half of the time that a run may take"
	case c.dropped && len(c.queue) == 0:
		return fmt.Sprintf("of addresses to keep for %d pages", c.spec.MaxPages)
	}
	return ""
}

// cut ends a crawl at its limit. What it did not reach is not gone.
func (c *crawler) cut() {
	c.source.unsure()
	left := fmt.Sprint(max(1, len(c.queue)))
	if c.dropped {
		left += " or more"
	}
	c.source.failed = append(c.source.failed, Failure{c.spec.Location, fmt.Sprintf("the crawl ended at its limit %s, and "+
		"%s pages were left out: allow more pages, or crawl a part of the site", c.limit(), left)})
	c.queue = nil
}

// remembered returns the links of a page that the next crawl may need: those within the site. All of a crawl's have to
// fit into memory and into the database; ok is false for a page whose links do not.
func (c *crawler) remembered(links []string) (kept []string, ok bool) {
	n := 0
	for _, link := range links {
		if u, err := url.Parse(link); err == nil && siteName(u) == c.home {
			kept, n = append(kept, link), n+len(link)
		}
	}
	if c.links+n > rememberedBytes {
		return nil, false
	}
	c.links += n
	return kept, true
}

package ingest

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"

	"handrail/internal/errs"
)

// The limits of one sitemap, which are those of the protocol, and of an index.
const (
	sitemapBytes = 50 << 20
	sitemapFiles = 1000
	sitemapDepth = 3
)

// sitemap finds the pages that a sitemap names, on its own site only: a sitemap must not aim this server at others.
func (w *web) sitemap(ctx context.Context, s *source, spec Spec) error {
	at, err := url.Parse(spec.Location)
	if err != nil {
		return sourceError(spec.Location, err)
	}
	m := &sitemapReader{web: w, source: s, most: spec.MaxPages, home: siteName(at), seen: map[string]bool{}}
	if err := m.read(ctx, spec.Location, 1); err != nil {
		return err
	}
	if len(s.items) == 0 {
		return errs.New(errs.Invalid, "the sitemap %s names no page of its own site: check the address", spec.Location)
	}
	return nil
}

// sitemapReader collects the pages of one sitemap and of those below it.
type sitemapReader struct {
	web    *web
	source *source
	most   int
	home   string
	files  int
	full   bool
	seen   map[string]bool
}

// read takes one file. Below the first, a file that cannot be read is reported and stops nobody else.
func (m *sitemapReader) read(ctx context.Context, address string, depth int) error {
	if m.files++; m.files > sitemapFiles || depth > sitemapDepth {
		m.fail(address, "the index names more sitemaps than can be followed: name the ones that are needed")
		return nil
	}
	res, err := m.web.fetch.get(ctx, request{address: address})
	if err == nil {
		err = m.parse(ctx, res.body, depth)
	}
	switch {
	case err == nil || ctx.Err() != nil:
		return ctx.Err()
	case depth > 1:
		m.fail(address, reason(err))
		return nil
	}
	return errs.Wrap(err, errs.Invalid, "the sitemap %s cannot be read: %s", address, reason(err))
}

func (m *sitemapReader) reject(address, why string) {
	m.source.failed = append(m.source.failed, Failure{address, why})
}

// fail is reject for what leaves pages unseen.
func (m *sitemapReader) fail(address, why string) {
	m.reject(address, why)
	m.source.unsure()
}

// parse reads the elements <url><loc> and <sitemap><loc>. encoding/xml neither loads external entities nor expands
// any that a document declares.
func (m *sitemapReader) parse(ctx context.Context, body []byte, depth int) error {
	r, err := unpacked(body)
	if err != nil {
		return err
	}
	d := xml.NewDecoder(r)
	inside := ""
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return errs.Wrap(err, errs.Invalid, "it is no valid XML (%v): correct it", cause(err))
		}
		start, ok := token.(xml.StartElement)
		switch {
		case !ok:
		case start.Name.Local == "url" || start.Name.Local == "sitemap":
			inside = start.Name.Local
		case start.Name.Local == "loc" && inside != "":
			var loc string
			if err := d.DecodeElement(&loc, &start); err != nil {
				return errs.Wrap(err, errs.Invalid, "it is no valid XML (%v): correct it", cause(err))
			}
			if err := m.location(ctx, inside, strings.TrimSpace(loc), depth); err != nil || m.full {
				return err
			}
			inside = "" // images and videos have locations too
		}
	}
}

// unpacked returns the content of a sitemap, which may be compressed whatever its name says.
func unpacked(body []byte) (io.Reader, error) {
	if !bytes.HasPrefix(body, []byte{0x1f, 0x8b}) {
		return bytes.NewReader(body), nil
	}
	z, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		return nil, errs.Wrap(err, errs.Invalid, "it is no valid gzip file: correct it")
	}
	plain, err := limited(z, sitemapBytes)
	if err != nil {
		return nil, err
	}
	return bytes.NewReader(plain), nil
}

func (m *sitemapReader) location(ctx context.Context, kind, loc string, depth int) error {
	u, err := url.Parse(loc)
	if err != nil || normalise(u) != nil {
		m.reject(strings.ToValidUTF8(loc, "?"), "it is not an address of a page: correct the sitemap")
		return nil
	}
	uri := u.String()
	switch {
	case m.seen[uri]:
		return nil
	case siteName(u) != m.home:
		m.reject(uri, "it lies on another site than the sitemap: ingest that site by itself")
	case kind == "sitemap":
		m.seen[uri] = true
		return m.read(ctx, uri, depth+1)
	case len(m.source.items) == m.most:
		m.full = true
		m.fail(m.source.name, fmt.Sprintf("it names more than %d pages, and the others were left out: allow more pages", m.most))
		return nil
	default:
		m.source.items = append(m.source.items, entry{uri: uri, get: m.web.listed(uri, u, m.home)})
	}
	m.seen[uri] = true
	return nil
}

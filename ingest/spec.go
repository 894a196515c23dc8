package ingest

import (
	"errors"
	"io/fs"
	"net/url"
	"os"
	"path"
	"strings"

	"handrail/internal/errs"
)

// Kind says what a source is.
type Kind string

// The kinds of sources. Folders and files lie on the disk of whoever runs `handrail ingest`; the others are fetched.
const (
	KindFolder  Kind = "folder"  // every document below it
	KindFile    Kind = "file"    // one document
	KindPage    Kind = "page"    // one address
	KindSitemap Kind = "sitemap" // the pages that a sitemap, or an index of sitemaps, names
	KindCrawl   Kind = "crawl"   // the pages of one site that can be reached by links
)

// The limits of sitemaps and crawls.
const (
	MaxPages        = 10_000 // the most that a source may ask for
	MaxDepth        = 20
	defaultPages    = 500
	defaultDepth    = 5
	maxAddressBytes = 2000
)

// Spec describes a source.
type Spec struct {
	Kind     Kind
	Location string // a path, or an http(s) address
	MaxPages int    // of a sitemap or crawl, 1 to [MaxPages]; 0 means 500
	Depth    int    // of a crawl: how many links away from the first page, 1 to [MaxDepth]; 0 means 5
}

// ParseSpec reads a source as the command line names it: a folder, a file, an address, "sitemap:" or "crawl:" before an
// address. An address that ends like .../sitemap.xml is a sitemap. Errors are of kind Invalid and name the source.
func ParseSpec(name string) (Spec, error) {
	for _, kind := range []Kind{KindSitemap, KindCrawl} {
		if address, ok := strings.CutPrefix(name, string(kind)+":"); ok {
			return Spec{Kind: kind, Location: address}.Web()
		}
	}
	if u, err := url.Parse(name); err == nil && len(u.Scheme) > 1 && strings.Contains(name, "://") {
		kind := KindPage
		if isSitemap(u) {
			kind = KindSitemap
		}
		return Spec{Kind: kind, Location: name}.Web()
	}
	info, err := os.Stat(name)
	if err != nil {
		return Spec{}, sourceError(name, err)
	}
	if info.IsDir() {
		return Spec{Kind: KindFolder, Location: name}, nil
	}
	return Spec{Kind: KindFile, Location: name}, nil
}

func isSitemap(u *url.URL) bool {
	base := strings.TrimSuffix(strings.ToLower(path.Base(u.Path)), ".gz")
	return strings.Contains(base, "sitemap") && strings.HasSuffix(base, ".xml")
}

// Web checks a source that is fetched and returns it with its limits filled in and its address in the usual form. The
// names of a server's files never pass: whoever may write knowledge need not be allowed to read the server's disk.
func (s Spec) Web() (Spec, error) {
	if s.fromDisk() || !s.known() {
		return s, errs.New(errs.Invalid, "%q is not a kind of source that can be fetched: use page, sitemap or crawl", s.Kind)
	}
	u, err := webAddress(s.Location)
	if err != nil {
		return s, err
	}
	s.Location = u.String()
	switch {
	case s.MaxPages < 0 || s.MaxPages > MaxPages:
		return s, errs.New(errs.Invalid, "a source may have 1 to %d pages, not %d", MaxPages, s.MaxPages)
	case s.Depth < 0 || s.Depth > MaxDepth:
		return s, errs.New(errs.Invalid, "a crawl may follow 1 to %d links from its first page, not %d", MaxDepth, s.Depth)
	}
	return s.limits(), nil
}

// limits fills in what was left open, and drops what its kind does not have.
func (s Spec) limits() Spec {
	switch {
	case s.Kind == KindPage:
		s.MaxPages, s.Depth = 1, 0
	case s.MaxPages == 0:
		s.MaxPages = defaultPages
	}
	switch {
	case s.Kind == KindSitemap:
		s.Depth = 0
	case s.Kind == KindCrawl && s.Depth == 0:
		s.Depth = defaultDepth
	}
	return s
}

func (s Spec) fromDisk() bool { return s.Kind == KindFolder || s.Kind == KindFile }

func (s Spec) known() bool {
	return s.fromDisk() || s.Kind == KindPage || s.Kind == KindSitemap || s.Kind == KindCrawl
}

// webAddress checks an address that somebody named.
func webAddress(name string) (*url.URL, error) {
	u, err := url.Parse(name)
	switch {
	case err != nil:
		return nil, errs.Wrap(err, errs.Invalid, "%q is not an address that can be ingested: use http://host/path or "+
			"https://host/path", name)
	case (u.Scheme != "http" && u.Scheme != "https") || u.Host == "":
		return nil, errs.New(errs.Invalid, "%s is not an address that can be ingested: use http://host/path or "+
			"https://host/path", name)
	case u.User != nil:
		return nil, errs.New(errs.Invalid, "the address %s holds a password, which would be stored with the document: "+
			"remove it", u.Redacted())
	case len(name) > maxAddressBytes:
		return nil, errs.New(errs.Invalid, "the address %.60s... is longer than %d characters: use a shorter one", name,
			maxAddressBytes)
	}
	u.Fragment = "" // names a place within the page, not another page
	return u, nil
}

func sourceError(name string, err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return errs.Wrap(err, errs.Invalid, "%s does not exist: name a folder, a file or an http(s) address", name)
	case errors.Is(err, fs.ErrPermission):
		return errs.Wrap(err, errs.Invalid, "%s may not be read: give the user that runs ingest permission to read it", name)
	}
	return errs.Wrap(err, errs.Invalid, "%s cannot be opened: name a folder, a file or an http(s) address", name)
}

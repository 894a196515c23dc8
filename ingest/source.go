package ingest

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
)

// source is one folder, file, page, sitemap or site that the caller named.
type source struct {
	name   string // as the caller wrote it
	items  []entry
	failed []Failure // found while walking
	closed []string  // beginnings of the URIs about which this run can say nothing, such as folders that stay shut
	root   *os.Root  // of a folder or file, else nil
	web    *web      // of what is fetched, else nil
	spool  *spool    // of a crawl, else nil
}

// entry is one document to be.
type entry struct {
	uri    string
	format format // "" where only the content tells
	get    func(context.Context) (raw, error)
	fsys   fs.FS  // nil where get is set
	path   string // in fsys
	source int    // index of the source
}

// open finds the items of a source. A source that is not there is the caller's mistake and stops the run before
// anything is written. known is what the last run learnt of the source, and found is called as a crawl goes on.
func (p *Pipeline) open(ctx context.Context, spec Spec, known map[string]memory,
	found func(uri string)) (*source, error) {
	switch spec.Kind {
	case KindFolder:
		return openFolder(ctx, spec.Location)
	case KindFile:
		return openFile(spec.Location)
	}
	w := &web{fetch: p.fetch, sites: newSites(p.fetch, p.config.Delay), known: known, digest: p.digest,
		learnt: map[string]memory{}}
	s := &source{name: spec.Location, web: w}
	var err error
	switch spec.Kind {
	case KindSitemap:
		err = w.sitemap(ctx, s, spec)
	case KindCrawl:
		err = w.crawl(ctx, s, spec, found)
	default:
		s.items = []entry{{uri: spec.Location, get: w.page(spec.Location)}}
	}
	if err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

func openFolder(ctx context.Context, name string) (*source, error) {
	real, err := filepath.EvalSymlinks(name)
	if err != nil {
		return nil, sourceError(name, err)
	}
	root, err := os.OpenRoot(real)
	if err != nil {
		return nil, sourceError(name, err)
	}
	s := &source{name: name, root: root}
	if err := s.walk(root.FS(), ".", gitFiles(ctx, real)); err != nil {
		root.Close()
		return nil, err
	}
	return s, nil
}

// openFile opens the folder of a file, so that reading it cannot leave that folder either.
func openFile(name string) (*source, error) {
	real, err := filepath.EvalSymlinks(name)
	if err != nil {
		return nil, sourceError(name, err)
	}
	root, err := os.OpenRoot(filepath.Dir(real))
	if err != nil {
		return nil, sourceError(name, err)
	}
	it := byHand(root.FS(), filepath.Base(name), filepath.Base(real))
	return &source{name: name, root: root, items: []entry{it}}, nil
}

// byHand is the entry of a file that somebody named by hand, so passing over it would be silent.
func byHand(fsys fs.FS, uri, path string) entry {
	it := entry{uri: uri, format: formatOf(uri), fsys: fsys, path: path}
	if it.format == formatIgnored {
		it.format = formatUnknown
	}
	return it
}

// unsure says that this run did not see all of the source, so that nothing of it is taken for gone.
func (s *source) unsure() { s.closed = append(s.closed, "") }

func (s *source) close() {
	if s.root != nil {
		s.root.Close()
	}
	if s.spool != nil {
		s.spool.remove()
	}
}

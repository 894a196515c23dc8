package ingest

import (
	"errors"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"handrail/internal/errs"
)

// source is one folder, file or URL that the caller named.
type source struct {
	name   string // as the caller wrote it
	items  []entry
	failed []Failure // found while walking
	closed []string  // folders below it that could not be opened
	root   *os.Root  // nil for URLs and embedded files
}

// entry is one document to be.
type entry struct {
	uri    string
	format format // "" where only the content tells
	fsys   fs.FS  // nil for a URL
	path   string // in fsys
	source int    // index of the source
}

// openSource finds the items of a source. A source that is not there is the caller's mistake and stops the run before
// anything is written.
func openSource(name string) (*source, error) {
	if u, err := url.Parse(name); err == nil && len(u.Scheme) > 1 && strings.Contains(name, "://") {
		return openURL(name, u)
	}
	real, err := filepath.EvalSymlinks(name)
	if err != nil {
		return nil, sourceError(name, err)
	}
	info, err := os.Stat(real)
	if err != nil {
		return nil, sourceError(name, err)
	}
	if !info.IsDir() {
		return openFile(name, real)
	}
	root, err := os.OpenRoot(real)
	if err != nil {
		return nil, sourceError(name, err)
	}
	s := &source{name: name, root: root}
	if err := s.walk(root.FS(), "."); err != nil {
		root.Close()
		return nil, err
	}
	return s, nil
}

func openURL(name string, u *url.URL) (*source, error) {
	if (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		return nil, errs.New(errs.Invalid, "%s is not an address that can be ingested: use http://host/path or "+
			"https://host/path", name)
	}
	if u.User != nil {
		return nil, errs.New(errs.Invalid, "the address %s holds a password, which would be stored with the document: "+
			"remove it", u.Redacted())
	}
	u.Fragment = "" // names a place within the page, not another page
	return &source{name: name, items: []entry{{uri: u.String()}}}, nil
}

// openFile opens the folder of a file, so that reading it cannot leave that folder either.
func openFile(name, real string) (*source, error) {
	root, err := os.OpenRoot(filepath.Dir(real))
	if err != nil {
		return nil, sourceError(name, err)
	}
	base := filepath.Base(name)
	it := entry{uri: base, format: formatOf(base), fsys: root.FS(), path: filepath.Base(real)}
	if it.format == formatIgnored {
		it.format = formatUnknown // named by hand, so passing over it would be silent
	}
	return &source{name: name, root: root, items: []entry{it}}, nil
}

func (s *source) close() {
	if s.root != nil {
		s.root.Close()
	}
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

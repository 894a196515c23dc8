package ingest

import (
	"errors"
	"io/fs"
	"path"
	"strings"
	"unicode/utf8"

	"handrail/internal/errs"
)

// walk finds the documents below root in ascending order of their paths, among the files that Git tracks.
func (s *source) walk(fsys fs.FS, root string, git tracked) error {
	err := fs.WalkDir(fsys, root, func(name string, d fs.DirEntry, err error) error {
		uri := strings.TrimPrefix(strings.TrimPrefix(name, root), "/")
		switch {
		case err != nil && name == root:
			return sourceError(s.name, err)
		case err != nil:
			s.failed = append(s.failed, Failure{uri, reason(err)})
			s.closed = append(s.closed, uri+"/")
			return fs.SkipDir
		case name == root:
			return nil
		case d.IsDir() && passedOver(d.Name()):
			return fs.SkipDir
		case d.IsDir() || passedOver(d.Name()) || !git.holds(uri):
			return nil
		}
		s.file(fsys, name, uri, d)
		return nil
	})
	if err == nil && len(s.items)+len(s.failed) == 0 {
		return errs.New(errs.Invalid, "%s holds no document: put files there in %s", s.name, readable)
	}
	return err
}

// passedOver reports whether a file or folder is hidden, or holds the dependencies of a program.
func passedOver(name string) bool {
	return strings.HasPrefix(name, ".") || name == "node_modules" || name == "__MACOSX"
}

// file takes one file, unless its name says that it is no document.
func (s *source) file(fsys fs.FS, name, uri string, d fs.DirEntry) {
	it := entry{uri: uri, format: formatOf(path.Base(name)), fsys: fsys, path: name}
	if it.format == formatIgnored {
		return
	}
	if !utf8.ValidString(name) {
		s.failed = append(s.failed, Failure{strings.ToValidUTF8(uri, "?"), "its name is not valid UTF-8: rename it"})
		return
	}
	mode := d.Type()
	if mode&fs.ModeSymlink != 0 {
		info, err := fs.Stat(fsys, name)
		if err != nil {
			s.failed = append(s.failed, Failure{uri, linkReason(err)})
			return
		}
		mode = info.Mode().Type()
	}
	switch {
	case mode.IsDir(): // a link to a folder of this source, which is walked in its own place
	case !mode.IsRegular():
		s.failed = append(s.failed, Failure{uri, "it is no regular file: remove it, or copy its content into one"})
	default:
		s.items = append(s.items, it)
	}
}

// linkReason explains a link that cannot be followed. The file system refuses those that leave the source.
func linkReason(err error) string {
	if errors.Is(err, fs.ErrNotExist) {
		return "it is a link to a file that does not exist: correct or remove it"
	}
	return "it is a link that leads outside of the source: copy the file into the folder"
}

// reason returns what the owner of an item is told about err.
func reason(err error) string {
	var known *errs.Error
	switch {
	case errors.As(err, &known):
		return known.Message
	case errors.Is(err, fs.ErrPermission):
		return "it may not be read: give the user that runs ingest permission to read it"
	case errors.Is(err, fs.ErrNotExist):
		return "it disappeared during the run: run ingest again"
	}
	return "it cannot be read (" + cause(err).Error() + "): check the file and run ingest again"
}

package ingest

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
)

// spool keeps the pages of a crawl on disk until they are read, so that a large site costs no memory.
type spool struct {
	dir   string
	count int
}

func newSpool() (*spool, error) {
	dir, err := os.MkdirTemp("", "handrail-crawl-")
	if err != nil {
		return nil, fmt.Errorf("make a folder for a crawl: %w", err)
	}
	return &spool{dir: dir}, nil
}

// keep stores the body of a page and returns how to get the page back.
func (s *spool) keep(r raw) (func(context.Context) (raw, error), error) {
	s.count++
	name := filepath.Join(s.dir, strconv.Itoa(s.count))
	if err := os.WriteFile(name, r.body, 0o600); err != nil {
		return nil, fmt.Errorf("keep a page of a crawl: %w", err)
	}
	r.body = nil
	return func(context.Context) (raw, error) {
		body, err := os.ReadFile(name)
		if err != nil {
			return raw{}, fmt.Errorf("read a page of a crawl: %w", err)
		}
		back := r
		back.body = body
		return back, nil
	}, nil
}

// remove deletes what was kept. What cannot be deleted stays in the system's folder for temporary files.
func (s *spool) remove() { _ = os.RemoveAll(s.dir) }

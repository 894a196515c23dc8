package main

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"handrail/internal/errs"
	"handrail/internal/postgres"
	"handrail/internal/seal"
)

// unlock opens the database with the operator keys. Where none are set they are those of master.key in the data folder,
// which is made at the first start; a file that turns out not to fit the database is not left behind.
func (st *stack) unlock(open func(*seal.Ring) (*postgres.DB, error)) (*postgres.DB, error) {
	s := st.settings
	if s.MasterKey != "" {
		keys, err := seal.ParseRing(s.MasterKey)
		if err != nil {
			return nil, errs.Wrap(err, errs.Invalid, "HANDRAIL_MASTER_KEY: %s", errs.Public(err))
		}
		return open(keys)
	}
	name, made := s.MasterKeyFile, false
	if name == "" {
		var err error
		name = filepath.Join(s.Data, "master.key")
		if made, err = makeKeyFile(name); err != nil {
			return nil, errs.Wrap(err, errs.Invalid, "cannot make the operator key %s: set HANDRAIL_MASTER_KEY", name)
		}
	}
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, errs.Wrap(err, errs.Invalid, "cannot read the operator key %s", name)
	}
	keys, err := seal.ParseRing(string(text))
	if err != nil {
		return nil, errs.Wrap(err, errs.Invalid, "%s: %s", name, errs.Public(err))
	}
	db, err := open(keys)
	switch {
	case err != nil && made:
		return nil, errors.Join(err, os.Remove(name))
	case made:
		st.logger.Warn("made the operator key under which conversations are sealed: keep a copy of it apart from the "+
			"database's backups; without it they cannot be read", "file", name)
	}
	return db, err
}

// makeKeyFile makes a file with a new operator key unless there is one.
func makeKeyFile(name string) (made bool, err error) {
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return false, err
	}
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if _, err := f.WriteString(seal.NewOperatorKey() + "\n"); err != nil {
		_ = f.Close()
		return true, err
	}
	return true, errors.Join(f.Sync(), f.Close())
}

// indexHistory keeps the search index of conversations up to date until the function that it returns is called.
func (st *stack) indexHistory(ctx context.Context) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	var running sync.WaitGroup
	running.Go(func() {
		st.log.IndexHistory(ctx, func(err error) { st.logger.Error("the history was not indexed; it is tried again", "error", err) })
	})
	return func() {
		cancel()
		running.Wait()
	}
}

package ingest

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/fsnotify/fsnotify"
	"github.com/google/uuid"

	"handrail/internal/errs"
)

const (
	// settle is how long a folder must be quiet before it is read, so that a save in several steps is read once.
	settle = 200 * time.Millisecond
	// settleMost bounds the wait in a folder that is never quiet.
	settleMost = time.Second
	// rescanEvery is how often a folder is read without being told of a change: some file systems tell of none, and the
	// system tells nothing of folders beyond its limit of watches.
	rescanEvery = 30 * time.Second
)

// Watch ingests one folder, and again whenever something in it changes, until ctx ends, which is no error. It calls
// report after the first run and after every later one that did or found something new; partly says that the system
// watches only a part of the folder, whose rest is read every 30 seconds. Later runs that did something are recorded.
func (r *Runs) Watch(ctx context.Context, ws uuid.UUID, folder Spec, o Options, report func(Report, error),
	partly func(error)) error {
	if folder.Kind != KindFolder {
		return errs.New(errs.Invalid, "%s is no folder: only folders can be watched", folder.Location)
	}
	w, err := fsnotify.NewWatcher()
	if err != nil {
		return fmt.Errorf("watch %s: %w", folder.Location, err)
	}
	defer w.Close()
	real, err := filepath.EvalSymlinks(folder.Location)
	if err != nil {
		return sourceError(folder.Location, err)
	}
	v := &watcher{runs: r, ws: ws, spec: folder, options: o, notify: w, report: report}
	// Watched before it is read, so that nothing falls between the two.
	if err := v.add(real); err != nil {
		partly(err)
	}
	first, err := r.Run(ctx, ws, []Spec{folder}, o)
	if ctx.Err() != nil {
		return nil
	}
	v.news(first, err)
	report(first, err)
	v.loop(ctx)
	return nil
}

// watcher follows one folder. Only one goroutine uses it.
type watcher struct {
	runs    *Runs
	ws      uuid.UUID
	spec    Spec
	options Options
	notify  *fsnotify.Watcher
	report  func(Report, error)
	failed  []Failure // of the last run, so that a file that stays broken is reported once
	broken  string    // why the last run failed as a whole
}

// add watches a folder and those below it that are not passed over.
func (v *watcher) add(root string) error {
	var failed error
	_ = filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil || !d.IsDir():
			return nil // the run tells of what cannot be opened
		case name != root && passedOver(d.Name()):
			return fs.SkipDir
		}
		failed = errors.Join(failed, v.notify.Add(name))
		return nil
	})
	return failed
}

func (v *watcher) loop(ctx context.Context) {
	rescan := time.NewTicker(rescanEvery)
	defer rescan.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-rescan.C:
		case <-v.notify.Errors: // such as an overflow: the folder is read anyway
		case e := <-v.notify.Events:
			if !v.concerns(e) {
				continue
			}
			v.settle(ctx)
		}
		v.run(ctx)
	}
}

// concerns reports whether an event may change a document, and watches new folders.
func (v *watcher) concerns(e fsnotify.Event) bool {
	if e.Op == fsnotify.Chmod || passedOver(filepath.Base(e.Name)) {
		return false
	}
	if e.Has(fsnotify.Create) {
		if info, err := os.Lstat(e.Name); err == nil && info.IsDir() {
			_ = v.add(e.Name) // what cannot be watched is found by the next rescan
		}
	}
	return true
}

// settle takes events until the folder has been quiet for a moment.
func (v *watcher) settle(ctx context.Context) {
	quiet, most := time.NewTimer(settle), time.NewTimer(settleMost)
	defer quiet.Stop()
	defer most.Stop()
	for {
		select {
		case e := <-v.notify.Events:
			if v.concerns(e) {
				quiet.Reset(settle)
			}
		case <-quiet.C:
			return
		case <-most.C:
			return
		case <-ctx.Done():
			return
		}
	}
}

// run reads the folder, and records and tells what is new. Documents that have not changed cost their reading only.
func (v *watcher) run(ctx context.Context) {
	x := &execution{Runs: v.runs, ws: v.ws, collection: v.options.Collection, specs: []Spec{v.spec},
		prune: v.options.Prune}
	report, held, err := x.read(ctx, v.options.Progress)
	if ctx.Err() != nil {
		return
	}
	fresh, news := v.news(report, err)
	if !news {
		return
	}
	if recorded, beginErr := v.runs.begin(ctx, v.ws, x.specs, v.options); beginErr == nil {
		recorded.seen.Set(x.seen.Get())
		err = recorded.end(ctx, report, errors.Join(err, recorded.remember(ctx, held, report)))
	} else {
		err = errors.Join(err, beginErr)
	}
	v.report(fresh, err)
}

// news returns the report without the failures that were told before, and whether there is anything to tell.
func (v *watcher) news(r Report, err error) (Report, bool) {
	broken := ""
	if err != nil {
		broken = err.Error()
	}
	known := v.failed
	v.failed = r.Failed
	r.Failed = slices.DeleteFunc(slices.Clone(r.Failed), func(f Failure) bool { return slices.Contains(known, f) })
	news := len(r.Added)+len(r.Changed)+len(r.Removed)+len(r.Failed) > 0 || broken != v.broken
	v.broken = broken
	return r, news
}

package ingest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"handrail/internal/errs"
	"handrail/internal/progress"
	"handrail/knowledge"
)

const (
	// progressEvery is how often the progress of a run is written; watchers do not look more often.
	progressEvery = time.Second
	// aliveEvery is how often a run that makes no progress says that it is alive.
	aliveEvery = 10 * time.Second
	// deadAfter is how long a run may be silent before it is taken for dead.
	deadAfter = time.Minute
	// writeTimeout bounds the last write of a run, so that a database that is gone does not keep a process from stopping.
	writeTimeout = 2 * time.Second
	// maxNames is how many names each list of a stored report holds.
	maxNames = 1000
)

// execution is one attempt at one run.
type execution struct {
	*Runs
	ws         uuid.UUID
	run        int64
	deaths     int // of the run when this attempt began; whoever takes it for dead and over raises the count
	collection string
	specs      []Spec
	ids        []uuid.UUID // of the sources, in the order of specs; empty for a run without recorded sources
	prune      bool        // remove what is in the collection and in none of the sources
	own        bool        // remove what these sources held before and hold no longer

	store    func(context.Context, uuid.UUID, knowledge.Change) error // [Options.Store]
	complete bool                                                     // every item was seen to

	seen progress.Latest[Progress]
}

// work runs the pipeline, tells of its progress, and remembers what the sources hold.
func (x *execution) work(ctx context.Context, show func(Progress)) (Report, error) {
	stop := x.tell(ctx)
	report, held, err := x.read(ctx, show)
	stop()
	if len(x.ids) == 0 {
		return report, err
	}
	// What was stored before a run was called off comes from its sources all the same.
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*writeTimeout)
	defer cancel()
	return report, errors.Join(err, x.remember(last, held, report))
}

// read runs the pipeline with what is known of the sources, and returns what they turned out to hold.
func (x *execution) read(ctx context.Context, show func(Progress)) (report Report, held []holding, err error) {
	o := Options{Collection: x.collection, Prune: x.prune || x.own, Store: x.store}
	o.Progress = func(p Progress) {
		x.seen.Set(p)
		if show != nil {
			show(p)
		}
	}
	if o.removable, err = x.removable(ctx); err != nil {
		return Report{}, nil, err
	}
	l := &lore{opened: func(sources []*source) { held = holdings(sources) }}
	if l.known, err = x.recall(ctx); err != nil {
		return Report{}, nil, err
	}
	report, err = x.pipeline.runSpecs(ctx, x.ws, x.specs, l, o)
	x.complete = err == nil
	return report, held, err
}

// tell writes the progress of the run until the returned function is called, which may be called again.
func (x *execution) tell(ctx context.Context) (stop func()) {
	pace := progress.Pace{Every: progressEvery, Alive: aliveEvery}
	return progress.Tell(ctx, pace, &x.seen, func(ctx context.Context, p Progress) {
		_ = x.write(ctx, p) // a write that fails costs the watchers a second
	})
}

func (x *execution) write(ctx context.Context, p Progress) error {
	return x.db.InTx(ctx, x.ws, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `
			UPDATE ingest_runs SET done = $3, total = $4, seen_at = now()
			WHERE workspace_id = $1 AND id = $2 AND deaths = $5 AND state = 'running'`, x.ws, x.run, p.Done, p.Total, x.deaths)
		return err
	})
}

// finish writes how the run ended, unless somebody took it for dead meanwhile.
func (x *execution) finish(ctx context.Context, state RunState, r Report, why string) error {
	report, err := json.Marshal(shortened(r))
	if err != nil {
		return fmt.Errorf("encode the report of an ingest: %w", err)
	}
	p := x.seen.Get()
	err = x.db.InTx(ctx, x.ws, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `
			UPDATE ingest_runs SET state = $3, done = $4, total = $5, added = $6, changed = $7, removed = $8,
				unchanged = $9, failed = $10, report = $11, error = $12, seen_at = now(), finished_at = now()
			WHERE workspace_id = $1 AND id = $2 AND deaths = $13 AND state IN ('queued', 'running')`,
			x.ws, x.run, string(state), p.Done, p.Total, len(r.Added), len(r.Changed), len(r.Removed), len(r.Unchanged),
			len(r.Failed), report, why, x.deaths)
		return err
	})
	if err != nil {
		return fmt.Errorf("write the end of ingest run %d: %w", x.run, err)
	}
	return nil
}

// why explains a failure to those who look at the run.
func (x *execution) why(ctx context.Context, err error) string {
	switch {
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return "the source took longer than a run may take: allow fewer pages, or split it"
	case errors.Is(err, context.Canceled):
		return "it was called off: what it had stored by then stays"
	}
	return errs.Public(err)
}

// shortened is a report that fits into a row, whatever the size of the source.
func shortened(r Report) Report {
	for _, list := range []*[]string{&r.Added, &r.Changed, &r.Unchanged, &r.Removed, &r.Skipped} {
		*list = (*list)[:min(len(*list), maxNames)]
	}
	r.Failed = r.Failed[:min(len(r.Failed), maxNames)]
	return r
}

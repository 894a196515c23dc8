package ingest

import (
	"context"
	"path/filepath"
	"time"

	"github.com/google/uuid"

	"handrail/internal/postgres"
)

// RunState tells where a run stands.
//
//	                                 ┌── its node stops, or an attempt fails ──┐
//	                                 v                                         │
//	asked for over the API,       queued ──────────────────────────────────> running ──> done     every source was read
//	or due by its interval ──────────^                                       ^  └──────> failed   a source could not be
//	                                                                         │                    read, no attempt is left,
//	started on the command line ─────────────────────────────────────────────┘                    or its process died
type RunState string

// The states of a run.
const (
	RunQueued  RunState = "queued"
	RunRunning RunState = "running"
	RunDone    RunState = "done"
	RunFailed  RunState = "failed"
)

// Run is what is known of a run.
type Run struct {
	ID         int64
	State      RunState
	Sources    []string // as they were named
	Collection string

	Done, Total int // items; the total grows while a crawl goes on

	// What became of the documents, once the run is over. Removed by pruning; failed counts items.
	Added, Changed, Removed, Unchanged, Failed int

	Error      string     // public; why the run failed
	StartedAt  time.Time  // when it was asked for, until it starts
	FinishedAt *time.Time // nil until it is done or failed
	Report     *Report    // of [Runs.Get] only, once it is over; its lists hold at most 1,000 names each
}

// Runs ingests sources and keeps a record of sources and runs, so that everybody who may see the knowledge base sees
// what was loaded into it, from where, and what failed. It is safe for concurrent use.
type Runs struct {
	db       *postgres.DB
	pipeline *Pipeline
}

// NewRuns returns the runs of db, which p carries out. Both must use the same database.
func NewRuns(db *postgres.DB, p *Pipeline) *Runs { return &Runs{db: db, pipeline: p} }

// Run is [Pipeline.Run] for sources that are recorded, in the caller's process. A dry run is not recorded.
func (r *Runs) Run(ctx context.Context, ws uuid.UUID, specs []Spec, o Options) (Report, error) {
	if o.DryRun {
		return r.pipeline.runSpecs(ctx, ws, specs, nil, o)
	}
	x, err := r.begin(ctx, ws, specs, o)
	if err != nil {
		return Report{}, err
	}
	report, err := x.work(ctx, o.Progress)
	return report, x.end(ctx, report, err)
}

// RunSource reads one recorded source again in the caller's process, and removes what it no longer holds. Of o only the
// functions count. It takes the place of a run that waits for a server; a source that is being read is refused with kind
// Conflict.
func (r *Runs) RunSource(ctx context.Context, ws, id uuid.UUID, o Options) (Report, error) {
	s, err := r.Source(ctx, ws, id)
	if err != nil {
		return Report{}, err
	}
	if err := r.bury(ctx, ws); err != nil {
		return Report{}, err
	}
	x, err := r.claim(ctx, ws, s, o)
	if err != nil {
		return Report{}, err
	}
	report, err := x.work(ctx, o.Progress)
	return report, x.end(ctx, report, err)
}

// end writes how a run ended in the caller's process and passes its error on.
func (x *execution) end(ctx context.Context, report Report, failed error) error {
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), writeTimeout)
	defer cancel()
	state, why := RunDone, ""
	if failed != nil {
		state, why = RunFailed, x.why(ctx, failed)
	}
	if err := x.finish(last, state, report, why); err != nil && failed == nil {
		return err
	}
	return failed
}

// located returns the specs with paths that mean the same in every process of this machine.
func located(specs []Spec) ([]Spec, error) {
	out := make([]Spec, len(specs))
	for i, s := range specs {
		if s.fromDisk() {
			full, err := filepath.Abs(s.Location)
			if err != nil {
				return nil, sourceError(s.Location, err)
			}
			s.Location = full
		}
		out[i] = s
	}
	return out, nil
}

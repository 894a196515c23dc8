package ingest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"

	"handrail/internal/errs"
)

// jobArgs is what stands in River's table.
type jobArgs struct {
	Workspace uuid.UUID `json:"workspace"`
	Run       int64     `json:"run"` // 0 in jobs of older versions, whose run has the id of the job
}

// Kind names the job in River's table, also in rows of older versions.
func (jobArgs) Kind() string { return "ingest" }

// InsertOpts sends every job to the queue of its own.
func (jobArgs) InsertOpts() river.InsertOpts { return river.InsertOpts{Queue: jobQueue} }

// jobWorker runs one job at a time per goroutine of River's.
type jobWorker struct {
	river.WorkerDefaults[jobArgs]
	runs   *Runs
	logger *slog.Logger
}

// Work carries out a run. River works the job again after an error; what is stored already is then unchanged.
func (w *jobWorker) Work(ctx context.Context, job *river.Job[jobArgs]) error {
	id := job.Args.Run
	if id == 0 {
		id = job.ID
	}
	x, err := w.runs.takeUp(ctx, job.Args.Workspace, id)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil // it is over, or another job has it
	}
	if err != nil {
		return err
	}
	report, err := x.work(ctx, nil)
	return w.end(ctx, job, x, report, err)
}

// takeUp marks a queued run as running and returns it, or [pgx.ErrNoRows] if it is not queued.
func (r *Runs) takeUp(ctx context.Context, ws uuid.UUID, id int64) (x *execution, err error) {
	err = r.db.InTx(ctx, ws, func(tx pgx.Tx) error {
		x, err = r.take(ctx, tx, ws, id)
		return err
	})
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		err = fmt.Errorf("take up ingest run %d: %w", id, err)
	}
	return x, err
}

// take is takeUp in the caller's transaction.
func (r *Runs) take(ctx context.Context, tx pgx.Tx, ws uuid.UUID, id int64) (*execution, error) {
	x := &execution{Runs: r, ws: ws, run: id, own: true}
	var urls []string
	err := tx.QueryRow(ctx, `
		UPDATE ingest_runs SET state = 'running', done = 0, seen_at = now(), started_at = coalesce(started_at, now())
		WHERE workspace_id = $1 AND id = $2 AND state = 'queued'
		RETURNING names, collection, deaths`, ws, id).Scan(&urls, &x.collection, &x.deaths)
	if err != nil {
		return nil, err
	}
	rows, err := tx.Query(ctx, `
		SELECT s.id, s.kind, s.location, s.max_pages, s.depth
		FROM ingest_run_sources l JOIN ingest_sources s ON s.workspace_id = l.workspace_id AND s.id = l.source_id
		WHERE l.workspace_id = $1 AND l.run_id = $2`, ws, id)
	if err != nil {
		return nil, err
	}
	var source uuid.UUID
	var spec Spec
	_, err = pgx.ForEachRow(rows, []any{&source, &spec.Kind, &spec.Location, &spec.MaxPages, &spec.Depth}, func() error {
		x.ids, x.specs = append(x.ids, source), append(x.specs, spec)
		return nil
	})
	if len(x.ids) == 0 { // pages without a source on record
		x.own = false
		for _, url := range urls {
			x.specs = append(x.specs, Spec{Kind: KindPage, Location: url})
		}
	}
	return x, err
}

// end writes how an attempt ended and tells River whether another one shall follow.
func (w *jobWorker) end(ctx context.Context, job *river.Job[jobArgs], x *execution, report Report, failed error) error {
	// The state must reach the database also when the time of the job is over.
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), writeTimeout)
	defer cancel()
	switch {
	case failed == nil:
		return x.finish(last, RunDone, report, "")
	case errs.Is(failed, errs.Invalid): // a page must change, or the request
		if err := x.finish(last, RunFailed, report, errs.Public(failed)); err != nil {
			return err
		}
		return river.JobCancel(failed)
	case errors.Is(ctx.Err(), context.Canceled): // River counts no attempt when it hears its own cause
		return errors.Join(context.Cause(ctx), x.giveBack(last))
	case job.Attempt < job.MaxAttempts:
		return errors.Join(failed, x.giveBack(last))
	}
	w.logger.ErrorContext(ctx, "an ingest failed for good", "run", x.run, "error", failed)
	return errors.Join(failed, x.finish(last, RunFailed, report, x.why(ctx, failed)))
}

// giveBack leaves a run to the next attempt.
func (x *execution) giveBack(ctx context.Context) error {
	err := x.db.InTx(ctx, x.ws, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `
			UPDATE ingest_runs SET state = 'queued', seen_at = now()
			WHERE workspace_id = $1 AND id = $2 AND deaths = $3 AND state = 'running'`, x.ws, x.run, x.deaths)
		return err
	})
	if err != nil {
		return fmt.Errorf("give back ingest run %d: %w", x.run, err)
	}
	return nil
}

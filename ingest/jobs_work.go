package ingest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"

	"handrail/internal/errs"
	"handrail/internal/postgres"
)

// progressEvery is how often the progress of a job is written; watchers do not look more often.
const progressEvery = time.Second

// writeTimeout bounds the last write of an attempt, so that a database that is gone does not keep a node from stopping.
const writeTimeout = 2 * time.Second

// jobArgs is what stands in River's table.
type jobArgs struct {
	Workspace uuid.UUID `json:"workspace"`
}

// Kind names the job in River's table, also in rows of older versions.
func (jobArgs) Kind() string { return "ingest" }

// InsertOpts sends every job to the queue of its own.
func (jobArgs) InsertOpts() river.InsertOpts { return river.InsertOpts{Queue: jobQueue} }

// jobWorker runs one job at a time per goroutine of River's.
type jobWorker struct {
	river.WorkerDefaults[jobArgs]
	db       *postgres.DB
	pipeline *Pipeline
	timeout  time.Duration
	logger   *slog.Logger
}

// Work runs the pipeline. River runs it again after an error, and after its node died; a page that is stored already is
// then unchanged.
func (w *jobWorker) Work(ctx context.Context, job *river.Job[jobArgs]) error {
	a := &attempt{jobWorker: w, job: job}
	urls, collection, err := a.begin(ctx)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil // it finished, and its node died before it could tell River
	}
	if err != nil {
		return err
	}
	watch := func(p Progress) { a.watch(ctx, p) }
	report, err := w.pipeline.Run(ctx, job.Args.Workspace, urls, Options{Collection: collection, Progress: watch})
	return a.end(ctx, report, err)
}

// attempt is one run of one job. Only one goroutine uses it.
type attempt struct {
	*jobWorker
	job     *river.Job[jobArgs]
	seen    Progress
	written time.Time
}

// begin marks the job as running and returns what it is to do, or [pgx.ErrNoRows] if it is over.
func (a *attempt) begin(ctx context.Context) (urls []string, collection string, err error) {
	err = a.db.InTx(ctx, a.job.Args.Workspace, func(tx pgx.Tx) error {
		return tx.QueryRow(ctx, `
			UPDATE ingest_jobs SET state = 'running', done = 0, updated_at = now()
			WHERE workspace_id = $1 AND id = $2 AND state IN ('queued', 'running')
			RETURNING urls, collection`, a.job.Args.Workspace, a.job.ID).Scan(&urls, &collection)
	})
	return urls, collection, err
}

// watch writes the progress now and then. A write that fails costs the watchers a second.
func (a *attempt) watch(ctx context.Context, p Progress) {
	a.seen = p
	if time.Since(a.written) < progressEvery {
		return
	}
	a.written = time.Now()
	if err := a.store(ctx, JobRunning, nil, ""); err != nil {
		a.logger.DebugContext(ctx, "the progress of an ingest was not written", "job", a.job.ID, "error", err)
	}
}

// end writes how the attempt ended and tells River whether another one shall follow.
func (a *attempt) end(ctx context.Context, report Report, failed error) error {
	// The state must reach the database also when the time of the job is over.
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), writeTimeout)
	defer cancel()
	switch {
	case failed == nil:
		return a.store(last, JobDone, &report, "")
	case errs.Is(failed, errs.Invalid): // a page must change, or the request
		if err := a.store(last, JobFailed, &report, errs.Public(failed)); err != nil {
			return err
		}
		return river.JobCancel(failed)
	case errors.Is(ctx.Err(), context.Canceled): // River counts no attempt when it hears its own cause
		return errors.Join(context.Cause(ctx), a.store(last, JobQueued, nil, ""))
	case a.job.Attempt < a.job.MaxAttempts:
		return errors.Join(failed, a.store(last, JobQueued, nil, ""))
	}
	a.logger.ErrorContext(ctx, "an ingest failed for good", "job", a.job.ID, "error", failed)
	return errors.Join(failed, a.store(last, JobFailed, &report, a.explain(ctx, failed)))
}

func (a *attempt) explain(ctx context.Context, err error) string {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return fmt.Sprintf("the pages took longer than %s: ask for fewer at a time", a.timeout)
	}
	return errs.Public(err)
}

// store writes the state and the progress. There is a report only at the end.
func (a *attempt) store(ctx context.Context, state JobState, report *Report, reason string) error {
	var encoded []byte // nil is NULL
	if report != nil {
		var err error
		if encoded, err = json.Marshal(report); err != nil {
			return fmt.Errorf("encode the report of an ingest: %w", err)
		}
	}
	err := a.db.InTx(ctx, a.job.Args.Workspace, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `
			UPDATE ingest_jobs SET state = $3, done = $4, report = $5, error = $6, updated_at = now()
			WHERE workspace_id = $1 AND id = $2 AND state IN ('queued', 'running')`,
			a.job.Args.Workspace, a.job.ID, string(state), a.seen.Done, encoded, reason)
		return err
	})
	if err != nil {
		return fmt.Errorf("write the state of ingest job %d: %w", a.job.ID, err)
	}
	return nil
}

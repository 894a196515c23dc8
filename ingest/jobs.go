package ingest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"

	"handrail/internal/errs"
	"handrail/internal/postgres"
)

// MaxURLs is how many pages one job may fetch, so that it ends well before its time is over.
const MaxURLs = 100

// jobQueue is the name of the queue in River's tables.
const jobQueue = "ingest"

// JobState tells where a job stands.
//
//	             ┌── interrupted, or an attempt failed ──┐
//	             v                                       │
//	Enqueue ──> queued ────────────────────────────> running ──> done      every page was read
//	                                                     └─────> failed    a page could not be read, or no attempt is left
type JobState string

// The states of a job.
const (
	JobQueued  JobState = "queued"
	JobRunning JobState = "running"
	JobDone    JobState = "done"
	JobFailed  JobState = "failed"
)

// JobStatus is what is known of a job.
type JobStatus struct {
	ID          int64
	State       JobState
	Done, Total int     // pages
	Report      *Report // of the last attempt; nil until the job is done or failed
	Error       string  // public; why the job failed
}

// Jobs runs ingests of web pages in the background, on whichever node has time. A job survives the end of its node.
// It is safe for concurrent use.
type Jobs struct {
	db     *postgres.DB
	client *river.Client[pgx.Tx]
}

// NewJobs returns the jobs of db, which p runs. It neither connects nor starts a goroutine.
func NewJobs(db *postgres.DB, p *Pipeline, logger *slog.Logger) (*Jobs, error) {
	return newJobs(db, p, jobsConfig(logger))
}

func jobsConfig(logger *slog.Logger) *river.Config {
	return &river.Config{
		Queues:               map[string]river.QueueConfig{jobQueue: {MaxWorkers: 2}},
		FetchPollInterval:    time.Second, // in case a notification is lost
		JobTimeout:           10 * time.Minute,
		RescueStuckJobsAfter: 15 * time.Minute,
		SoftStopTimeout:      2 * time.Second,
		MaxAttempts:          3,
		// Only the owner of an index may rebuild it, and the application role owns nothing.
		ReindexerIndexNames: []string{},
		Logger:              logger,
	}
}

func newJobs(db *postgres.DB, p *Pipeline, c *river.Config) (*Jobs, error) {
	c.Workers = river.NewWorkers()
	if err := river.AddWorkerSafely(c.Workers, &jobWorker{db: db, pipeline: p, timeout: c.JobTimeout, logger: c.Logger}); err != nil {
		return nil, fmt.Errorf("register the ingest worker: %w", err)
	}
	client, err := river.NewClient(riverpgxv5.New(db.Pool()), c)
	if err != nil {
		return nil, fmt.Errorf("configure the job queue: %w", err)
	}
	return &Jobs{db: db, client: client}, nil
}

// Start takes jobs until Stop, or until ctx ends.
func (j *Jobs) Start(ctx context.Context) error {
	if err := j.client.Start(ctx); err != nil {
		return fmt.Errorf("start the job queue: %w", err)
	}
	return nil
}

// Stop takes no more jobs, lets running ones go on for two seconds and leaves the rest to the next node that has time.
// It returns when no goroutine is left, or with ctx's error when ctx ends.
func (j *Jobs) Stop(ctx context.Context) error { return j.client.Stop(ctx) }

// Enqueue adds a job in the caller's transaction, which must be one of ws, and returns its id. The job runs once the
// transaction has committed. Only http(s) addresses may be named, at least one and at most [MaxURLs]; anything else is
// of kind Invalid and named in the error.
func (j *Jobs) Enqueue(ctx context.Context, tx pgx.Tx, ws uuid.UUID, urls []string, collection string) (int64, error) {
	urls, err := pages(urls)
	if err != nil {
		return 0, err
	}
	job, err := j.client.InsertTx(ctx, tx, jobArgs{ws}, nil)
	if err != nil {
		return 0, fmt.Errorf("enqueue an ingest: %w", err)
	}
	_, err = tx.Exec(ctx, `
		INSERT INTO ingest_jobs (workspace_id, id, urls, collection, total) VALUES ($1, $2, $3, $4, cardinality($3::text[]))`,
		ws, job.Job.ID, urls, collection)
	if err != nil {
		return 0, fmt.Errorf("record an ingest job: %w", err)
	}
	return job.Job.ID, nil
}

// pages checks the addresses of a job and returns each once. The names of a server's files never pass: whoever may
// write knowledge need not be allowed to read the server's disk.
func pages(names []string) ([]string, error) {
	if len(names) == 0 || len(names) > MaxURLs {
		return nil, errs.New(errs.Invalid, "one ingest takes 1 to %d addresses and got %d: split it into several",
			MaxURLs, len(names))
	}
	var out []string
	for _, name := range names {
		u, err := url.Parse(name)
		if err != nil {
			return nil, errs.Wrap(err, errs.Invalid, "%q is not an address that can be ingested: use http://host/path or "+
				"https://host/path", name)
		}
		s, err := openURL(name, u)
		if err != nil {
			return nil, err
		}
		if uri := s.items[0].uri; !slices.Contains(out, uri) {
			out = append(out, uri)
		}
	}
	return out, nil
}

// Status returns what is known of a job of ws; an unknown one, or one of another workspace, is of kind NotFound.
func (j *Jobs) Status(ctx context.Context, ws uuid.UUID, id int64) (JobStatus, error) {
	s := JobStatus{ID: id}
	var report []byte
	var lost bool
	err := j.db.InTx(ctx, ws, func(tx pgx.Tx) error {
		// A job whose last attempt died with its node has nobody left to write its row.
		return tx.QueryRow(ctx, `
			SELECT j.state, j.done, j.total, j.report, j.error,
			       j.report IS NULL AND coalesce(r.state IN ('cancelled', 'discarded'), true)
			FROM ingest_jobs j LEFT JOIN river_job r USING (id)
			WHERE j.workspace_id = $1 AND j.id = $2`, ws, id).
			Scan(&s.State, &s.Done, &s.Total, &report, &s.Error, &lost)
	})
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return s, errs.New(errs.NotFound, "there is no ingest %d", id)
	case err != nil:
		return s, fmt.Errorf("read ingest job %d: %w", id, err)
	case lost:
		s.State, s.Error = JobFailed, "the server ended in the middle of it several times: send the addresses again"
		s.Report = &Report{}
	case report != nil:
		err = json.Unmarshal(report, &s.Report)
	}
	return s, err
}

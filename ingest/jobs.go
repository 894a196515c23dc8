package ingest

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"

	"handrail/internal/errs"
	"handrail/internal/postgres"
)

// MaxURLs is how many pages one request may name.
const MaxURLs = 100

// jobQueue is the name of the queue in River's tables.
const jobQueue = "ingest"

// runTime is how long one run in the background may take, which is enough for [MaxPages] pages at the usual pace.
const runTime = 2 * time.Hour

// Jobs carries out runs in the background, on whichever node has time, and starts those that are due. A run survives
// the end of its node. It is safe for concurrent use.
type Jobs struct {
	*Runs
	client  *river.Client[pgx.Tx]
	logger  *slog.Logger
	stop    context.CancelFunc // of the loop that looks for due sources; nil before Start
	looking sync.WaitGroup
}

// NewJobs returns the jobs of db, which p runs. It neither connects nor starts a goroutine, so a process that only adds
// runs need not start it.
func NewJobs(db *postgres.DB, p *Pipeline, logger *slog.Logger) (*Jobs, error) {
	return newJobs(db, p, jobsConfig(logger))
}

func jobsConfig(logger *slog.Logger) *river.Config {
	return &river.Config{
		Queues:            map[string]river.QueueConfig{jobQueue: {MaxWorkers: 4}},
		FetchPollInterval: time.Second, // in case a notification is lost
		JobTimeout:        runTime,
		SoftStopTimeout:   2 * time.Second,
		MaxAttempts:       3,
		// Only the owner of an index may rebuild it, and the application role owns nothing.
		ReindexerIndexNames: []string{},
		Logger:              logger,
	}
}

func newJobs(db *postgres.DB, p *Pipeline, c *river.Config) (*Jobs, error) {
	runs := NewRuns(db, p)
	c.Workers = river.NewWorkers()
	if err := river.AddWorkerSafely(c.Workers, &jobWorker{runs: runs, logger: c.Logger}); err != nil {
		return nil, fmt.Errorf("register the ingest worker: %w", err)
	}
	client, err := river.NewClient(riverpgxv5.New(db.Pool()), c)
	if err != nil {
		return nil, fmt.Errorf("configure the job queue: %w", err)
	}
	return &Jobs{Runs: runs, client: client, logger: c.Logger}, nil
}

// Start takes runs, and looks for sources that are due, until Stop, or until ctx ends.
func (j *Jobs) Start(ctx context.Context) error {
	if err := j.client.Start(ctx); err != nil {
		return fmt.Errorf("start the job queue: %w", err)
	}
	ctx, j.stop = context.WithCancel(ctx)
	j.looking.Go(func() { j.look(ctx) })
	return nil
}

// Stop takes no more runs, lets those under way go on for two seconds and leaves the rest to the next node that has
// time. It returns when no goroutine is left, or with ctx's error when ctx ends.
func (j *Jobs) Stop(ctx context.Context) error {
	if j.stop != nil {
		j.stop()
		j.looking.Wait()
	}
	return j.client.Stop(ctx)
}

// Enqueue adds a run of single pages in the caller's transaction, which must be one of ws, and returns its id. It starts
// once the transaction has committed. Only http(s) addresses may be named, at least one and at most [MaxURLs]; anything
// else is of kind Invalid and named in the error.
func (j *Jobs) Enqueue(ctx context.Context, tx pgx.Tx, ws uuid.UUID, urls []string, collection string) (int64, error) {
	urls, err := pages(urls)
	if err != nil {
		return 0, err
	}
	return j.enqueue(ctx, tx, ws, urls, collection, nil)
}

// enqueue adds a run with its job.
func (j *Jobs) enqueue(ctx context.Context, tx pgx.Tx, ws uuid.UUID, names []string, collection string,
	sources []uuid.UUID) (int64, error) {
	run, err := recordRun(ctx, tx, ws, names, collection, RunQueued, sources)
	if err != nil {
		return 0, fmt.Errorf("record an ingest run: %w", err)
	}
	if _, err := j.client.InsertTx(ctx, tx, jobArgs{Workspace: ws, Run: run}, nil); err != nil {
		return 0, fmt.Errorf("enqueue an ingest: %w", err)
	}
	return run, nil
}

// pages checks the addresses of a run and returns each once.
func pages(names []string) ([]string, error) {
	if len(names) == 0 || len(names) > MaxURLs {
		return nil, errs.New(errs.Invalid, "one ingest takes 1 to %d addresses and got %d: split it into several",
			MaxURLs, len(names))
	}
	var out []string
	for _, name := range names {
		s, err := Spec{Kind: KindPage, Location: name}.Web()
		if err != nil {
			return nil, err
		}
		if !slices.Contains(out, s.Location) {
			out = append(out, s.Location)
		}
	}
	return out, nil
}

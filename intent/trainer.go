package intent

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

const (
	// lookEvery is how often a node looks for trainings that nobody woke it for.
	lookEvery = 2 * time.Second
	// tellEvery is how often the progress of a training is written; watchers do not look more often.
	tellEvery = time.Second
	// aliveEvery is how often a training that makes no progress says that it is alive.
	aliveEvery = 10 * time.Second
	// deadAfter is how long a training may be silent before it is taken for dead.
	deadAfter = time.Minute
	// maxAttempts is how often a training is begun before it is given up: it may be what ends the nodes.
	maxAttempts = 3
	// writeTimeout bounds the last write of an attempt, so that a database that is gone does not keep a process from
	// stopping.
	writeTimeout = 2 * time.Second
)

// Trainer carries out the trainings of all workspaces in the background, one at a time on each node and one at a time in
// each workspace. A training survives the end of its node: it is taken up by another after a minute of silence, at most
// three times. It is safe for concurrent use.
type Trainer struct {
	classifier *Classifier
	logger     *slog.Logger
	wake       chan struct{}
	stop       context.CancelFunc
	done       sync.WaitGroup
}

// NewTrainer returns a trainer that has not started; one that only adds and reads trainings need not.
func NewTrainer(c *Classifier, logger *slog.Logger) *Trainer {
	return &Trainer{classifier: c, logger: logger, wake: make(chan struct{}, 1), stop: func() {}}
}

// Start takes up trainings until ctx ends or Stop.
func (t *Trainer) Start(ctx context.Context) {
	ctx, t.stop = context.WithCancel(ctx)
	t.done.Go(func() { t.loop(ctx) })
}

// Stop takes no more trainings and leaves the one under way to another node, or to the next start. It returns when no
// goroutine is left, which takes as long as a model takes to fit, or with ctx's error when ctx ends; a minute later the
// training is then taken for dead.
func (t *Trainer) Stop(ctx context.Context) error {
	t.stop()
	over := make(chan struct{})
	go func() {
		t.done.Wait()
		close(over)
	}()
	select {
	case <-over:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Wake says that there may be a training. It never blocks.
func (t *Trainer) Wake() {
	select {
	case t.wake <- struct{}{}:
	default:
	}
}

func (t *Trainer) loop(ctx context.Context) {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		for {
			worked, err := t.work(ctx)
			if err != nil && ctx.Err() == nil {
				t.logger.ErrorContext(ctx, "looking for trainings failed; the next look follows", "error", err)
			}
			if !worked || err != nil {
				break
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-t.wake:
		case <-tick.C:
		}
	}
}

// work carries out the oldest training that waits, and reports whether there was one.
func (t *Trainer) work(ctx context.Context) (worked bool, err error) {
	var a *attempt
	err = t.classifier.db.InSystemTx(ctx, func(tx pgx.Tx) error {
		if err := revive(ctx, tx); err != nil {
			return err
		}
		a, err = t.claim(ctx, tx, uuid.Nil)
		return err
	})
	if errors.Is(err, errBusy) {
		return false, nil
	}
	if err != nil || a == nil {
		return false, err
	}
	a.run(ctx, nil)
	return true, nil
}

// revive queues the trainings of dead nodes again, or gives them up.
func revive(ctx context.Context, tx pgx.Tx) error {
	_, err := tx.Exec(ctx, `
		UPDATE intent_trainings SET
			state = CASE WHEN attempts < $2 THEN 'queued' ELSE 'failed' END,
			error = CASE WHEN attempts < $2 THEN '' ELSE 'the server ended in the middle of it several times: start it again' END,
			body = CASE WHEN attempts < $2 THEN body ELSE '' END,
			ended_at = CASE WHEN attempts < $2 THEN NULL ELSE now() END
		WHERE state = 'running' AND seen_at < now() - $1::interval`, deadAfter, maxAttempts)
	if err != nil {
		return fmt.Errorf("take up the trainings of dead nodes: %w", err)
	}
	return nil
}

// claim marks the oldest training that waits as running, or only the given one, and returns it; nil for none. While a
// workspace has one running, its others wait.
func (t *Trainer) claim(ctx context.Context, tx pgx.Tx, only uuid.UUID) (*attempt, error) {
	a := &attempt{Trainer: t}
	err := tx.QueryRow(ctx, `
		UPDATE intent_trainings SET state = 'running', stage = 'reading', done = 0, total = 0, attempts = attempts + 1,
			started_at = coalesce(started_at, now()), seen_at = now()
		WHERE (workspace_id, id) = (
			SELECT q.workspace_id, q.id FROM intent_trainings q
			WHERE q.state = 'queued' AND ($1::uuid = '00000000-0000-0000-0000-000000000000' OR q.id = $1)
			      AND NOT EXISTS (SELECT FROM intent_trainings r
			          WHERE r.workspace_id = q.workspace_id AND r.state = 'running')
			ORDER BY q.created_at, q.id LIMIT 1 FOR UPDATE SKIP LOCKED)
		RETURNING workspace_id, id, attempts, format, body, note, activate, actor`, only).
		Scan(&a.ws, &a.id, &a.number, &a.request.Format, &a.request.Text, &a.request.Note, &a.request.Activate, &a.request.Actor)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil
	}
	var taken *pgconn.PgError
	if errors.As(err, &taken) && taken.ConstraintName == "intent_trainings_running" {
		return nil, errBusy
	}
	if err != nil {
		return nil, fmt.Errorf("take up a training: %w", err)
	}
	return a, nil
}

// errBusy says that another node was faster; its transaction is of no further use.
var errBusy = errors.New("another training of the workspace has just begun")

package evals

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"handrail/internal/errs"
)

// maxDeaths is how many processes may end in the middle of a run before the run is taken for the reason.
const maxDeaths = 3

// attempt is one process at work on one run.
type attempt struct {
	*Store
	ws, run, claim uuid.UUID
	suite          string
	background     bool
	deaths         int
}

// claim takes the oldest background run that waits or whose process is silent; nil if there is none.
func (s *Store) claim(ctx context.Context) (*attempt, error) {
	a := &attempt{Store: s, claim: uuid.New(), background: true}
	err := s.c.DB.InSystemTx(ctx, func(tx pgx.Tx) error {
		return tx.QueryRow(ctx, `
			UPDATE eval_runs r SET state = 'running', claim = $1, lease_until = now() + $2::interval, done = 0,
				started_at = coalesce(r.started_at, now()), deaths = r.deaths + (r.state = 'running')::int
			FROM (SELECT workspace_id, id FROM eval_runs
			      WHERE background AND (state = 'queued' OR state = 'running' AND lease_until < now())
			      ORDER BY created_at, id LIMIT 1 FOR UPDATE SKIP LOCKED) next
			WHERE r.workspace_id = next.workspace_id AND r.id = next.id
			RETURNING r.workspace_id, r.id, r.suite, r.deaths`, a.claim, s.c.Lease).Scan(&a.ws, &a.run, &a.suite, &a.deaths)
	})
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("claim an eval run: %w", err)
	}
	return a, nil
}

// begin records a run that belongs to this process.
func (s *Store) begin(ctx context.Context, ws uuid.UUID, actor string, suite Suite) (*attempt, error) {
	a := &attempt{Store: s, ws: ws, run: uuid.New(), claim: uuid.New(), suite: suite.Name}
	err := s.c.DB.InTx(ctx, ws, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `
			INSERT INTO eval_runs (workspace_id, id, suite, background, state, claim, lease_until, started_at, total)
			VALUES ($1, $2, $3, false, 'running', $4, now() + $5::interval, now(), $6)`,
			ws, a.run, a.suite, a.claim, s.c.Lease, len(suite.Cases))
		if err != nil {
			return err
		}
		return s.auditRun(ctx, tx, ws, actor, a.run, a.suite)
	})
	if err != nil {
		return nil, fmt.Errorf("record an eval run: %w", err)
	}
	return a, nil
}

// bury ends the runs that belonged to processes which died, of every workspace.
func (s *Store) bury(ctx context.Context) error {
	return s.c.DB.InSystemTx(ctx, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `
			UPDATE eval_runs SET state = 'failed', finished_at = now(),
				error = 'the process that ran it ended in the middle: run it again'
			WHERE NOT background AND state = 'running' AND lease_until < now()`)
		return err
	})
}

// errLost says that another process took the run for dead and has it now.
var errLost = errs.New(errs.Conflict, "the run was silent for too long, and was given up or taken over: run it again")

// renew writes the progress of the attempt, which is its sign of life.
func (a *attempt) renew(ctx context.Context, done, total int) error {
	return a.write(ctx, `
		UPDATE eval_runs SET done = $4, total = $5, lease_until = now() + $6::interval
		WHERE workspace_id = $1 AND id = $2 AND claim = $3 AND state = 'running'`, done, total, a.c.Lease)
}

// release gives a background run back, so that another node takes it up at once.
func (a *attempt) release(ctx context.Context) error {
	return a.write(ctx, `
		UPDATE eval_runs SET state = 'queued', claim = NULL, lease_until = '-infinity', done = 0
		WHERE workspace_id = $1 AND id = $2 AND claim = $3 AND state = 'running'`)
}

// fail ends the run without a result.
func (a *attempt) fail(ctx context.Context, why string) error {
	return a.write(ctx, `
		UPDATE eval_runs SET state = 'failed', finished_at = now(), error = $4
		WHERE workspace_id = $1 AND id = $2 AND claim = $3 AND state = 'running'`, why)
}

// write carries out one statement about the run, and refuses with errLost where the attempt has it no more.
func (a *attempt) write(ctx context.Context, sql string, args ...any) error {
	return a.c.DB.InTx(ctx, a.ws, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, sql, append([]any{a.ws, a.run, a.claim}, args...)...)
		if err == nil && tag.RowsAffected() == 0 {
			return errLost
		}
		return err
	})
}

// lastWrite bounds the last write of a run, so that a database that is gone does not keep a process from stopping.
const lastWrite = 2 * time.Second

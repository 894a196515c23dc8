package ingest

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"handrail/internal/errs"
)

// claim returns a run of a source for the caller's process: the one that waits, the one of a node that died, or a new one.
func (r *Runs) claim(ctx context.Context, ws uuid.UUID, s Source, o Options) (*execution, error) {
	x := &execution{Runs: r, ws: ws, collection: s.Collection, specs: []Spec{s.Spec}, ids: []uuid.UUID{s.ID}, own: true}
	err := r.db.InTx(ctx, ws, func(tx pgx.Tx) error {
		if err := lockSource(ctx, tx, ws, s.ID); err != nil {
			return err
		}
		run, err := openRun(ctx, tx, ws, s.ID)
		switch {
		case err != nil:
		case run != 0:
			x, err = r.takeOver(ctx, tx, ws, run)
		default:
			x.run, err = recordRun(ctx, tx, ws, []string{s.Location}, s.Collection, RunRunning, x.ids)
		}
		if err != nil {
			return err
		}
		return o.recorded(ctx, tx, x.run)
	})
	if err != nil {
		return nil, fmt.Errorf("begin a run of source %s: %w", s.ID, err)
	}
	return x, nil
}

// takeOver takes up an open run unless somebody carries it out.
func (r *Runs) takeOver(ctx context.Context, tx pgx.Tx, ws uuid.UUID, run int64) (*execution, error) {
	_, err := tx.Exec(ctx, `
		UPDATE ingest_runs SET state = 'queued', deaths = deaths + 1
		WHERE workspace_id = $1 AND id = $2 AND state = 'running' AND seen_at < now() - $3::interval`, ws, run, deadAfter)
	if err != nil {
		return nil, err
	}
	x, err := r.take(ctx, tx, ws, run)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, errs.New(errs.Conflict, "the source is being read by run %d: wait until it is over, which `handrail "+
			"sources list` shows", run)
	}
	return x, err
}

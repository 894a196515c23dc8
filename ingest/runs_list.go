package ingest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"handrail/internal/errs"
)

// List returns the newest runs of ws first, at most limit of them; of one source, or of all for the zero id.
func (r *Runs) List(ctx context.Context, ws, source uuid.UUID, limit int) ([]Run, error) {
	var out []Run
	err := r.db.InTx(ctx, ws, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `
			SELECT `+runColumns+` FROM ingest_runs r
			WHERE r.workspace_id = $1 AND ($2::uuid = '00000000-0000-0000-0000-000000000000' OR EXISTS (
				SELECT FROM ingest_run_sources l WHERE l.workspace_id = $1 AND l.source_id = $2 AND l.run_id = r.id))
			ORDER BY r.id DESC LIMIT $3`, ws, source, limit)
		if err != nil {
			return err
		}
		out, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (Run, error) {
			var run Run
			err := row.Scan(run.fields()...)
			return run, err
		})
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list ingest runs: %w", err)
	}
	return out, nil
}

// Get returns what is known of a run of ws; an unknown one, or one of another workspace, is of kind NotFound.
func (r *Runs) Get(ctx context.Context, ws uuid.UUID, id int64) (Run, error) {
	var run Run
	var report []byte
	err := r.db.InTx(ctx, ws, func(tx pgx.Tx) error {
		return tx.QueryRow(ctx, `
			SELECT `+runColumns+`, r.report FROM ingest_runs r WHERE r.workspace_id = $1 AND r.id = $2`, ws, id).
			Scan(append(run.fields(), &report)...)
	})
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return run, errs.New(errs.NotFound, "there is no ingest %d", id)
	case err != nil:
		return run, fmt.Errorf("read ingest run %d: %w", id, err)
	case report != nil:
		err = json.Unmarshal(report, &run.Report)
	}
	return run, err
}

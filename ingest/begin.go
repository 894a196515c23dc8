package ingest

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// begin records the sources, unless they are known, and a run of them that is under way.
func (r *Runs) begin(ctx context.Context, ws uuid.UUID, specs []Spec, o Options) (*execution, error) {
	full, err := located(specs)
	if err != nil {
		return nil, err
	}
	if err := r.bury(ctx, ws); err != nil {
		return nil, err
	}
	x := &execution{Runs: r, ws: ws, specs: specs, collection: o.Collection, prune: o.Prune, store: o.Store}
	names := make([]string, len(specs))
	for i, s := range specs {
		names[i] = s.Location
	}
	err = r.db.InTx(ctx, ws, func(tx pgx.Tx) error {
		if x.ids, err = recordSources(ctx, tx, ws, full, o.Collection); err != nil {
			return err
		}
		if x.run, err = recordRun(ctx, tx, ws, names, o.Collection, RunRunning, x.ids); err != nil {
			return err
		}
		return o.recorded(ctx, tx, x.run)
	})
	if err != nil {
		return nil, fmt.Errorf("record an ingest run: %w", err)
	}
	return x, nil
}

// recordSources returns the ids of the sources in the order of specs. A source that is on record keeps its limits, which
// somebody may have chosen for its runs by interval.
func recordSources(ctx context.Context, tx pgx.Tx, ws uuid.UUID, specs []Spec, collection string) ([]uuid.UUID, error) {
	order := make([]int, len(specs))
	for i := range order {
		order[i] = i
	}
	// Two runs of the same sources take their locks in the same order.
	slices.SortFunc(order, func(a, b int) int {
		return cmp.Or(cmp.Compare(specs[a].Kind, specs[b].Kind), cmp.Compare(specs[a].Location, specs[b].Location))
	})
	ids := make([]uuid.UUID, len(specs))
	for _, i := range order {
		s := specs[i]
		err := tx.QueryRow(ctx, `
			INSERT INTO ingest_sources AS s (workspace_id, id, kind, location, collection, max_pages, depth)
			VALUES ($1, $2, $3, $4, $5, $6, $7)
			ON CONFLICT (workspace_id, collection, kind, location) DO UPDATE
				SET kind = excluded.kind -- nothing, but it locks the row and returns it
			RETURNING id`, ws, uuid.New(), string(s.Kind), s.Location, collection, s.MaxPages, s.Depth).Scan(&ids[i])
		if err != nil {
			return nil, err
		}
	}
	return ids, nil
}

// recordRun writes a run in the caller's transaction and returns its id. A run that waits is one for the job queue.
func recordRun(ctx context.Context, tx pgx.Tx, ws uuid.UUID, names []string, collection string, state RunState,
	sources []uuid.UUID) (id int64, err error) {
	total := 0 // what a source holds is not known before it is opened
	if len(sources) == 0 {
		total = len(names)
	}
	err = tx.QueryRow(ctx, `
		INSERT INTO ingest_runs (workspace_id, names, collection, background, state, started_at, total)
		VALUES ($1, $2, $3, $4 = 'queued', $4, CASE WHEN $4 = 'running' THEN now() END, $5) RETURNING id`,
		ws, names, collection, string(state), total).Scan(&id)
	if err != nil || len(sources) == 0 {
		return id, err
	}
	_, err = tx.Exec(ctx, `
		INSERT INTO ingest_run_sources (workspace_id, source_id, run_id) SELECT $1, s, $3 FROM unnest($2::uuid[]) s
		ON CONFLICT DO NOTHING`, ws, sources, id)
	return id, err
}

// bury ends the runs of processes that died in the middle of them, which have nobody left to write their end.
func (r *Runs) bury(ctx context.Context, ws uuid.UUID) error {
	err := r.db.InTx(ctx, ws, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `
			UPDATE ingest_runs SET state = 'failed', report = '{}', finished_at = now(),
				error = 'the process that ran it ended in the middle: what it had stored stays; run it again'
			WHERE workspace_id = $1 AND state = 'running' AND NOT background AND seen_at < now() - $2::interval`, ws, deadAfter)
		return err
	})
	if err != nil {
		return fmt.Errorf("end the ingest runs of dead processes: %w", err)
	}
	return nil
}

package ingest

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

const (
	// lookEvery is how often each node looks for sources that are due and for runs that have died.
	lookEvery = 15 * time.Second
	// maxDeaths is how many nodes may end in the middle of one run before it is given up: it may be what ends them.
	maxDeaths = 3
	// orphanAfter is how long a run may be queued before its job is looked for.
	orphanAfter = 10 * time.Minute
	// keepRuns is how long the record of a run is kept.
	keepRuns = 90 * 24 * time.Hour
)

// look starts what is due until ctx ends.
func (j *Jobs) look(ctx context.Context) {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		if err := j.tidy(ctx); err != nil && ctx.Err() == nil {
			j.logger.WarnContext(ctx, "looking for due sources failed; the next look follows", "error", err)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// tidy starts the sources that are due, takes up or ends the runs whose process died, and forgets old ones.
func (j *Jobs) tidy(ctx context.Context) error {
	for {
		more, err := j.startDue(ctx)
		if err != nil {
			return err
		}
		if !more {
			break
		}
	}
	return j.db.InSystemTx(ctx, func(tx pgx.Tx) error {
		if err := j.revive(ctx, tx); err != nil {
			return fmt.Errorf("take up the ingest runs of dead nodes: %w", err)
		}
		_, err := tx.Exec(ctx, `
			UPDATE ingest_runs SET state = 'failed', report = '{}', finished_at = now(),
				error = CASE WHEN background THEN 'the server ended in the middle of it several times: start it again'
					ELSE 'the process that ran it ended in the middle: what it had stored stays; run it again' END
			WHERE seen_at < now() - $1::interval AND state = 'running' AND (deaths >= $2 OR NOT background)`, deadAfter, maxDeaths)
		if err != nil {
			return fmt.Errorf("end the ingest runs of dead processes: %w", err)
		}
		if _, err = tx.Exec(ctx, `DELETE FROM ingest_runs WHERE finished_at < now() - $1::interval`, keepRuns); err != nil {
			return fmt.Errorf("forget old ingest runs: %w", err)
		}
		return nil
	})
}

// startDue starts one source whose interval is over. The next time counts from now, so that what was missed while no
// node ran is not made up for.
func (j *Jobs) startDue(ctx context.Context) (found bool, err error) {
	err = j.db.InSystemTx(ctx, func(tx pgx.Tx) error {
		var ws, id uuid.UUID
		rows, err := tx.Query(ctx, `
			UPDATE ingest_sources SET next_run_at = now() + make_interval(hours => every_hours)
			WHERE (workspace_id, id) = (SELECT workspace_id, id FROM ingest_sources WHERE next_run_at <= now()
				ORDER BY next_run_at LIMIT 1 FOR UPDATE SKIP LOCKED)
			RETURNING workspace_id, id`)
		if err != nil {
			return err
		}
		if _, err := pgx.ForEachRow(rows, []any{&ws, &id}, func() error {
			found = true
			return nil
		}); err != nil || !found {
			return err
		}
		_, err = j.StartSource(ctx, tx, ws, id)
		return err
	})
	if err != nil {
		return false, fmt.Errorf("start the sources that are due: %w", err)
	}
	return found, nil
}

// revive queues again the runs of dead nodes, and those that wait for a job that the queue has given up.
func (j *Jobs) revive(ctx context.Context, tx pgx.Tx) error {
	rows, err := tx.Query(ctx, `
		UPDATE ingest_runs SET state = 'queued', deaths = deaths + 1, seen_at = now()
		WHERE (workspace_id, id) IN (SELECT workspace_id, id FROM ingest_runs
			WHERE background AND deaths < $2 AND (state = 'running' AND seen_at < now() - $1::interval
				OR state = 'queued' AND seen_at < now() - $3::interval AND NOT EXISTS (
					SELECT FROM river_job j WHERE j.kind = 'ingest' AND j.finalized_at IS NULL
						AND (j.args->>'run')::bigint = ingest_runs.id))
			LIMIT 100 FOR UPDATE SKIP LOCKED)
		RETURNING workspace_id, id`, deadAfter, maxDeaths, orphanAfter)
	if err != nil {
		return err
	}
	dead, err := pgx.CollectRows(rows, pgx.RowToStructByPos[jobArgs])
	if err != nil {
		return err
	}
	for _, args := range dead {
		if _, err := j.client.InsertTx(ctx, tx, args, nil); err != nil {
			return err
		}
	}
	return nil
}

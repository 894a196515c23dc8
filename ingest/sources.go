package ingest

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"handrail/internal/errs"
)

// maxHours is the longest interval of a source: a year.
const maxHours = 366 * 24

// Source is a place that documents come from.
type Source struct {
	ID         uuid.UUID
	Spec       // the location of a folder or file is an absolute path on the machine that ingested it
	Collection string
	EveryHours int        // how often it is read again; 0 means only when somebody asks for it
	NextRunAt  *time.Time // nil without an interval
	CreatedAt  time.Time
	Documents  int  // stored documents that came from it
	LastRun    *Run // nil before the first; without its report
}

// runColumns are those of a [Run] without its report, of the table r.
const runColumns = `r.id, r.state, r.names, r.collection, r.done, r.total, r.added, r.changed, r.removed, r.unchanged,
	r.failed, r.error, coalesce(r.started_at, r.created_at), r.finished_at`

func (r *Run) fields() []any {
	return []any{&r.ID, &r.State, &r.Sources, &r.Collection, &r.Done, &r.Total, &r.Added, &r.Changed, &r.Removed,
		&r.Unchanged, &r.Failed, &r.Error, &r.StartedAt, &r.FinishedAt}
}

// Sources lists the sources of ws, oldest first.
func (r *Runs) Sources(ctx context.Context, ws uuid.UUID) ([]Source, error) {
	return r.sources(ctx, ws, uuid.Nil)
}

// Source returns one source; the error is of kind NotFound for an unknown id.
func (r *Runs) Source(ctx context.Context, ws, id uuid.UUID) (Source, error) {
	found, err := r.sources(ctx, ws, id)
	if err == nil && len(found) == 0 {
		err = errs.New(errs.NotFound, "there is no source %s: it may have been removed", id)
	}
	if err != nil {
		return Source{}, err
	}
	return found[0], nil
}

// sources reads one source, or all for the zero id.
func (r *Runs) sources(ctx context.Context, ws, id uuid.UUID) ([]Source, error) {
	var out []Source
	err := r.db.InTx(ctx, ws, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `
			SELECT s.id, s.kind, s.location, s.collection, s.every_hours, s.max_pages, s.depth, s.next_run_at, s.created_at,
				(SELECT count(*) FROM ingest_documents i JOIN documents d
					ON d.workspace_id = i.workspace_id AND d.collection = s.collection AND d.uri = i.uri
					WHERE i.workspace_id = s.workspace_id AND i.source_id = s.id)
			FROM ingest_sources s
			WHERE s.workspace_id = $1 AND ($2::uuid = '00000000-0000-0000-0000-000000000000' OR s.id = $2)
			ORDER BY s.created_at, s.id`, ws, id)
		if err != nil {
			return err
		}
		if out, err = pgx.CollectRows(rows, scanSource); err != nil {
			return err
		}
		return lastRuns(ctx, tx, ws, out)
	})
	if err != nil {
		return nil, fmt.Errorf("read the sources: %w", err)
	}
	return out, nil
}

func scanSource(row pgx.CollectableRow) (Source, error) {
	var s Source
	err := row.Scan(&s.ID, &s.Kind, &s.Location, &s.Collection, &s.EveryHours, &s.MaxPages, &s.Depth, &s.NextRunAt,
		&s.CreatedAt, &s.Documents)
	return s, err
}

// lastRuns gives each source its newest run.
func lastRuns(ctx context.Context, tx pgx.Tx, ws uuid.UUID, sources []Source) error {
	rows, err := tx.Query(ctx, `
		SELECT l.source_id, `+runColumns+`
		FROM (SELECT source_id, max(run_id) AS run_id FROM ingest_run_sources WHERE workspace_id = $1 GROUP BY source_id) l
		JOIN ingest_runs r ON r.workspace_id = $1 AND r.id = l.run_id`, ws)
	if err != nil {
		return err
	}
	last := map[uuid.UUID]*Run{}
	if _, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (struct{}, error) {
		var id uuid.UUID
		run := &Run{}
		err := row.Scan(append([]any{&id}, run.fields()...)...)
		last[id] = run
		return struct{}{}, err
	}); err != nil {
		return err
	}
	for i := range sources {
		sources[i].LastRun = last[sources[i].ID]
	}
	return nil
}

// documents returns the ids of the stored documents that came from a source and from no other one.
func (r *Runs) documents(ctx context.Context, tx pgx.Tx, ws, id uuid.UUID) ([]uuid.UUID, error) {
	rows, err := tx.Query(ctx, `
		SELECT d.id FROM ingest_documents i
		JOIN ingest_sources s ON s.workspace_id = $1 AND s.id = i.source_id
		JOIN documents d ON d.workspace_id = $1 AND d.collection = s.collection AND d.uri = i.uri
		WHERE i.workspace_id = $1 AND i.source_id = $2 AND NOT EXISTS (
			SELECT FROM ingest_documents o JOIN ingest_sources p ON p.workspace_id = $1 AND p.id = o.source_id
			WHERE o.workspace_id = $1 AND o.uri = i.uri AND o.source_id <> i.source_id AND p.collection = s.collection)`, ws, id)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
}

// RemoveSource forgets a source, in the caller's transaction, and returns the documents that came from no other one, for
// the caller to remove or to leave. A run of it that is queued will not start; a source that is being read is refused
// with kind Conflict.
func (r *Runs) RemoveSource(ctx context.Context, tx pgx.Tx, ws, id uuid.UUID) ([]uuid.UUID, error) {
	if err := lockSource(ctx, tx, ws, id); err != nil {
		return nil, err
	}
	_, err := tx.Exec(ctx, `
		UPDATE ingest_runs SET state = 'failed', error = 'its source was removed', report = '{}', finished_at = now()
		WHERE workspace_id = $1 AND state = 'queued' AND id IN (
			SELECT run_id FROM ingest_run_sources WHERE workspace_id = $1 AND source_id = $2)`, ws, id)
	if err != nil {
		return nil, fmt.Errorf("call off the runs of source %s: %w", id, err)
	}
	run, err := openRun(ctx, tx, ws, id)
	if err != nil {
		return nil, err
	}
	if run != 0 {
		return nil, errs.New(errs.Conflict, "the source is being read by run %d: wait until it is over", run)
	}
	docs, err := r.documents(ctx, tx, ws, id)
	if err != nil {
		return nil, fmt.Errorf("list the documents of source %s: %w", id, err)
	}
	if _, err := tx.Exec(ctx, `DELETE FROM ingest_sources WHERE workspace_id = $1 AND id = $2`, ws, id); err != nil {
		return nil, fmt.Errorf("remove source %s: %w", id, err)
	}
	return docs, nil
}

// lockSource makes whoever starts or removes a source wait for the others.
func lockSource(ctx context.Context, tx pgx.Tx, ws, id uuid.UUID) error {
	err := tx.QueryRow(ctx, `SELECT FROM ingest_sources WHERE workspace_id = $1 AND id = $2 FOR UPDATE`, ws, id).Scan()
	if errors.Is(err, pgx.ErrNoRows) {
		return errs.New(errs.NotFound, "there is no source %s: it may have been removed", id)
	}
	if err != nil {
		return fmt.Errorf("lock source %s: %w", id, err)
	}
	return nil
}

// openRun returns the run of a source that is queued or under way, or 0.
func openRun(ctx context.Context, tx pgx.Tx, ws, id uuid.UUID) (run int64, err error) {
	err = tx.QueryRow(ctx, `
		SELECT coalesce(max(r.id), 0) FROM ingest_run_sources l
		JOIN ingest_runs r ON r.workspace_id = l.workspace_id AND r.id = l.run_id
		WHERE l.workspace_id = $1 AND l.source_id = $2 AND r.state IN ('queued', 'running')`, ws, id).Scan(&run)
	if err != nil {
		return 0, fmt.Errorf("look for a run of source %s: %w", id, err)
	}
	return run, nil
}

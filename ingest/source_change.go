package ingest

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"handrail/internal/errs"
)

// maxHours is the longest interval of a source: a year.
const maxHours = 366 * 24

// AddSource records a source that is fetched, in the caller's transaction, and starts its first run. An address that is
// recorded already, in the same collection, is of kind Conflict.
func (j *Jobs) AddSource(ctx context.Context, tx pgx.Tx, ws uuid.UUID, spec Spec, collection string,
	everyHours int) (uuid.UUID, error) {
	spec, err := spec.Web()
	if err != nil {
		return uuid.Nil, err
	}
	if everyHours < 0 || everyHours > maxHours {
		return uuid.Nil, errs.New(errs.Invalid, "a source may be read every 1 to %d hours, not %d; 0 means only when asked to",
			maxHours, everyHours)
	}
	id := uuid.New()
	tag, err := tx.Exec(ctx, `
		INSERT INTO ingest_sources (workspace_id, id, kind, location, collection, every_hours, max_pages, depth, next_run_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, CASE WHEN $6 > 0 THEN now() + make_interval(hours => $6) END)
		ON CONFLICT (workspace_id, collection, kind, location) DO NOTHING`,
		ws, id, string(spec.Kind), spec.Location, collection, everyHours, spec.MaxPages, spec.Depth)
	if err != nil {
		return uuid.Nil, fmt.Errorf("record a source: %w", err)
	}
	if tag.RowsAffected() == 0 {
		return uuid.Nil, errs.New(errs.Conflict, "%s is a source of this collection already: run that one, or remove it first",
			spec.Location)
	}
	_, err = j.StartSource(ctx, tx, ws, id)
	return id, err
}

// StartSource adds a run of a source, in the caller's transaction, and returns its id. A source has one run at a time:
// while one is queued or under way, that one's id is returned. Folders and files are refused with kind Invalid, because
// they lie on somebody's machine.
func (j *Jobs) StartSource(ctx context.Context, tx pgx.Tx, ws, id uuid.UUID) (int64, error) {
	if err := lockSource(ctx, tx, ws, id); err != nil {
		return 0, err
	}
	run, err := openRun(ctx, tx, ws, id)
	if err != nil || run != 0 {
		return run, err
	}
	var spec Spec
	var collection string
	err = tx.QueryRow(ctx, `
		SELECT kind, location, collection FROM ingest_sources WHERE workspace_id = $1 AND id = $2`, ws, id).
		Scan(&spec.Kind, &spec.Location, &collection)
	if err != nil {
		return 0, fmt.Errorf("read source %s: %w", id, err)
	}
	if spec.fromDisk() {
		return 0, errs.New(errs.Invalid, "%s lies on the disk of a machine: run `handrail ingest %s` there",
			spec.Location, spec.Location)
	}
	return j.enqueue(ctx, tx, ws, []string{spec.Location}, collection, []uuid.UUID{id})
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

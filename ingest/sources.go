package ingest

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"handrail/internal/errs"
)

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
	ids := make([]uuid.UUID, len(sources))
	for i, s := range sources {
		ids[i] = s.ID
	}
	rows, err := tx.Query(ctx, `
		SELECT l.source_id, `+runColumns+`
		FROM unnest($2::uuid[]) s,
			LATERAL (SELECT source_id, run_id FROM ingest_run_sources WHERE workspace_id = $1 AND source_id = s
				ORDER BY run_id DESC LIMIT 1) l
		JOIN ingest_runs r ON r.workspace_id = $1 AND r.id = l.run_id`, ws, ids)
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

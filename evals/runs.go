package evals

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"handrail/internal/audit"
	"handrail/internal/errs"
	"handrail/internal/seal"
)

// RunState says how far a stored run has come.
type RunState string

// The states of a run.
const (
	RunQueued  RunState = "queued"
	RunRunning RunState = "running"
	RunDone    RunState = "done"
	RunFailed  RunState = "failed" // it ended without a result; the cases say nothing
)

// StoredRun is a run of a workspace's own suite. Report is set by [Store.Get] alone, for a run that is done.
type StoredRun struct {
	ID          uuid.UUID
	Suite       string
	State       RunState
	Done, Total int // cases
	Cases       int // of a run that is done, as all below
	Passed      int
	Metrics     map[string]float64
	Regressions []string // against the previous run of the suite, in words
	Error       string   // public
	At          time.Time
	Report      *Report // without features and passages
}

const runColumns = `id, suite, state, done, total, cases, passed, metrics, regressions, error, created_at`

func (r *StoredRun) fields() []any {
	return []any{&r.ID, &r.Suite, &r.State, &r.Done, &r.Total, &r.Cases, &r.Passed, &r.Metrics, &r.Regressions, &r.Error, &r.At}
}

// Enqueue asks for a run of one of the workspace's own suites by whichever node is free, and returns its id. A run of the
// suite that waits already serves both who asked. A suite without cases is refused as [Store.Suite] does.
func (s *Store) Enqueue(ctx context.Context, ws uuid.UUID, actor, suite string) (id uuid.UUID, err error) {
	loaded, err := s.Suite(ctx, ws, suite)
	if err != nil {
		return uuid.Nil, err
	}
	err = s.c.DB.InTx(ctx, ws, func(tx pgx.Tx) error {
		err := tx.QueryRow(ctx, `
			SELECT id FROM eval_runs WHERE workspace_id = $1 AND suite = $2 AND state = 'queued' AND background
			LIMIT 1`, ws, suite).Scan(&id)
		if !errors.Is(err, pgx.ErrNoRows) {
			return err
		}
		id = uuid.New()
		_, err = tx.Exec(ctx, `
			INSERT INTO eval_runs (workspace_id, id, suite, background, state, total) VALUES ($1, $2, $3, true, 'queued', $4)`,
			ws, id, suite, len(loaded.Cases))
		if err != nil {
			return err
		}
		return s.auditRun(ctx, tx, ws, actor, id, suite)
	})
	if err != nil {
		return uuid.Nil, fmt.Errorf("ask for an eval run: %w", err)
	}
	s.Wake()
	return id, nil
}

func (s *Store) auditRun(ctx context.Context, tx pgx.Tx, ws uuid.UUID, actor string, id uuid.UUID, suite string) error {
	return audit.Write(ctx, tx, ws, audit.Record{Actor: actor, Action: "eval.run", Target: "eval_run:" + id.String(),
		Data: map[string]any{"suite": suite}})
}

// Runs lists the newest runs of a workspace first, at most limit of them.
func (s *Store) Runs(ctx context.Context, ws uuid.UUID, limit int) (list []StoredRun, err error) {
	err = s.c.DB.InTx(ctx, ws, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `
			SELECT `+runColumns+` FROM eval_runs WHERE workspace_id = $1 ORDER BY created_at DESC, id LIMIT $2`, ws, limit)
		if err != nil {
			return err
		}
		list, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (r StoredRun, err error) {
			return r, row.Scan(r.fields()...)
		})
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list eval runs: %w", err)
	}
	return list, nil
}

// Get returns a run with its report; one that is unknown, or of another workspace, is of kind [errs.NotFound].
func (s *Store) Get(ctx context.Context, ws, id uuid.UUID) (StoredRun, error) {
	var r StoredRun
	var report []byte
	err := s.c.DB.InTx(ctx, ws, func(tx pgx.Tx) error {
		row := &seal.Row{Place: reportPlace(ws, id)}
		err := tx.QueryRow(ctx, `SELECT `+runColumns+`, sealed FROM eval_runs WHERE workspace_id = $1 AND id = $2`, ws, id).
			Scan(append(r.fields(), &row.Sealed)...)
		if err != nil || row.Sealed == nil {
			return err
		}
		err = s.c.DB.Vault().Open(ctx, tx, row)
		report = row.Bytes(0)
		return err
	})
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return StoredRun{}, errs.New(errs.NotFound, "there is no eval run %s", id)
	case err != nil:
		return StoredRun{}, fmt.Errorf("read eval run %s: %w", id, err)
	case report == nil:
		return r, nil
	}
	r.Report = &Report{}
	if err := json.Unmarshal(report, r.Report); err != nil {
		return StoredRun{}, fmt.Errorf("decode the report of eval run %s: %w", id, err)
	}
	return r, nil
}

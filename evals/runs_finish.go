package evals

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"handrail/internal/seal"
)

// keepRuns is how many ended runs of a suite are kept: enough for a trend over most of a year of working days.
const keepRuns = 200

// storedReport is the report column: a [Report], and what each case was, so that the next run knows which have changed.
type storedReport struct {
	Report
	Cases map[string]string `json:"cases"` // fingerprints by id
}

// finish compares the run with the previous one of the suite, stores it, and forgets the oldest.
func (a *attempt) finish(ctx context.Context, suite Suite, r Report) (worse []Regression, err error) {
	stored := storedReport{Report: r, Cases: fingerprints(suite)}
	stored.Results = shortened(r.Results)
	report, err := json.Marshal(stored)
	if err != nil {
		return nil, fmt.Errorf("encode an eval report: %w", err)
	}
	err = a.c.DB.InTx(ctx, a.ws, func(tx pgx.Tx) error {
		before, err := a.previous(ctx, tx)
		if err != nil {
			return err
		}
		worse = compare(stored, before)
		lines := make([]string, len(worse))
		for i, w := range worse {
			lines[i] = w.String()
		}
		sealed, err := a.c.DB.Vault().Seal(ctx, tx, reportPlace(a.ws, a.run), report)
		if err != nil {
			return err
		}
		tag, err := tx.Exec(ctx, `
			UPDATE eval_runs SET state = 'done', finished_at = now(), done = $4, total = $4, cases = $4, passed = $5,
				metrics = $6, regressions = $7, sealed = $8
			WHERE workspace_id = $1 AND id = $2 AND claim = $3 AND state = 'running'`,
			a.ws, a.run, a.claim, len(r.Results), passed(r.Results), r.Metrics, lines, sealed)
		if err != nil {
			return err
		}
		if tag.RowsAffected() == 0 {
			return errLost
		}
		return a.trim(ctx, tx)
	})
	if err != nil {
		return nil, fmt.Errorf("store an eval run: %w", err)
	}
	return worse, nil
}

func (a *attempt) previous(ctx context.Context, tx pgx.Tx) (before storedReport, err error) {
	row := &seal.Row{}
	var id uuid.UUID
	err = tx.QueryRow(ctx, `
		SELECT id, sealed FROM eval_runs WHERE workspace_id = $1 AND suite = $2 AND state = 'done'
		ORDER BY finished_at DESC, id LIMIT 1`, a.ws, a.suite).Scan(&id, &row.Sealed)
	if errors.Is(err, pgx.ErrNoRows) {
		return storedReport{}, nil
	}
	if err != nil {
		return storedReport{}, err
	}
	row.Place = reportPlace(a.ws, id)
	if err := a.c.DB.Vault().Open(ctx, tx, row); err != nil {
		return storedReport{}, err
	}
	return before, json.Unmarshal(row.Bytes(0), &before)
}

func (a *attempt) trim(ctx context.Context, tx pgx.Tx) error {
	_, err := tx.Exec(ctx, `
		DELETE FROM eval_runs WHERE workspace_id = $1 AND id IN (
			SELECT id FROM eval_runs WHERE workspace_id = $1 AND suite = $2 AND finished_at IS NOT NULL
			ORDER BY finished_at DESC, id OFFSET $3)`, a.ws, a.suite, keepRuns)
	return err
}

// compare says what is worse than before, among the cases that are the same in both runs: people add, edit and remove
// cases between runs, which makes the bot neither better nor worse.
func compare(now, before storedReport) []Regression {
	same := func(r Result) bool {
		was, ok := before.Cases[r.ID]
		return ok && was == now.Cases[r.ID]
	}
	then, today := only(before.Report, same), only(now.Report, same)
	if len(then.Results) == 0 {
		return nil
	}
	base := NewBaseline(then)
	// With the same cases, a metric is gone because nothing happened that it counts, such as a handoff.
	maps.DeleteFunc(base.Metrics, func(name string, _ float64) bool {
		_, measured := today.Metrics[name]
		return !measured
	})
	return Gate(today, base)
}

// only is the report of some of the cases.
func only(r Report, keep func(Result) bool) Report {
	part := Report{Suite: r.Suite, At: r.At}
	for _, res := range r.Results {
		if keep(res) {
			part.Results = append(part.Results, res)
		}
	}
	if len(part.Results) > 0 {
		part.Metrics = measure(outcomesOf(part.Results))
	}
	return part
}

// fingerprints identify what each case asks and expects.
func fingerprints(s Suite) map[string]string {
	out := make(map[string]string, len(s.Cases))
	for _, c := range s.Cases {
		b, _ := json.Marshal(c) // a case holds texts and lists of texts, which always encode
		sum := sha256.Sum256(b)
		out[c.ID] = hex.EncodeToString(sum[:8])
	}
	return out
}

// shortened leaves out what only somebody at a terminal looks into, and what would fill the database.
func shortened(results []Result) []Result {
	out := slices.Clone(results)
	for i := range out {
		out[i].Features, out[i].Passages = nil, nil
	}
	return out
}

func passed(results []Result) (n int) {
	for _, r := range results {
		if r.Pass {
			n++
		}
	}
	return n
}

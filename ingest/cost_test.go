package ingest

import (
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
)

// TestReadingOneSourceIgnoresTheRunsOfOthers counts the rows that the database reads.
func TestReadingOneSourceIgnoresTheRunsOfOthers(t *testing.T) {
	t.Parallel()
	q := newQueue(t, Config{})
	id, run := q.add(Spec{Kind: KindPage, Location: "https://a.example/"}, 0)
	q.manyRuns(3000)
	require.Equal(t, run, q.source(id).LastRun.ID)
	q.sqlTx(func(tx pgx.Tx) error {
		read := func() (n int64) {
			require.NoError(t, tx.QueryRow(t.Context(), `
				SELECT seq_tup_read + idx_tup_fetch + (SELECT sum(idx_tup_read) FROM pg_stat_xact_user_tables x, LATERAL (
					SELECT pg_stat_get_xact_tuples_returned(i.indexrelid) AS idx_tup_read FROM pg_index i WHERE i.indrelid = x.relid) y
					WHERE x.relname = 'ingest_run_sources')::bigint
				FROM pg_stat_xact_user_tables WHERE relname = 'ingest_run_sources'`).Scan(&n))
			return n
		}
		before := read()
		sources := []Source{{ID: id}}
		require.NoError(t, lastRuns(t.Context(), tx, q.ws, sources))
		require.Equal(t, run, sources[0].LastRun.ID)
		require.Less(t, read()-before, int64(100))
		return nil
	})
}

func TestOldRunsAreFoundByAnIndex(t *testing.T) {
	t.Parallel()
	q := newQueue(t, Config{})
	q.manyRuns(3000)
	var plan []string
	q.sqlTx(func(tx pgx.Tx) error {
		rows, err := tx.Query(t.Context(), `EXPLAIN DELETE FROM ingest_runs WHERE finished_at < now() - $1::interval`, keepRuns)
		require.NoError(t, err)
		plan, err = pgx.CollectRows(rows, pgx.RowTo[string])
		return err
	})
	require.Contains(t, strings.Join(plan, "\n"), "ingest_runs_finished")
}

// manyRuns records runs of another source.
func (q *queue) manyRuns(n int) {
	q.t.Helper()
	other := uuid.New()
	q.sql(`INSERT INTO ingest_sources (workspace_id, id, kind, location, collection)
		VALUES ($1, $2, 'page', 'https://b.example/', 'help')`, q.ws, other)
	q.sql(`WITH made AS (
			INSERT INTO ingest_runs (workspace_id, names, collection, background, state, report, finished_at)
			SELECT $1, '{x}', 'help', true, 'done', '{}', now() FROM generate_series(1, $3) RETURNING id)
		INSERT INTO ingest_run_sources SELECT $1, $2, id FROM made`, q.ws, other, n)
	q.sql(`ANALYZE ingest_runs`)
	q.sql(`ANALYZE ingest_run_sources`)
}

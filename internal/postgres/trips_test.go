package postgres_test

import (
	"errors"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"handrail/internal/postgres/pgtest"
)

func TestTwoTripsCommitTogetherOrNotAtAll(t *testing.T) {
	t.Parallel()
	db := pgtest.Open(t)
	ws := pgtest.Workspace(t, db)
	add := func(b *pgx.Batch, key string) {
		b.Queue(`INSERT INTO widgets (workspace_id, key, name, origins) VALUES ($1, $2, 'x', '{}')`, ws, key)
	}
	count := func() (n int) {
		require.NoError(t, db.InTx(t.Context(), ws, func(tx pgx.Tx) error {
			return tx.QueryRow(t.Context(), `SELECT count(*) FROM widgets`).Scan(&n)
		}))
		return n
	}
	none := func(pgx.Tx, *pgx.Batch) error { return nil }
	seen := 0
	require.NoError(t, db.InTwoTrips(t.Context(), func(b *pgx.Batch) {
		add(b, "first")
		b.Queue(`SELECT count(*) FROM widgets`).QueryRow(func(row pgx.Row) error { return row.Scan(&seen) })
	}, func(tx pgx.Tx, b *pgx.Batch) error {
		require.Equal(t, 1, seen, "the first callbacks have run")
		add(b, "last")
		_, err := tx.Exec(t.Context(), `UPDATE widgets SET name = 'y' WHERE workspace_id = $1`, ws)
		return err
	}))
	require.Equal(t, 2, count())

	broken := errors.New("broken")
	require.ErrorIs(t, db.InTwoTrips(t.Context(), func(b *pgx.Batch) { add(b, "lost") },
		func(pgx.Tx, *pgx.Batch) error { return broken }), broken)
	require.Error(t, db.InTwoTrips(t.Context(), func(b *pgx.Batch) { add(b, "lost"); add(b, "lost") }, none))
	require.Error(t, db.InTwoTrips(t.Context(), func(b *pgx.Batch) { add(b, "lost") },
		func(_ pgx.Tx, b *pgx.Batch) error { add(b, "lost"); return nil }))
	require.Equal(t, 2, count(), "what failed left nothing")
	for range 20 { // no connection of the pool is left in a transaction, or with the workspaces of another
		require.NoError(t, db.InTx(t.Context(), ws, func(tx pgx.Tx) error {
			var setting string
			require.NoError(t, tx.QueryRow(t.Context(), `SELECT current_setting('handrail.workspace')`).Scan(&setting))
			require.Equal(t, ws.String(), setting)
			return nil
		}))
	}
}

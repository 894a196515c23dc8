package postgres_test

import (
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"handrail/internal/postgres/pgtest"
)

func TestRowsAreVisibleOnlyInTheirWorkspace(t *testing.T) {
	t.Parallel()
	db := pgtest.Open(t)
	mine, other := pgtest.Workspace(t, db), pgtest.Workspace(t, db)
	err := db.InTx(t.Context(), mine, func(tx pgx.Tx) error {
		_, err := tx.Exec(t.Context(), `
			INSERT INTO users (workspace_id, email, name, role, password_hash) VALUES ($1, 'a@b.c', 'A', 'agent', '-')`, mine)
		return err
	})
	require.NoError(t, err)

	count := func(ws uuid.UUID) (n int) {
		err := db.InTx(t.Context(), ws, func(tx pgx.Tx) error {
			return tx.QueryRow(t.Context(), `SELECT count(*) FROM users`).Scan(&n)
		})
		require.NoError(t, err)
		return n
	}
	require.Equal(t, 1, count(mine))
	require.Equal(t, 0, count(other))

	var unnamed int
	require.NoError(t, db.Pool().QueryRow(t.Context(), `SELECT count(*) FROM users`).Scan(&unnamed))
	require.Equal(t, 0, unnamed, "a session that names no workspace sees no row")

	err = db.InTx(t.Context(), other, func(tx pgx.Tx) error {
		_, err := tx.Exec(t.Context(), `
			INSERT INTO users (workspace_id, email, name, role, password_hash) VALUES ($1, 'x@b.c', 'X', 'agent', '-')`, mine)
		return err
	})
	require.Error(t, err, "writing into another workspace is refused")
}

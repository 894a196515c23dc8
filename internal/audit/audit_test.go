package audit_test

import (
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"handrail/internal/audit"
	"handrail/internal/postgres/pgtest"
)

func TestRecordsGoOnlyWithTheirWorkspace(t *testing.T) {
	t.Parallel()
	db := pgtest.Open(t)
	ws := pgtest.Workspace(t, db)
	do := func(sql string) error {
		return db.InTx(t.Context(), ws, func(tx pgx.Tx) error {
			if err := audit.Write(t.Context(), tx, ws, audit.Record{Actor: "cli", Action: "x", Target: uuid.NewString()}); err != nil {
				return err
			}
			_, err := tx.Exec(t.Context(), sql, ws)
			return err
		})
	}
	require.ErrorContains(t, do(`DELETE FROM audit_log WHERE workspace_id = $1`), "permission denied")
	require.ErrorContains(t, do(`UPDATE audit_log SET actor = 'other' WHERE workspace_id = $1`), "permission denied")
	require.NoError(t, do(`DELETE FROM workspaces WHERE id = $1`))
}

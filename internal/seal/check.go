package seal

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// Check refuses operator keys that do not fit the database: every key that wraps a workspace key must be in the ring. A
// database that was never sealed takes the current key, so that a second server with another one is refused from then on.
// It needs a transaction that sees all workspaces.
func (v *Vault) Check(ctx context.Context, tx pgx.Tx) error {
	if v.ring.Current() == "" {
		return noOperatorKey()
	}
	_, err := tx.Exec(ctx, `
		INSERT INTO operator_keys (id) SELECT $1 WHERE NOT EXISTS (SELECT FROM operator_keys) ON CONFLICT DO NOTHING`,
		v.ring.Current())
	if err != nil {
		return fmt.Errorf("register the operator key: %w", err)
	}
	rows, err := tx.Query(ctx, `SELECT id FROM operator_keys ORDER BY id`)
	if err != nil {
		return fmt.Errorf("read the operator keys: %w", err)
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return fmt.Errorf("read the operator keys: %w", err)
	}
	for _, id := range ids {
		if !v.ring.has(id) {
			return unknownOperatorKey(id)
		}
	}
	return nil
}

package seal

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// Check refuses operator keys that do not fit the database: every key that wraps a workspace key must be in the ring. The
// current key is registered, so that a server without it is refused from then on.
// It needs a transaction that sees all workspaces.
func (v *Vault) Check(ctx context.Context, tx pgx.Tx) error {
	if v.ring.Current() == "" {
		return noOperatorKey()
	}
	// Of two servers that start on a new database with different keys, the second must see the first's.
	if _, err := tx.Exec(ctx, `LOCK TABLE operator_keys IN SHARE ROW EXCLUSIVE MODE`); err != nil {
		return fmt.Errorf("lock the operator keys: %w", err)
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
	_, err = tx.Exec(ctx, `INSERT INTO operator_keys (id) VALUES ($1) ON CONFLICT DO NOTHING`, v.ring.Current())
	if err != nil {
		return fmt.Errorf("register the operator key: %w", err)
	}
	return nil
}

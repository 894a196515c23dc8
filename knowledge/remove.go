package knowledge

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// Remove deletes documents with their passages, in one transaction. Unknown ids are ignored.
func (b *Base) Remove(ctx context.Context, ws uuid.UUID, ids ...uuid.UUID) error {
	if len(ids) == 0 {
		return nil
	}
	err := b.db.InTx(ctx, ws, func(tx pgx.Tx) error {
		s, err := lockStatistics(ctx, tx, ws)
		if err != nil {
			return err
		}
		if err := s.forget(ctx, tx, ids); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `DELETE FROM documents WHERE workspace_id = $1 AND id = ANY ($2)`, ws, ids)
		if err != nil {
			return err
		}
		if err := s.adjustPivot(ctx, tx); err != nil {
			return err
		}
		return s.save(ctx, tx)
	})
	if err != nil {
		return fmt.Errorf("remove %d documents: %w", len(ids), err)
	}
	return nil
}

package knowledge

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"handrail/internal/errs"
)

// Change is what becomes of some documents of a workspace at once.
type Change struct {
	Replace []DocumentPassages // as [Base.ReplaceAll] takes them
	Remove  []uuid.UUID        // as [Base.Remove] takes them
}

// AnyVersion makes [Base.Apply] take a workspace as it is.
const AnyVersion = -1

// Apply makes a change in one transaction: a search sees all of it or nothing. With the version that [Base.Copy] returned
// it is refused, with kind [errs.Conflict], if anybody has changed the workspace since.
func (b *Base) Apply(ctx context.Context, ws uuid.UUID, c Change, version int64) error {
	prepared, err := b.prepare(ctx, ws, c.Replace)
	if err != nil {
		return err
	}
	err = b.db.InTx(ctx, ws, func(tx pgx.Tx) error {
		s, err := lockStatistics(ctx, tx, ws)
		if err != nil {
			return err
		}
		if before := s.version - 1; version != AnyVersion && before != version {
			return errs.New(errs.Conflict, "the documents were changed by somebody else meanwhile: try again")
		}
		if err := s.forget(ctx, tx, c.Remove); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `DELETE FROM documents WHERE workspace_id = $1 AND id = ANY ($2)`, ws, c.Remove)
		if err != nil {
			return err
		}
		return b.replaceIn(ctx, tx, s, prepared)
	})
	if err != nil {
		return fmt.Errorf("replace %d documents and remove %d: %w", len(c.Replace), len(c.Remove), err)
	}
	return nil
}

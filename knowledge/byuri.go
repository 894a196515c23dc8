package knowledge

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// DocumentsOf lists the documents that have the URI, in whatever collections, ordered by collection. There may be none.
func (b *Base) DocumentsOf(ctx context.Context, ws uuid.UUID, uri string) ([]Document, error) {
	var docs []Document
	err := b.db.InTx(ctx, ws, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `
			SELECT `+documentColumns+` FROM documents WHERE workspace_id = $1 AND uri = $2 ORDER BY collection`, ws, uri)
		if err != nil {
			return err
		}
		docs, err = pgx.CollectRows(rows, scanDocument)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list the documents of a URI: %w", err)
	}
	return docs, nil
}

package ingest

import (
	"context"
	"errors"
	"slices"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// errHolds ends a transaction that would have removed a source before its documents.
var errHolds = errors.New("the source still holds documents")

// droppedAtOnce is how many documents go in one transaction: writers of the workspace wait for it.
const droppedAtOnce = 200

// DropSource removes a source and, if documents is set, first the documents that came from it and from no other one: after
// a failure in between, the source is still there with the rest of them, and dropping it again goes on. It returns how
// many documents went. Each batch of documents ("source.remove_documents") and the removal itself ("source.remove") is
// recorded by record in a transaction, the removal in its own. Errors are those of [Runs.RemoveSource].
func (r *Runs) DropSource(ctx context.Context, ws, id uuid.UUID, documents bool,
	record func(ctx context.Context, tx pgx.Tx, action string, documents int) error) (int, error) {
	removed := 0
	for {
		var held []uuid.UUID
		err := r.db.InTx(ctx, ws, func(tx pgx.Tx) (err error) {
			if held, err = r.RemoveSource(ctx, tx, ws, id); err != nil {
				return err
			}
			if documents && len(held) > 0 {
				return errHolds
			}
			return record(ctx, tx, "source.remove", removed)
		})
		if !errors.Is(err, errHolds) {
			return removed, err
		}
		for batch := range slices.Chunk(held, droppedAtOnce) {
			err := r.db.InTx(ctx, ws, func(tx pgx.Tx) error { return record(ctx, tx, "source.remove_documents", len(batch)) })
			if err == nil {
				err = r.pipeline.base.Remove(ctx, ws, batch...)
			}
			if err != nil {
				return removed, err
			}
			removed += len(batch)
		}
	}
}

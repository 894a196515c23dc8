package knowledge

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// Embed computes the embeddings that the passages of a workspace lack for the current model, after an embedder was
// added or changed, and returns how many. Searches go on meanwhile with what is there; interrupted, it continues where
// it stopped. Without an embedder it does nothing.
func (b *Base) Embed(ctx context.Context, ws uuid.UUID) (int, error) {
	if b.embedder == nil {
		return 0, nil
	}
	if err := b.indexModel(ctx); err != nil {
		return 0, err
	}
	total := 0
	for after := int64(0); ; {
		ps, err := b.missing(ctx, ws, after)
		if err != nil {
			return total, fmt.Errorf("find passages without an embedding: %w", err)
		}
		if len(ps) == 0 {
			return total, nil
		}
		batch := make([]*preparedPassage, len(ps))
		for i := range ps {
			batch[i] = &ps[i]
		}
		if err := b.embed(ctx, batch); err != nil {
			return total, err
		}
		if err := b.storeEmbeddings(ctx, ws, ps); err != nil {
			return total, fmt.Errorf("store embeddings: %w", err)
		}
		total += len(ps)
		after = ps[len(ps)-1].ID
	}
}

// missing reads the next passages that the current model has no vector for.
func (b *Base) missing(ctx context.Context, ws uuid.UUID, after int64) (ps []preparedPassage, err error) {
	err = b.db.InTx(ctx, ws, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `
			SELECT id, title, heading_path, question, body FROM passages p
			WHERE workspace_id = $1 AND id > $2 AND duplicate_of IS NULL AND NOT EXISTS (
				SELECT FROM passage_vectors v WHERE v.workspace_id = $1 AND v.model = $3 AND v.passage_id = p.id)
			ORDER BY id LIMIT $4`, ws, after, b.embedder.Model(), embedBatch)
		if err != nil {
			return err
		}
		ps, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (preparedPassage, error) {
			var p preparedPassage
			err := row.Scan(&p.ID, &p.Title, &p.HeadingPath, &p.Question, &p.Text)
			return p, err
		})
		return err
	})
	return ps, err
}

// storeEmbeddings skips passages that were replaced since they were read.
func (b *Base) storeEmbeddings(ctx context.Context, ws uuid.UUID, ps []preparedPassage) error {
	return b.db.InTx(ctx, ws, func(tx pgx.Tx) error {
		batch := &pgx.Batch{}
		for _, p := range ps {
			batch.Queue(`
				INSERT INTO passage_vectors (workspace_id, passage_id, collection, model, embedding)
				SELECT $1, passage_id, collection, $3, $4 FROM (
					SELECT t.passage_id, t.collection FROM passage_terms t
					JOIN passages p ON p.workspace_id = $1 AND p.id = t.passage_id
					WHERE t.workspace_id = $1 AND t.passage_id = $2 FOR KEY SHARE OF p) kept
				ON CONFLICT DO NOTHING`, ws, p.ID, b.embedder.Model(), halfVector(p.embedding))
		}
		return tx.SendBatch(ctx, batch).Close()
	})
}

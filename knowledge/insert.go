package knowledge

import (
	"context"
	"errors"

	"github.com/google/uuid"
	"github.com/jackc/pgerrcode"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"handrail/internal/errs"
)

// batchSize bounds the statements in flight, and so the memory of a bulk load.
const batchSize = 500

// insert writes documents and their passages, under the pivot and the version of the statistics.
func (b *Base) insert(ctx context.Context, tx pgx.Tx, s *statistics, docs []*preparedDocument) error {
	batch := &pgx.Batch{}
	for _, d := range docs {
		queueDocument(batch, s.ws, d)
		for i, p := range d.passages {
			if batch.Len() >= batchSize {
				if err := send(ctx, tx, batch); err != nil {
					return err
				}
				batch = &pgx.Batch{}
			}
			b.queuePassage(batch, s, d, i, p)
		}
	}
	return send(ctx, tx, batch)
}

func send(ctx context.Context, tx pgx.Tx, batch *pgx.Batch) error {
	err := tx.SendBatch(ctx, batch).Close()
	var pgErr *pgconn.PgError
	if errors.As(err, &pgErr) && pgErr.Code == pgerrcode.UniqueViolation {
		return errs.Wrap(err, errs.Conflict, "the ID of a document belongs to another URI: leave the ID out")
	}
	return err
}

func queueDocument(batch *pgx.Batch, ws uuid.UUID, d *preparedDocument) {
	hash, tags := d.Hash, d.Tags
	if hash == nil {
		hash = []byte{}
	}
	if tags == nil {
		tags = []string{}
	}
	batch.Queue(`
		INSERT INTO documents (workspace_id, `+documentColumns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
		ON CONFLICT (workspace_id, collection, uri) DO UPDATE SET title = excluded.title, url = excluded.url,
			lang = excluded.lang, hash = excluded.hash, tags = excluded.tags, updated_at = excluded.updated_at,
			passages = excluded.passages`,
		ws, d.ID, d.Collection, d.URI, d.Title, d.URL, d.Lang, hash, tags, d.UpdatedAt, d.Passages)
}

func (b *Base) queuePassage(batch *pgx.Batch, s *statistics, d *preparedDocument, ordinal int, p preparedPassage) {
	args := []any{s.ws, d.ID, ordinal, p.Title, p.HeadingPath, p.Text, p.Start, p.End, p.Page, p.Lang, p.URL,
		p.Question, d.Collection, p.bag.length, p.bag.weights(s.pivot), s.version}
	query := `
		WITH p AS (
			INSERT INTO passages (workspace_id, document_id, ordinal, title, heading_path, body, start_byte, end_byte,
				page, lang, url, question)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) RETURNING id
		)`
	if p.embedding != nil {
		query += `, v AS (
			INSERT INTO passage_vectors (workspace_id, passage_id, collection, model, embedding)
			SELECT $1, id, $13, $17, $18 FROM p
		)`
		args = append(args, b.embedder.Model(), halfVector(p.embedding))
	}
	batch.Queue(query+`
		INSERT INTO passage_terms (workspace_id, passage_id, collection, length, weights, version)
		SELECT $1, id, $13, $14, $15, $16 FROM p`, args...)
}

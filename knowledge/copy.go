package knowledge

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// Copy gives an empty workspace all that another one holds: documents, passages, weights, statistics and vectors, under
// the same ids, so that both find the same and rank it alike. It returns the version of what it copied, 0 for nothing.
// Writers of the other workspace wait meanwhile.
func (b *Base) Copy(ctx context.Context, from, to uuid.UUID) (version int64, err error) {
	err = b.db.InSystemTx(ctx, func(tx pgx.Tx) error {
		err := tx.QueryRow(ctx, `
			SELECT version FROM knowledge_stats WHERE workspace_id = $1 FOR UPDATE`, from).Scan(&version)
		if errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		if err != nil {
			return err
		}
		for _, sql := range []string{
			`INSERT INTO documents (workspace_id, id, collection, uri, title, url, lang, hash, tags, updated_at, passages)
			 SELECT $2, id, collection, uri, title, url, lang, hash, tags, updated_at, passages
			 FROM documents WHERE workspace_id = $1`,
			`INSERT INTO passages (workspace_id, id, document_id, ordinal, title, heading_path, body, start_byte, end_byte, page,
				lang, url, question, likeness, duplicate_of) OVERRIDING SYSTEM VALUE
			 SELECT $2, id, document_id, ordinal, title, heading_path, body, start_byte, end_byte, page, lang, url, question,
				likeness, duplicate_of
			 FROM passages WHERE workspace_id = $1`,
			`INSERT INTO passage_terms (workspace_id, passage_id, collection, length, weights, version)
			 SELECT $2, passage_id, collection, length, weights, version FROM passage_terms WHERE workspace_id = $1`,
			`INSERT INTO passage_vectors (workspace_id, passage_id, collection, model, embedding)
			 SELECT $2, passage_id, collection, model, embedding FROM passage_vectors WHERE workspace_id = $1`,
			`INSERT INTO knowledge_terms (workspace_id, term, df)
			 SELECT $2, term, df FROM knowledge_terms WHERE workspace_id = $1`,
			`INSERT INTO knowledge_stats (workspace_id, passages, length, pivot, version)
			 SELECT $2, passages, length, pivot, version FROM knowledge_stats WHERE workspace_id = $1`,
		} {
			if _, err := tx.Exec(ctx, sql, from, to); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("copy the documents of a workspace: %w", err)
	}
	return version, nil
}

package knowledge

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/google/uuid"
	"github.com/jackc/pgerrcode"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"handrail/internal/errs"
)

// batchSize bounds the rows in flight, and so the memory of a bulk load.
const batchSize = 500

// insert writes documents and their passages, under the pivot and the version of the statistics.
func (b *Base) insert(ctx context.Context, tx pgx.Tx, s *statistics, docs []*preparedDocument) error {
	batch := &pgx.Batch{}
	var rows []passageRow
	for _, d := range docs {
		queueDocument(batch, s.ws, d)
		for i := range d.passages {
			rows = append(rows, passageRowOf(s, d, i))
		}
	}
	if err := send(ctx, tx, batch); err != nil {
		return err
	}
	for some := range slices.Chunk(rows, batchSize) {
		if err := b.insertPassages(ctx, tx, s, some); err != nil {
			return fmt.Errorf("insert %d passages: %w", len(some), err)
		}
	}
	return nil
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

// passageRow is a passage as the database unpacks it. Sent as one document of many rows, a passage costs a fifth of what
// a statement of its own would; COPY, the usual way, is not to be had on tables with row-level security.
type passageRow struct {
	ID         int64     `json:"id"`
	Document   uuid.UUID `json:"document_id"`
	Collection string    `json:"collection"`
	Ordinal    int       `json:"ordinal"`
	Title      string    `json:"title"`
	Headings   []string  `json:"heading_path"`
	Body       string    `json:"body"`
	Start      int       `json:"start_byte"`
	End        int       `json:"end_byte"`
	Page       int       `json:"page"`
	Lang       string    `json:"lang"`
	URL        string    `json:"url"`
	Question   string    `json:"question"`
	Likeness   int64     `json:"likeness"`
	Duplicate  *int64    `json:"duplicate_of"`

	// What search needs; a duplicate has none of it.
	Length    float64 `json:"length"`
	Weights   *string `json:"weights"`
	Embedding *string `json:"embedding"`
}

func passageRowOf(s *statistics, d *preparedDocument, ordinal int) passageRow {
	p := d.passages[ordinal]
	row := passageRow{ID: p.ID, Document: d.ID, Collection: d.Collection, Ordinal: ordinal, Title: p.Title, Headings: p.HeadingPath,
		Body: p.Text, Start: p.Start, End: p.End, Page: p.Page, Lang: p.Lang, URL: p.URL, Question: p.Question,
		Likeness: p.likeness, Length: p.bag.length}
	if p.DuplicateOf != 0 {
		row.Duplicate = &p.DuplicateOf
		return row
	}
	weights := p.bag.weights(s.pivot).String()
	row.Weights = &weights
	if p.embedding != nil {
		v := halfVector(p.embedding).String()
		row.Embedding = &v
	}
	return row
}

func (b *Base) insertPassages(ctx context.Context, tx pgx.Tx, s *statistics, rows []passageRow) error {
	packed, err := json.Marshal(rows)
	if err != nil {
		return err
	}
	model := ""
	if b.embedder != nil {
		model = b.embedder.Model()
	}
	_, err = tx.Exec(ctx, `
		WITH r AS MATERIALIZED (
			SELECT * FROM json_to_recordset($2) AS r (id bigint, document_id uuid, collection text, ordinal int, title text,
				heading_path text[], body text, start_byte int, end_byte int, page int, lang text, url text, question text,
				likeness bigint, duplicate_of bigint, length real, weights sparsevec(1000000000), embedding halfvec)
		), p AS (
			INSERT INTO passages (workspace_id, id, document_id, ordinal, title, heading_path, body, start_byte, end_byte,
				page, lang, url, question, likeness, duplicate_of)
			OVERRIDING SYSTEM VALUE
			SELECT $1, id, document_id, ordinal, title, heading_path, body, start_byte, end_byte,
				page, lang, url, question, likeness, duplicate_of FROM r
		), v AS (
			INSERT INTO passage_vectors (workspace_id, passage_id, collection, model, embedding)
			SELECT $1, id, collection, $4, embedding FROM r WHERE embedding IS NOT NULL
		)
		INSERT INTO passage_terms (workspace_id, passage_id, collection, length, weights, version)
		SELECT $1, id, collection, length, weights, $3 FROM r WHERE weights IS NOT NULL`,
		s.ws, packed, s.version, model)
	return err
}

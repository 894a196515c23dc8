package knowledge

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"handrail/internal/errs"
)

// Document is one file, page or FAQ export. Its identity is (workspace, collection, URI): replacing a stored document
// keeps its ID, and a zero ID lets the base derive one from the identity.
type Document struct {
	ID         uuid.UUID
	Collection string
	URI        string // the file path relative to the ingested root, or the URL
	Title      string
	URL        string // where a reader can open it; "" where there is no such place
	Lang       string // ISO 639-1
	Hash       []byte // of the source, so that unchanged documents can be skipped
	Tags       []string
	UpdatedAt  time.Time // zero means now
	Passages   int       // number of passages; set by the base
}

// Passage is a part of a document that search returns and answers cite.
type Passage struct {
	ID          int64     // set by the base; a replaced document has passages with new IDs
	DocumentID  uuid.UUID // set by the base
	Ordinal     int       // from 0; set by the base
	Title       string
	HeadingPath []string // outermost first
	Text        string
	Start, End  int    // byte range in the extracted text of the document
	Page        int    // from 1; 0 in a document without pages
	Lang        string // ISO 639-1
	URL         string
	URI         string // of the document; set by the base
	Collection  string // of the document; set by the base
	Question    string // the question that a FAQ passage answers, "" for other passages

	// DuplicateOf is the passage that says the same and is found in this one's place, 0 if there is none; set by the base.
	DuplicateOf int64
}

// DocumentPassages is a document with its passages, in order.
type DocumentPassages struct {
	Document Document
	Passages []Passage
}

const documentColumns = `id, collection, uri, title, url, lang, hash, tags, updated_at, passages`

func scanDocument(row pgx.CollectableRow) (Document, error) {
	var d Document
	err := row.Scan(&d.ID, &d.Collection, &d.URI, &d.Title, &d.URL, &d.Lang, &d.Hash, &d.Tags, &d.UpdatedAt, &d.Passages)
	return d, err
}

// Documents lists the documents of a collection, or of all collections for "", ordered by collection and URI.
func (b *Base) Documents(ctx context.Context, ws uuid.UUID, collection string) ([]Document, error) {
	var docs []Document
	err := b.db.InTx(ctx, ws, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `
			SELECT `+documentColumns+` FROM documents
			WHERE workspace_id = $1 AND ($2 = '' OR collection = $2) ORDER BY collection, uri`, ws, collection)
		if err != nil {
			return err
		}
		docs, err = pgx.CollectRows(rows, scanDocument)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list documents: %w", err)
	}
	return docs, nil
}

// Document returns one document with its passages in order. The error is of kind [errs.NotFound] for an unknown id.
func (b *Base) Document(ctx context.Context, ws, id uuid.UUID) (Document, []Passage, error) {
	var d Document
	var ps []Passage
	err := b.db.InTx(ctx, ws, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `
			SELECT `+documentColumns+` FROM documents WHERE workspace_id = $1 AND id = $2`, ws, id)
		if err != nil {
			return err
		}
		if d, err = pgx.CollectExactlyOneRow(rows, scanDocument); err != nil {
			return err
		}
		ps, err = passagesOf(ctx, tx, ws, d)
		return err
	})
	if errors.Is(err, pgx.ErrNoRows) {
		return Document{}, nil, errs.New(errs.NotFound, "there is no document %s: it may have been removed", id)
	}
	if err != nil {
		return Document{}, nil, fmt.Errorf("read document %s: %w", id, err)
	}
	return d, ps, nil
}

func passagesOf(ctx context.Context, tx pgx.Tx, ws uuid.UUID, d Document) ([]Passage, error) {
	rows, err := tx.Query(ctx, `
		SELECT id, ordinal, title, heading_path, body, start_byte, end_byte, page, lang, url, question,
			coalesce(duplicate_of, 0)
		FROM passages WHERE workspace_id = $1 AND document_id = $2 ORDER BY ordinal`, ws, d.ID)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (Passage, error) {
		p := Passage{DocumentID: d.ID, URI: d.URI, Collection: d.Collection}
		err := row.Scan(&p.ID, &p.Ordinal, &p.Title, &p.HeadingPath, &p.Text, &p.Start, &p.End, &p.Page, &p.Lang, &p.URL,
			&p.Question, &p.DuplicateOf)
		return p, err
	})
}

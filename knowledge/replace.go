package knowledge

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"handrail/internal/errs"
)

// Replace stores d with ps in place of what the base held of it, in one transaction: a search sees the old passages or
// the new ones, never a mix. The order of ps gives the ordinals.
func (b *Base) Replace(ctx context.Context, ws uuid.UUID, d Document, ps []Passage) error {
	return b.ReplaceAll(ctx, ws, []DocumentPassages{{d, ps}})
}

// ReplaceAll is [Base.Replace] for many documents in one transaction, for bulk loads. Other writers of the workspace
// wait meanwhile. Errors of kind [errs.Invalid] and [errs.TooLarge] name the document.
func (b *Base) ReplaceAll(ctx context.Context, ws uuid.UUID, items []DocumentPassages) error {
	if len(items) == 0 {
		return nil
	}
	prepared, err := b.prepare(ctx, ws, items)
	if err != nil {
		return err
	}
	err = b.db.InTx(ctx, ws, func(tx pgx.Tx) error {
		s, err := lockStatistics(ctx, tx, ws)
		if err != nil {
			return err
		}
		return b.replaceIn(ctx, tx, s, prepared)
	})
	if err != nil {
		return fmt.Errorf("store %d documents: %w", len(items), err)
	}
	return nil
}

// replaceIn is the part of [Base.ReplaceAll] that runs while no other writer does, and ends the transaction's work.
func (b *Base) replaceIn(ctx context.Context, tx pgx.Tx, s *statistics, prepared []*preparedDocument) error {
	if err := keepIDs(ctx, tx, s.ws, prepared); err != nil {
		return err
	}
	if err := s.forget(ctx, tx, documentIDs(prepared)); err != nil {
		return err
	}
	if err := markDuplicates(ctx, tx, s.ws, prepared); err != nil {
		return err
	}
	for _, d := range prepared {
		for _, p := range d.passages {
			if p.DuplicateOf == 0 {
				s.count(p.bag, +1)
			}
		}
	}
	if err := s.adjustPivot(ctx, tx); err != nil {
		return err
	}
	if err := b.insert(ctx, tx, s, prepared); err != nil {
		return err
	}
	return s.save(ctx, tx)
}

// preparedDocument is a document ready to be written: everything slow has been done.
type preparedDocument struct {
	Document
	passages []preparedPassage
}

type preparedPassage struct {
	Passage
	bag       bag
	likeness  int64
	embedding []float32 // nil without an embedder
}

// prepare validates the documents, splits their passages into terms and embeds them.
func (b *Base) prepare(ctx context.Context, ws uuid.UUID, items []DocumentPassages) ([]*preparedDocument, error) {
	prepared := make([]*preparedDocument, 0, len(items))
	seen := make(map[[2]string]bool, len(items))
	for _, item := range items {
		d, err := prepareDocument(ws, item)
		if err != nil {
			return nil, err
		}
		key := [2]string{d.Collection, d.URI}
		if seen[key] {
			return nil, errs.New(errs.Invalid, "document %q of collection %q stands twice in one batch: send it once",
				d.URI, d.Collection)
		}
		seen[key] = true
		prepared = append(prepared, d)
	}
	return prepared, b.embedPassages(ctx, prepared)
}

func prepareDocument(ws uuid.UUID, item DocumentPassages) (*preparedDocument, error) {
	d := &preparedDocument{Document: item.Document}
	d.Collection, d.URI, d.Title = clean(d.Collection), clean(d.URI), clean(d.Title)
	d.URL, d.Lang = clean(d.URL), clean(d.Lang)
	if d.URI == "" {
		return nil, errs.New(errs.Invalid, "document %q has no URI: give it a path or a URL", d.Title)
	}
	if d.ID == uuid.Nil {
		d.ID = derivedID(ws, d.Document)
	}
	if d.UpdatedAt.IsZero() {
		d.UpdatedAt = time.Now()
	}
	d.Passages = len(item.Passages)
	for i, p := range item.Passages {
		pp, err := preparePassage(d.Collection, p)
		if err != nil {
			return nil, fmt.Errorf("passage %d of %q: %w", i+1, d.URI, err)
		}
		d.passages = append(d.passages, pp)
	}
	return d, nil
}

// derivedID is the ID of a document that came without one; the same document gets the same ID on every server.
func derivedID(ws uuid.UUID, d Document) uuid.UUID {
	return uuid.NewSHA1(ws, []byte(d.Collection+"\x00"+d.URI))
}

func preparePassage(collection string, p Passage) (preparedPassage, error) {
	p.Title, p.Text, p.Question = clean(p.Title), clean(p.Text), clean(p.Question)
	p.Lang, p.URL = clean(p.Lang), clean(p.URL)
	headings := make([]string, len(p.HeadingPath))
	for i, h := range p.HeadingPath {
		headings[i] = clean(h)
	}
	p.HeadingPath = headings
	if p.Start < 0 || p.End < p.Start {
		return preparedPassage{}, errs.New(errs.Invalid, "its byte range %d-%d is not a range", p.Start, p.End)
	}
	if p.Page < 0 {
		return preparedPassage{}, errs.New(errs.Invalid, "its page %d is not a page: count from 1, or leave it out", p.Page)
	}
	b := bagOf(p)
	if len(b.counts) > maxDistinctTerms {
		return preparedPassage{}, errs.New(errs.TooLarge, "it has %d different terms, more than %d: split it",
			len(b.counts), maxDistinctTerms)
	}
	p.DuplicateOf = 0
	return preparedPassage{Passage: p, bag: b, likeness: likenessOf(collection, p)}, nil
}

// clean removes what PostgreSQL cannot store in a text: NUL and bytes that are not UTF-8.
func clean(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "")
}

// keepIDs gives documents that are stored already the ID under which they are.
func keepIDs(ctx context.Context, tx pgx.Tx, ws uuid.UUID, docs []*preparedDocument) error {
	byKey := make(map[[2]string]*preparedDocument, len(docs))
	var collections, uris []string
	for _, d := range docs {
		byKey[[2]string{d.Collection, d.URI}] = d
		collections, uris = append(collections, d.Collection), append(uris, d.URI)
	}
	rows, err := tx.Query(ctx, `
		SELECT d.id, d.collection, d.uri
		FROM unnest($2::text[], $3::text[]) AS k (collection, uri)
		JOIN documents d ON d.workspace_id = $1 AND d.collection = k.collection AND d.uri = k.uri`, ws, collections, uris)
	if err != nil {
		return err
	}
	var id uuid.UUID
	var collection, uri string
	_, err = pgx.ForEachRow(rows, []any{&id, &collection, &uri}, func() error {
		byKey[[2]string{collection, uri}].ID = id
		return nil
	})
	return err
}

func documentIDs(docs []*preparedDocument) []uuid.UUID {
	ids := make([]uuid.UUID, len(docs))
	for i, d := range docs {
		ids[i] = d.ID
	}
	return ids
}

// Package knowledge stores the documents of a workspace as passages and finds the best passages for a question.
package knowledge

import (
	"context"
	"time"

	"github.com/google/uuid"

	"handrail/internal/llm"
	"handrail/internal/postgres"
)

// Base is the knowledge of every workspace of one database. It is safe for concurrent use.
type Base struct {
	db       *postgres.DB
	embedder llm.Embedder
}

// New returns a base over db. Without an embedder search is lexical only.
func New(db *postgres.DB, embedder llm.Embedder) *Base { return &Base{db: db, embedder: embedder} }

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
	UpdatedAt  time.Time
	Passages   int // number of passages; set by the base
}

// Passage is a part of a document that search returns and answers cite.
type Passage struct {
	ID          int64 // set by the base; a replaced document has passages with new IDs
	DocumentID  uuid.UUID
	Ordinal     int
	Title       string
	HeadingPath []string // outermost first
	Text        string
	Start, End  int // byte range in the extracted text of the document
	Lang        string
	URL         string
	URI         string // of the document; set by the base
	Collection  string // of the document; set by the base
	Question    string // the question that a FAQ passage answers, "" for other passages
}

// DocumentPassages is a document with its passages, in order.
type DocumentPassages struct {
	Document Document
	Passages []Passage
}

// Query says what to look for.
type Query struct {
	Text        string
	History     []string // earlier messages of the visitor, oldest first; they count less than Text
	Collections []string // empty means all
	Lang        string   // ISO 639-1: a preference, not a filter
	Limit       int      // 0 means 10
}

// Hit is one passage found.
type Hit struct {
	Passage
	Score                  float64 // the order of the hits: higher is better; comparable within one result only
	Lexical, Dense         float64 // BM25 score and cosine similarity; 0 where the signal did not find the passage
	LexicalRank, DenseRank int     // from 1; 0 where the signal did not find the passage
}

// Result is what a search found, best first.
type Result struct {
	Hits     []Hit
	Evidence Evidence
}

// Evidence holds features of a result that tell an answerable question from an unanswerable one. All lie in [0,1]
// except Terms.
type Evidence struct {
	Coverage    float64 // share of the query's idf mass found in the best passage
	CoverageTop float64 // the same over the union of the best three passages
	Unknown     float64 // share of the query's idf mass whose terms occur nowhere in the base
	Score       float64 // best lexical score / the highest score that the query could reach
	Margin      float64 // (s1-s2)/s1 over the best passages of two different documents
	TitleMatch  float64 // share of the query's idf mass in title, headings and FAQ question of the best passage
	Proximity   float64 // how close together the matched terms stand in the best passage
	Agreement   float64 // overlap of the lexical and the dense top five; 0 without an embedder
	Terms       int     // number of distinct terms of the query
}

// Replace stores d with ps in place of what the base held of it, in one transaction: a search sees the old passages or
// the new ones, never a mix.
func (b *Base) Replace(ctx context.Context, ws uuid.UUID, d Document, ps []Passage) error {
	return b.ReplaceAll(ctx, ws, []DocumentPassages{{d, ps}})
}

// ReplaceAll is [Base.Replace] for many documents in one transaction, for bulk loads.
func (b *Base) ReplaceAll(ctx context.Context, ws uuid.UUID, items []DocumentPassages) error {
	return nil
}

// Remove deletes documents with their passages. Unknown ids are ignored.
func (b *Base) Remove(ctx context.Context, ws uuid.UUID, ids ...uuid.UUID) error { return nil }

// Documents lists the documents of a collection, or of all collections for "", ordered by collection and URI.
func (b *Base) Documents(ctx context.Context, ws uuid.UUID, collection string) ([]Document, error) {
	return nil, nil
}

// Document returns one document with its passages in order. The error is of kind NotFound for an unknown id.
func (b *Base) Document(ctx context.Context, ws, id uuid.UUID) (Document, []Passage, error) {
	return Document{}, nil, nil
}

// Search finds the passages that best answer q, in one round trip to the database.
func (b *Base) Search(ctx context.Context, ws uuid.UUID, q Query) (Result, error) {
	return Result{}, nil
}

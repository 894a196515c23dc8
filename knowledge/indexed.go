package knowledge

import (
	"context"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"handrail/internal/postings"
)

// catchUpAttempts is how often one search brings the index up to date before it scans. More than once is needed only
// while somebody writes.
const catchUpAttempts = 3

// findIndexed scores the passages in memory and reads the best of them, in one round trip. It reports whether the index
// was current; otherwise the hits are worth nothing.
func (b *Base) findIndexed(ctx context.Context, ws uuid.UUID, p *parsed, embedding []float32, ix *index) ([]Hit, bool, error) {
	ids, scores := ix.candidates(p)
	var hits []Hit
	var version int64
	err := b.db.Batch(ctx, ws, func(batch *pgx.Batch) {
		if embedding != nil { // Reading by key needs none of the settings.
			queueSettings(batch, true)
		}
		args := []any{ws, p.collections(), ids, scores}
		if embedding != nil {
			args = append(args, p.candidates())
		}
		batch.Queue(givenSQL+b.hitsSQL(embedding), append(args, denseArgs(embedding)...)...)
		// Read after the hits: if it still is that of the index, the hits are of that version too.
		batch.Queue(`SELECT coalesce((SELECT version FROM knowledge_stats WHERE workspace_id = $1), 0)`, ws)
	}, func(res pgx.BatchResults) (err error) {
		if embedding != nil {
			if _, err := res.Exec(); err != nil {
				return err
			}
		}
		if hits, err = readHits(res); err != nil {
			return err
		}
		return res.QueryRow().Scan(&version)
	})
	return hits, version == ix.version, err
}

// givenSQL takes the best passages from the caller, in order.
const givenSQL = `
	WITH lexical AS (
		SELECT passage_id, score, rank
		FROM unnest($3::bigint[], $4::float8[]) WITH ORDINALITY AS best (passage_id, score, rank)
	)`

// candidates returns the passages with the highest BM25 scores, and fills in the frequencies of p's terms.
func (x *index) candidates(p *parsed) (ids []int64, scores []float64) {
	p.passages = x.passages
	for _, id := range p.order {
		p.learn(id, x.postings.Frequency(id))
	}
	p.correctAll(p.misspelt(), x.postings.Frequency)
	q := postings.Query{Terms: p.order, Scales: make([]float64, len(p.order)), Collections: p.Collections,
		Base: damping(0, x.pivot), Limit: p.candidates()}
	q.Slope = damping(1, x.pivot) - q.Base
	for i, id := range p.order {
		q.Scales[i] = p.terms[id].lexicalWeight() * p.terms[id].idf
	}
	found := x.postings.Search(q)
	ids, scores = make([]int64, len(found)), make([]float64, len(found))
	for i, f := range found {
		ids[i], scores[i] = f.ID, f.Score
	}
	return ids, scores
}

// catchUp brings the index of a workspace up to date, or returns nil if a scan is faster than waiting for that.
func (b *Base) catchUp(ctx context.Context, ws uuid.UUID) (*index, error) {
	h := b.indexes.place(ws)
	if !h.loading.TryLock() {
		return nil, nil // it is being loaded
	}
	defer h.loading.Unlock()
	if h.current.Load() == nil {
		return nil, nil
	}
	return b.refresh(ctx, ws, h, catchUpAtMost)
}

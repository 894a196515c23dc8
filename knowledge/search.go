package knowledge

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/google/uuid"

	"handrail/internal/errs"
)

// candidates is the least number of passages that each signal hands to re-ranking.
const candidates = 50

// Search finds the passages that best answer q, in one round trip to the database. An embedder that fails leaves the
// search lexical. A query without a single letter or digit finds nothing. The error is of kind [errs.Invalid] for a
// negative limit.
func (b *Base) Search(ctx context.Context, ws uuid.UUID, q Query) (Result, error) {
	if q.Limit < 0 {
		return Result{}, errs.New(errs.Invalid, "the limit %d is negative: leave it out or give a positive number", q.Limit)
	}
	p := parse(q)
	if len(p.terms) == 0 {
		return Result{}, nil
	}
	found, err := b.find(ctx, ws, p, b.embedQuery(ctx, q))
	if err != nil {
		return Result{}, fmt.Errorf("search: %w", err)
	}
	if p.contrasts, err = b.contrastsOf(ctx, ws, p.passages); err != nil {
		return Result{}, fmt.Errorf("search: %w", err)
	}
	rank(p, found)
	evidence := evidenceOf(p, found)
	return Result{Hits: found[:min(len(found), p.Limit)], Evidence: evidence}, nil
}

// embedQuery returns nil where there is no embedder or it fails: half an answer in time beats none.
func (b *Base) embedQuery(ctx context.Context, q Query) []float32 {
	if b.embedder == nil {
		return nil
	}
	vectors, err := b.embedder.Embed(ctx, []string{q.Text})
	if err != nil || len(vectors) != 1 || len(vectors[0]) != b.embedder.Dimensions() {
		slog.WarnContext(ctx, "the query is not embedded, searching by words only", "model", b.embedder.Model(), "error", err)
		return nil
	}
	return vectors[0]
}

// find reads the candidates, in no particular order, and fills in what the base knows of p's terms: through the index in
// memory where there is one and it is up to date, otherwise by a scan. Both find the same.
func (b *Base) find(ctx context.Context, ws uuid.UUID, p *parsed, embedding []float32) ([]Hit, error) {
	ix := b.indexes.get(ws)
	for range catchUpAttempts {
		if ix == nil {
			break
		}
		hits, current, err := b.findIndexed(ctx, ws, p, embedding, ix)
		if err != nil || current {
			return hits, err
		}
		if ix, err = b.catchUp(ctx, ws); err != nil {
			return nil, err
		}
		*p = *parse(p.Query) // What was corrected by a base that is no more may be known by now.
	}
	hits, err := b.findByScan(ctx, ws, p, embedding)
	if err != nil {
		return nil, err
	}
	b.indexes.want(ws, p.passages)
	corrected, err := b.correctByTable(ctx, ws, p)
	if err != nil || !corrected {
		return hits, err
	}
	return b.findByScan(ctx, ws, p, embedding)
}

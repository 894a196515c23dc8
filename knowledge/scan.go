package knowledge

import (
	"context"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// findByScan lets the database score every passage of the workspace, in one round trip.
func (b *Base) findByScan(ctx context.Context, ws uuid.UUID, p *parsed, embedding []float32) ([]Hit, error) {
	weights := make([]float64, len(p.order))
	for i, id := range p.order {
		weights[i] = p.terms[id].lexicalWeight()
	}
	var hits []Hit
	err := b.db.Batch(ctx, ws, func(batch *pgx.Batch) {
		queueSettings(batch, embedding != nil)
		batch.Queue(frequenciesSQL, ws, p.order)
		args := []any{ws, p.collections(), p.order, weights, p.candidates()}
		batch.Queue(scanSQL+b.hitsSQL(embedding), append(args, denseArgs(embedding)...)...)
	}, func(res pgx.BatchResults) (err error) {
		if _, err := res.Exec(); err != nil {
			return err
		}
		if err := p.readFrequencies(res); err != nil {
			return err
		}
		hits, err = readHits(res)
		return err
	})
	return hits, err
}

// Here and below, OFFSET 0 keeps the planner at one index look-up per row. Left alone it tends to join the whole base
// first while its table statistics are young, that is, right after a bulk load.
const frequenciesSQL = `
	SELECT s.passages, q.term, coalesce(k.df, 0)
	FROM knowledge_stats s
	CROSS JOIN unnest($2::int[]) AS q (term)
	LEFT JOIN LATERAL (SELECT df FROM knowledge_terms WHERE workspace_id = $1 AND term = q.term OFFSET 0) k ON true
	WHERE s.workspace_id = $1`

func (p *parsed) readFrequencies(res pgx.BatchResults) error {
	rows, err := res.Query()
	if err != nil {
		return err
	}
	var id int32
	var df int
	_, err = pgx.ForEachRow(rows, []any{&p.passages, &id, &df}, func() error {
		p.learn(id, df)
		return nil
	})
	return err
}

// scanSQL finds the best passages by inner product with the query, which is BM25. The query is a sparse vector, weight x
// idf by term id. Terms that no passage holds would match nothing, so they stay out of the vector.
const scanSQL = `
	WITH query AS MATERIALIZED (
		SELECT ('{' || string_agg(q.term || ':' || (q.weight
				* (s.passages * ln(1 + (s.passages - k.df + 0.5) / (k.df + 0.5)) + 30 * ln(1.0 + s.passages) / 2)
				/ (s.passages + 30))::real,
			',' ORDER BY q.term) || '}/1000000000')::sparsevec(1000000000) AS vector
		FROM knowledge_stats s
		CROSS JOIN unnest($3::int[], $4::float8[]) AS q (term, weight)
		CROSS JOIN LATERAL (SELECT df FROM knowledge_terms WHERE workspace_id = $1 AND term = q.term OFFSET 0) k
		WHERE s.workspace_id = $1
	), lexical AS (
		SELECT passage_id, -distance AS score, row_number() OVER (ORDER BY distance, passage_id) AS rank
		FROM (
			SELECT passage_id, weights <#> (SELECT vector FROM query) AS distance
			FROM passage_terms
			WHERE workspace_id = $1 AND ($2::text[] = '{}' OR collection = ANY ($2))
			ORDER BY distance LIMIT $5
		) best
		WHERE distance < 0
	)`

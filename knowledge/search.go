package knowledge

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/pgvector/pgvector-go"

	"handrail/internal/errs"
)

// candidates is how many passages each signal hands to re-ranking.
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

// find sends the search to the database and reads the candidates, in no particular order. It fills in the frequencies
// of p's terms.
func (b *Base) find(ctx context.Context, ws uuid.UUID, p *parsed, embedding []float32) ([]Hit, error) {
	weights := make([]float64, len(p.order))
	for i, id := range p.order {
		weights[i] = p.terms[id].lexicalWeight()
	}
	collections := p.Collections
	if collections == nil {
		collections = []string{}
	}
	limit := max(candidates, p.Limit)
	var hits []Hit
	err := b.db.Batch(ctx, ws, func(batch *pgx.Batch) {
		queueSettings(batch, embedding != nil)
		batch.Queue(frequenciesSQL, ws, p.order)
		args := []any{ws, p.order, weights, collections, limit}
		if embedding != nil {
			args = append(args, pgvector.NewHalfVector(embedding))
		}
		batch.Queue(b.candidatesSQL(embedding), args...)
	}, func(res pgx.BatchResults) error {
		if _, err := res.Exec(); err != nil {
			return err
		}
		if err := p.readFrequencies(res); err != nil {
			return err
		}
		rows, err := res.Query()
		if err != nil {
			return err
		}
		hits, err = pgx.CollectRows(rows, scanHit)
		return err
	})
	return hits, err
}

// queueSettings keeps the planner from spending more on compiling or on starting workers than the search takes, and
// lets an approximate index look further where the filter leaves too little.
func queueSettings(batch *pgx.Batch, dense bool) {
	settings := `SELECT set_config('jit', 'off', true), set_config('max_parallel_workers_per_gather', '0', true)`
	if dense {
		settings += `,
			set_config('hnsw.ef_search', '100', true),
			(SELECT set_config('hnsw.iterative_scan', 'strict_order', true) FROM pg_extension
			 WHERE extname = 'vector' AND string_to_array(extversion, '.')::int[] >= '{0,8}')`
	}
	batch.Queue(settings)
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

// The parts of the search, in the order of the statement:
//
//	query    the query as a sparse vector: weight x idf by term id
//	lexical  the best passages by inner product with it, which is BM25
//	dense    the best passages by cosine, where the query has an embedding
//
// Terms that no passage holds would match nothing, so they stay out of the vector.
const lexicalSQL = `
	WITH query AS MATERIALIZED (
		SELECT ('{' || string_agg(q.term || ':' || (q.weight
				* (s.passages * ln(1 + (s.passages - k.df + 0.5) / (k.df + 0.5)) + 30 * ln(1.0 + s.passages) / 2)
				/ (s.passages + 30))::real,
			',' ORDER BY q.term) || '}/1000000000')::sparsevec(1000000000) AS vector
		FROM knowledge_stats s
		CROSS JOIN unnest($2::int[], $3::float8[]) AS q (term, weight)
		CROSS JOIN LATERAL (SELECT df FROM knowledge_terms WHERE workspace_id = $1 AND term = q.term OFFSET 0) k
		WHERE s.workspace_id = $1
	), lexical AS (
		SELECT passage_id, -distance AS score, row_number() OVER (ORDER BY distance, passage_id) AS rank
		FROM (
			SELECT passage_id, weights <#> (SELECT vector FROM query) AS distance
			FROM passage_terms
			WHERE workspace_id = $1 AND ($4::text[] = '{}' OR collection = ANY ($4))
			ORDER BY distance LIMIT $5
		) best
		WHERE distance < 0
	)`

// hitsSQL reads the candidates by key.
const hitsSQL = `
	CROSS JOIN LATERAL (SELECT * FROM passages WHERE workspace_id = $1 AND id = found.passage_id OFFSET 0) p
	CROSS JOIN LATERAL (SELECT * FROM documents WHERE workspace_id = $1 AND id = p.document_id OFFSET 0) d`

const hitColumnsSQL = `
	p.id, p.document_id, p.ordinal, p.title, p.heading_path, p.body, p.start_byte, p.end_byte, p.page, p.lang, p.url,
	p.question, d.uri, d.collection`

// candidatesSQL is the statement for a query with or without an embedding. The number of dimensions is part of the
// text because the index is on that expression, and the model because the index is partial.
func (b *Base) candidatesSQL(embedding []float32) string {
	if embedding == nil {
		return lexicalSQL + `
			SELECT ` + hitColumnsSQL + `, found.score, found.rank, 0::float8, 0 FROM lexical found` + hitsSQL
	}
	vector := fmt.Sprintf("embedding::halfvec(%d)", len(embedding))
	return lexicalSQL + `, dense AS (
			SELECT passage_id, 1 - distance AS score, row_number() OVER (ORDER BY distance, passage_id) AS rank
			FROM (
				SELECT passage_id, ` + vector + ` <=> $6 AS distance
				FROM passage_vectors
				WHERE workspace_id = $1 AND model = ` + quote(b.embedder.Model()) + `
					AND ($4::text[] = '{}' OR collection = ANY ($4))
				ORDER BY ` + vector + ` <=> $6 LIMIT $5
			) nearest
		), found AS (
			SELECT passage_id, coalesce(l.score, 0) AS lexical, coalesce(l.rank, 0) AS lexical_rank,
				coalesce(v.score, 0) AS dense, coalesce(v.rank, 0) AS dense_rank
			FROM lexical l FULL JOIN dense v USING (passage_id)
		)
		SELECT ` + hitColumnsSQL + `, lexical, lexical_rank, dense, dense_rank FROM found` + hitsSQL
}

func scanHit(row pgx.CollectableRow) (Hit, error) {
	var h Hit
	err := row.Scan(&h.ID, &h.DocumentID, &h.Ordinal, &h.Title, &h.HeadingPath, &h.Text, &h.Start, &h.End, &h.Page, &h.Lang,
		&h.URL, &h.Question, &h.URI, &h.Collection, &h.Lexical, &h.LexicalRank, &h.Dense, &h.DenseRank)
	return h, err
}

package knowledge

import (
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/pgvector/pgvector-go"
)

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

// hitsSQL reads the candidates of the statement before it, named lexical. With an embedding, the best passages by cosine
// join them. The number of dimensions is part of the text because the index is on that expression, and the model
// because the index is partial.
func (b *Base) hitsSQL(embedding []float32) string {
	if embedding == nil {
		return `
			SELECT ` + hitColumnsSQL + `, found.score, found.rank, 0::float8, 0 FROM lexical found` + passagesSQL
	}
	vector := fmt.Sprintf("embedding::halfvec(%d)", len(embedding))
	return `, dense AS (
			SELECT passage_id, 1 - distance AS score, row_number() OVER (ORDER BY distance, passage_id) AS rank
			FROM (
				SELECT passage_id, ` + vector + ` <=> $6 AS distance
				FROM passage_vectors
				WHERE workspace_id = $1 AND model = ` + quote(b.embedder.Model()) + `
					AND ($2::text[] = '{}' OR collection = ANY ($2))
				ORDER BY ` + vector + ` <=> $6 LIMIT $5
			) nearest
		), found AS (
			SELECT passage_id, coalesce(l.score, 0) AS lexical, coalesce(l.rank, 0) AS lexical_rank,
				coalesce(v.score, 0) AS dense, coalesce(v.rank, 0) AS dense_rank
			FROM lexical l FULL JOIN dense v USING (passage_id)
		)
		SELECT ` + hitColumnsSQL + `, lexical, lexical_rank, dense, dense_rank FROM found` + passagesSQL
}

// denseArgs are the arguments that an embedding adds to a search.
func denseArgs(embedding []float32) []any {
	if embedding == nil {
		return nil
	}
	return []any{pgvector.NewHalfVector(embedding)}
}

// passagesSQL reads the passages found by key. The filters stand here again, so that no part before it has to be trusted.
const passagesSQL = `
	CROSS JOIN LATERAL (SELECT * FROM passages WHERE workspace_id = $1 AND id = found.passage_id OFFSET 0) p
	CROSS JOIN LATERAL (SELECT * FROM documents WHERE workspace_id = $1 AND id = p.document_id
		AND ($2::text[] = '{}' OR collection = ANY ($2)) OFFSET 0) d`

const hitColumnsSQL = `
	p.id, p.document_id, p.ordinal, p.title, p.heading_path, p.body, p.start_byte, p.end_byte, p.page, p.lang, p.url,
	p.question, d.uri, d.collection`

func readHits(res pgx.BatchResults) ([]Hit, error) {
	rows, err := res.Query()
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, scanHit)
}

func scanHit(row pgx.CollectableRow) (Hit, error) {
	var h Hit
	err := row.Scan(&h.ID, &h.DocumentID, &h.Ordinal, &h.Title, &h.HeadingPath, &h.Text, &h.Start, &h.End, &h.Page, &h.Lang,
		&h.URL, &h.Question, &h.URI, &h.Collection, &h.Lexical, &h.LexicalRank, &h.Dense, &h.DenseRank)
	return h, err
}

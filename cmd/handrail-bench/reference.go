package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"unicode"

	"github.com/jackc/pgx/v5"
)

// dimensions is that of common small embedding models.
const dimensions = 384

// references adds what people would otherwise build on the same data: PostgreSQL's full text search over any of the
// words, ranked by ts_rank, and a bare nearest-neighbour query on pgvector's HNSW index. Neither enforces a workspace.
func (cmd *knowledgeCommand) references(ctx context.Context, w *world, questions []string, t *table) error {
	for _, sql := range []string{
		`DROP TABLE IF EXISTS bench_text, bench_vectors`,
		`CREATE TABLE bench_text AS SELECT id, title, body, to_tsvector('simple', title || ' ' || body) AS words FROM passages`,
		`CREATE INDEX ON bench_text USING gin (words)`,
		fmt.Sprintf(`CREATE TABLE bench_vectors (id bigint, body text, embedding halfvec(%d))`, dimensions),
	} {
		if _, err := w.owner.Exec(ctx, sql); err != nil {
			return err
		}
	}
	if err := w.copyVectors(ctx, cmd.Passages); err != nil {
		return err
	}
	for _, sql := range []string{
		`CREATE INDEX ON bench_vectors USING hnsw (embedding halfvec_cosine_ops)`,
		`VACUUM ANALYZE bench_text, bench_vectors`,
	} {
		if _, err := w.owner.Exec(ctx, sql); err != nil {
			return err
		}
	}
	s, err := measure(ctx, cmd.Clients, cmd.Length, w.fullText(questions))
	if err != nil {
		return err
	}
	t.add("PostgreSQL full text, any word, ts_rank", s)
	s, err = measure(ctx, cmd.Clients, cmd.Length, w.nearest())
	if err != nil {
		return err
	}
	t.add(fmt.Sprintf("bare HNSW, halfvec(%d), ef 40", dimensions), s)
	return nil
}

// copyVectors stores n vectors around a thousand centres, as texts gather around topics.
func (w *world) copyVectors(ctx context.Context, n int) error {
	rng := rand.New(rand.NewPCG(3, 4))
	centres := make([][]float64, 1000)
	for i := range centres {
		centres[i] = vector(rng, nil, 1)
	}
	body := strings.Repeat("x", 800)
	return w.copyRows(ctx, "bench_vectors", n, func(i int) []string {
		return []string{strconv.Itoa(i), body, literal(vector(rng, centres[rng.IntN(len(centres))], .6))}
	})
}

// vector draws one around a centre, or around the origin for nil.
func vector(rng *rand.Rand, centre []float64, spread float64) []float64 {
	v := make([]float64, dimensions)
	for i := range v {
		v[i] = rng.NormFloat64() * spread
		if centre != nil {
			v[i] += centre[i]
		}
	}
	return v
}

func literal(v []float64) string { return strings.ReplaceAll(fmt.Sprintf("%.4f", v), " ", ",") }

func (w *world) fullText(questions []string) func(context.Context, int) error {
	return func(ctx context.Context, i int) error {
		words := strings.FieldsFunc(questions[i%len(questions)], func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
		rows, err := w.owner.Query(ctx, `
			SELECT id, title, body FROM bench_text, to_tsquery('simple', $1) AS q
			WHERE words @@ q ORDER BY ts_rank(words, q) DESC LIMIT 10`, strings.Join(words, " | "))
		return drain(rows, err)
	}
}

func (w *world) nearest() func(context.Context, int) error {
	rng := rand.New(rand.NewPCG(5, 6))
	wanted := make([]string, asked)
	for i := range wanted {
		wanted[i] = literal(vector(rng, nil, 1))
	}
	return func(ctx context.Context, i int) error {
		rows, err := w.owner.Query(ctx, `SELECT id, body FROM bench_vectors ORDER BY embedding <=> $1::halfvec LIMIT 10`,
			wanted[i%len(wanted)])
		return drain(rows, err)
	}
}

func drain(rows pgx.Rows, err error) error {
	if err != nil {
		return err
	}
	for rows.Next() {
	}
	return rows.Err()
}

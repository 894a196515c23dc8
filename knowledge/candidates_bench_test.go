package knowledge

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgerrcode"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"

	"handrail/internal/postgres"
	"handrail/internal/postgres/pgtest"
)

// BenchmarkCandidates compares ways to find the best passages by BM25 in bases of several sizes: recall@10 against the
// exact scan, p50 and p99 of one client, build time and size. Each way runs on the same passages and questions. The
// tables of HNSW and GIN have no row-level security, which would keep PostgreSQL from using GIN at all.
//
//	go test -run NONE -bench 'Candidates/10000$' -benchtime 1x -timeout 3h ./knowledge
func BenchmarkCandidates(b *testing.B) {
	for _, size := range []int{1_000, 10_000, 100_000, 1_000_000} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			for range b.N {
				compareCandidates(b, size)
			}
		})
	}
}

// candidateBench is one base with the questions asked of it and the exact answers.
type candidateBench struct {
	*testing.B
	base  *Base
	owner *pgx.Conn
	ws    uuid.UUID
	asked []*parsed
	exact [][]int64
}

// patience is how long an index on disk may take to be built.
const patience = 40 * time.Minute

func compareCandidates(b *testing.B, size int) {
	url := pgtest.URL(b)
	db, err := postgres.Open(b.Context(), postgres.Config{URL: url, MaxConns: 4, AllowUnsafe: true})
	require.NoError(b, err)
	defer db.Close()
	owner, err := pgx.Connect(b.Context(), url)
	require.NoError(b, err)
	defer owner.Close(context.WithoutCancel(b.Context()))
	c := &candidateBench{B: b, base: New(db, nil), owner: owner, ws: pgtest.Workspace(b, db)}
	c.run(`SET handrail.workspace = '*'; SET jit = off; SET max_parallel_workers_per_gather = 0; SET maintenance_work_mem = '2GB'`)
	c.load(size)

	c.exact = make([][]int64, len(c.asked))
	c.report("scan", func(i int, p *parsed) []int64 {
		hits, err := c.base.findByScan(b.Context(), c.ws, p, nil)
		require.NoError(b, err)
		slices.SortFunc(hits, func(x, y Hit) int { return x.LexicalRank - y.LexicalRank })
		for _, h := range hits[:min(10, len(hits))] {
			c.exact[i] = append(c.exact[i], h.ID)
		}
		return c.exact[i]
	})
	c.memory()
	c.gin()
	c.hnsw(size)
}

func (c *candidateBench) run(sql string) {
	_, err := c.owner.Exec(c.Context(), sql)
	require.NoError(c, err, sql)
}

// load stores texts of 120 words that follow Zipf's law, and draws questions of 10 words from them.
func (c *candidateBench) load(size int) {
	rng := rand.New(rand.NewPCG(1, 2))
	zipf := rand.NewZipf(rng, 1.07, 2.7, 59_999)
	// Half of the words are those of one of 300 topics, so that texts gather in clusters, which HNSW lives on.
	text := func(topic uint64, n int) string {
		words := make([]string, n)
		for i := range words {
			word := zipf.Uint64()
			if i%2 == 0 {
				word = (word + topic*199) % 60_000
			}
			words[i] = fmt.Sprintf("w%x", word*7919)
		}
		return strings.Join(words, " ")
	}
	const questions = 200
	for stored := 0; stored < size; {
		var items []DocumentPassages
		for range 64 {
			var bodies []string
			topic := 1 + rng.Uint64N(300)
			for len(bodies) < 15 && stored < size {
				bodies = append(bodies, text(topic, 120))
				stored++
			}
			if len(bodies) == 0 {
				break
			}
			d := texts(fmt.Sprintf("%d", stored), bodies...)
			items = append(items, d)
			if len(c.asked) < questions {
				words := strings.Fields(bodies[0])
				rng.Shuffle(len(words), func(i, j int) { words[i], words[j] = words[j], words[i] })
				c.asked = append(c.asked, parse(Query{Text: strings.Join(words[:10], " ")}))
			}
		}
		require.NoError(c, c.base.ReplaceAll(c.Context(), c.ws, items))
	}
	c.run(`VACUUM ANALYZE`)
}

// report asks every question and prints what a way reaches.
func (c *candidateBench) report(name string, find func(i int, p *parsed) []int64) {
	took := make([]time.Duration, len(c.asked))
	found, all := 0, 0
	for i, p := range c.asked {
		start := time.Now()
		ids := find(i, p)
		took[i] = time.Since(start)
		for _, id := range c.exact[i] {
			all++
			if slices.Contains(ids[:min(10, len(ids))], id) {
				found++
			}
		}
	}
	slices.Sort(took)
	fmt.Printf("%-28s p50 %6.2f ms  p99 %6.2f ms  recall@10 %.3f\n", name, took[len(took)/2].Seconds()*1e3,
		took[len(took)*99/100].Seconds()*1e3, float64(found)/float64(all))
}

func (c *candidateBench) memory() {
	start := time.Now()
	require.NoError(c, c.base.Index(c.Context(), c.ws))
	ix := c.base.indexes.get(c.ws)
	fmt.Printf("in memory: loaded in %.1f s, %d MB\n", time.Since(start).Seconds(), ix.postings.Bytes()>>20)
	c.report("in memory, then by key", func(_ int, p *parsed) []int64 {
		_, current, err := c.base.findIndexed(c.Context(), c.ws, p, nil, ix)
		require.True(c, current && err == nil)
		ids, _ := ix.candidates(p)
		return ids
	})
}

// query is a question as a sparse vector. The indexed scan has filled in the frequencies.
func query(p *parsed) string {
	var parts []string
	for _, id := range slices.Sorted(slices.Values(p.order)) {
		if t := p.terms[id]; t.df > 0 {
			parts = append(parts, fmt.Sprintf("%d:%g", id, t.lexicalWeight()*t.idf))
		}
	}
	return "{" + strings.Join(parts, ",") + "}/1000000000"
}

func (c *candidateBench) ids(sql string, args ...any) []int64 {
	rows, err := c.owner.Query(c.Context(), sql, args...)
	require.NoError(c, err)
	ids, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	require.NoError(c, err)
	return ids
}

// built runs a CREATE INDEX and prints how long it took and how large the index is, or that it exceeded the patience.
func (c *candidateBench) built(name, sql string) bool {
	start := time.Now()
	c.run(fmt.Sprintf(`SET statement_timeout = '%d s'`, int(patience.Seconds())))
	_, err := c.owner.Exec(c.Context(), sql)
	c.run(`RESET statement_timeout`)
	if refused, ok := errors.AsType[*pgconn.PgError](err); ok && refused.Code == pgerrcode.QueryCanceled {
		fmt.Printf("%s: not built within %s\n", name, patience)
		return false
	}
	require.NoError(c, err, sql)
	var size int64
	require.NoError(c, c.owner.QueryRow(c.Context(), `SELECT pg_relation_size($1::regclass)`, name).Scan(&size))
	fmt.Printf("%s: built in %.1f s, %d MB\n", name, time.Since(start).Seconds(), size>>20)
	return true
}

// denseGraphUpTo is the largest base for which a second, denser graph is built: it takes three times as long.
const denseGraphUpTo = 10_000

func (c *candidateBench) hnsw(size int) {
	c.run(`CREATE TABLE plain AS SELECT passage_id, weights FROM passage_terms`)
	for _, m := range []int{16, 32} {
		if m > 16 && size > denseGraphUpTo {
			break
		}
		name := fmt.Sprintf("hnsw_m%d", m)
		if !c.built(name, fmt.Sprintf(`CREATE INDEX %s ON plain USING hnsw (weights sparsevec_ip_ops) WITH (m = %d, ef_construction = %d)`,
			name, m, 4*m)) {
			break
		}
		for _, ef := range []int{40, 200, 400, 1000} {
			c.run(fmt.Sprintf(`SET hnsw.ef_search = %d`, ef))
			c.report(fmt.Sprintf("%s, ef %d", name, ef), func(_ int, p *parsed) []int64 {
				// The text of the statement differs, lest a plan made under other settings be used again.
				return c.ids(fmt.Sprintf(`SELECT passage_id FROM plain ORDER BY weights <#> $1::sparsevec LIMIT %d`, min(ef, 50)), query(p))
			})
		}
		c.run(`DROP INDEX ` + name)
	}
}

func (c *candidateBench) gin() {
	c.run(`CREATE TABLE inverted AS SELECT passage_id, weights, (
			SELECT array_agg(split_part(x, ':', 1)::int)
			FROM unnest(string_to_array(trim('{' FROM split_part(weights::text, '}', 1)), ',')) x) AS ids
		FROM passage_terms`)
	if !c.built("gin_terms", `CREATE INDEX gin_terms ON inverted USING gin (ids)`) {
		return
	}
	c.run(`ANALYZE inverted`)
	for _, rarest := range []int{3, 8, 1000} {
		c.report(fmt.Sprintf("GIN on the %d rarest terms", rarest), func(_ int, p *parsed) []int64 {
			var known []int32
			for _, id := range p.order {
				if p.terms[id].df > 0 {
					known = append(known, id)
				}
			}
			slices.SortFunc(known, func(x, y int32) int { return p.terms[x].df - p.terms[y].df })
			return c.ids(`SELECT passage_id FROM inverted WHERE ids && $2 ORDER BY weights <#> $1::sparsevec LIMIT 50`,
				query(p), known[:min(rarest, len(known))])
		})
	}
}

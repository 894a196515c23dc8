package knowledge

import (
	"fmt"
	"math"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/pgvector/pgvector-go"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"handrail/internal/postgres"
	"handrail/internal/postgres/pgtest"
)

// stored is the state of a workspace that search depends on, without generated ids.
type stored struct {
	Passages  int64
	Length    float64
	Pivot     float64
	DF        map[int32]int
	Documents []string
	Weights   map[string]string // by passage: its weights, as PostgreSQL writes them
}

func snapshot(t require.TestingT, db *postgres.DB, ws uuid.UUID) stored {
	s := stored{DF: map[int32]int{}, Weights: map[string]string{}}
	ctx := ctxOf(t)
	err := db.InTx(ctx, ws, func(tx pgx.Tx) error {
		err := tx.QueryRow(ctx, `SELECT passages, length, pivot FROM knowledge_stats`).Scan(&s.Passages, &s.Length, &s.Pivot)
		if err != nil {
			return err
		}
		rows, _ := tx.Query(ctx, `SELECT term, df FROM knowledge_terms`)
		var term int32
		var df int
		if _, err = pgx.ForEachRow(rows, []any{&term, &df}, func() error { s.DF[term] = df; return nil }); err != nil {
			return err
		}
		rows, _ = tx.Query(ctx, `SELECT id || uri || title || passages FROM documents ORDER BY uri`)
		if s.Documents, err = pgx.CollectRows(rows, pgx.RowTo[string]); err != nil {
			return err
		}
		rows, _ = tx.Query(ctx, `
			SELECT d.uri || '#' || p.ordinal || p.body, t.weights::text FROM passages p
			JOIN documents d ON d.id = p.document_id JOIN passage_terms t ON t.passage_id = p.id`)
		var key, weights string
		_, err = pgx.ForEachRow(rows, []any{&key, &weights}, func() error { s.Weights[key] = weights; return nil })
		return err
	})
	require.NoError(t, err)
	return s
}

// requireRecount compares the statistics with those counted afresh from the stored passages.
func requireRecount(t require.TestingT, b *Base, db *postgres.DB, ws uuid.UUID) {
	got := snapshot(t, db, ws)
	want := stored{DF: map[int32]int{}}
	docs, err := b.Documents(ctxOf(t), ws, "")
	require.NoError(t, err)
	var bags []bag
	found, copies := map[int64]string{}, map[int64]string{}
	keys := map[int]string{}
	for _, d := range docs {
		_, ps, err := b.Document(ctxOf(t), ws, d.ID)
		require.NoError(t, err)
		for _, p := range ps {
			if p.DuplicateOf != 0 {
				copies[p.DuplicateOf] = p.Text
				continue
			}
			found[p.ID] = p.Text
			keys[len(bags)] = fmt.Sprintf("%s#%d%s", d.URI, p.Ordinal, p.Text)
			bags = append(bags, bagOf(p))
		}
	}
	for of, text := range copies {
		require.Equal(t, likenessOf("", Passage{Text: found[of]}), likenessOf("", Passage{Text: text}))
	}
	for _, x := range bags {
		want.Passages++
		want.Length += x.length
		for id := range x.counts {
			want.DF[id]++
		}
	}
	require.Equal(t, want.Passages, got.Passages)
	require.InDelta(t, want.Length, got.Length, 1e-6)
	require.Equal(t, want.DF, got.DF)
	require.Len(t, got.Weights, len(bags))
	if want.Passages == 0 {
		return
	}
	require.LessOrEqual(t, math.Abs(want.Length/float64(want.Passages)/got.Pivot-1), pivotTolerance+1e-6)
	for i, x := range bags {
		var v pgvector.SparseVector
		require.NoError(t, v.Scan(got.Weights[keys[i]]))
		k := damping(x.length, got.Pivot)
		require.Len(t, v.Indices(), len(x.counts))
		for j, index := range v.Indices() {
			c := x.counts[index+1]
			require.InDelta(t, c/(c+k), v.Values()[j], 1e-5)
		}
	}
}

func TestStatisticsEqualARecount(t *testing.T) {
	t.Parallel()
	b, db, _ := open(t)
	words := []string{"lamp", "switch", "the", "bulb", "parcel", "退货", "台灯", "E-1042"}
	body := rapid.Custom(func(r *rapid.T) string {
		s := ""
		for range rapid.IntRange(0, 40).Draw(r, "length") {
			s += rapid.SampledFrom(words).Draw(r, "word") + " "
		}
		return s
	})
	rapid.Check(t, func(r *rapid.T) {
		ws := pgtest.Workspace(t, db)
		for range rapid.IntRange(1, 8).Draw(r, "steps") {
			uri := rapid.SampledFrom([]string{"a", "b", "c"}).Draw(r, "uri")
			if rapid.IntRange(0, 3).Draw(r, "remove") == 0 {
				require.NoError(r, b.Remove(t.Context(), ws, derivedID(ws, Document{Collection: "help", URI: uri})))
				continue
			}
			d := texts(uri, rapid.SliceOfN(body, 0, 4).Draw(r, "passages")...)
			require.NoError(r, b.Replace(t.Context(), ws, d.Document, d.Passages))
		}
		requireRecount(r, b, db, ws)
	})
}

func TestBagSurvivesItsWeights(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		b := bag{counts: map[int32]float64{}}
		for range rapid.IntRange(0, 50).Draw(r, "terms") {
			n := float64(rapid.IntRange(1, 500).Draw(r, "count"))
			b.counts[rapid.Int32Range(1, termSpace).Draw(r, "id")] = n
			b.length += n
		}
		pivot := rapid.Float64Range(1, 2000).Draw(r, "pivot")
		require.Equal(r, b, bagFrom(storedWeights{b.weights(pivot)}, b.length, pivot))
	})
}

func TestAPassageWithoutTermsIsReplaced(t *testing.T) {
	t.Parallel()
	b, db, ws := open(t)
	d := texts("rule", "***", "lamp")
	for i := range d.Passages {
		d.Passages[i].Title = ""
	}
	require.NoError(t, b.Replace(t.Context(), ws, d.Document, d.Passages))
	d = texts("rule", "switch")
	require.NoError(t, b.Replace(t.Context(), ws, d.Document, d.Passages))
	requireRecount(t, b, db, ws)
}

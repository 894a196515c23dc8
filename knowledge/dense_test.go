package knowledge

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"handrail/internal/errs"
	"handrail/internal/postgres/pgtest"
)

// letters embeds a text by its letters, so that texts of similar letters are similar. Words listed in like count as
// the word that they stand for, which no lexical search can know.
type letters struct {
	model      string
	dimensions int
	like       map[string]string
	fail       error
}

func (l *letters) Model() string   { return l.model }
func (l *letters) Dimensions() int { return l.dimensions }

func (l *letters) Embed(_ context.Context, texts []string) ([][]float32, error) {
	if l.fail != nil {
		return nil, l.fail
	}
	vectors := make([][]float32, len(texts))
	for i, s := range texts {
		s = strings.ToLower(s)
		for word, meaning := range l.like {
			s = strings.ReplaceAll(s, word, meaning)
		}
		v := make([]float32, l.dimensions)
		v[0] = 0.01
		for _, r := range s {
			if r >= 'a' && r <= 'z' {
				v[int(r-'a')%l.dimensions]++
			}
		}
		vectors[i] = v
	}
	return vectors, nil
}

func TestDenseFindsWhatWordsMiss(t *testing.T) {
	t.Parallel()
	db := pgtest.Open(t)
	ws := pgtest.Workspace(t, db)
	embedder := &letters{model: "it's 26", dimensions: 26, like: map[string]string{"refund": "zzzzzzzz"}}
	b := New(db, embedder)
	store(t, b, ws, texts("money", "refund within a week"), texts("other", "quick brown fox"))
	embedder.like = map[string]string{"cashback": "zzzzzzzz"}
	res := search(t, b, ws, Query{Text: "cashback"})
	require.Equal(t, "money", res.Hits[0].URI)
	require.Equal(t, 1, res.Hits[0].DenseRank)
	require.Zero(t, res.Hits[0].LexicalRank)
	require.Positive(t, res.Hits[0].Dense)

	res = search(t, b, ws, Query{Text: "brown fox"})
	require.Equal(t, "other", res.Hits[0].URI)
	require.Equal(t, 1, res.Hits[0].LexicalRank)
	require.InDelta(t, 1, res.Evidence.Agreement, 1e-9)
	require.Empty(t, search(t, b, ws, Query{Text: "fox", Collections: []string{"none"}}).Hits)
}

func TestModelsCoexist(t *testing.T) {
	t.Parallel()
	db := pgtest.Open(t)
	ws := pgtest.Workspace(t, db)
	first, second := New(db, &letters{model: "a", dimensions: 26}), New(db, &letters{model: "b", dimensions: 8})
	store(t, first, ws, texts("1", "lamp"))
	store(t, second, ws, texts("2", "lamp two"))
	require.Equal(t, []string{"1"}, dense(search(t, first, ws, Query{Text: "lamp"})))
	require.Equal(t, []string{"2"}, dense(search(t, second, ws, Query{Text: "lamp"})))
}

func TestEmbedFillsInWhatAnotherModelLacks(t *testing.T) {
	t.Parallel()
	db := pgtest.Open(t)
	ws, other := pgtest.Workspace(t, db), pgtest.Workspace(t, db)
	lexical := New(db, nil)
	store(t, lexical, ws, shop()...)
	store(t, lexical, ws, texts("long.md", many(embedBatch, "lamp")...))
	store(t, lexical, other, shop()...)
	b := New(db, &letters{model: "a", dimensions: 26})
	require.Empty(t, dense(search(t, b, ws, Query{Text: "lamp"})))
	for _, want := range []int{len(shop()) + embedBatch, 0} {
		n, err := b.Embed(t.Context(), ws)
		require.NoError(t, err)
		require.Equal(t, want, n)
	}
	require.NotEmpty(t, dense(search(t, b, ws, Query{Text: "lamp"})))
	require.Empty(t, dense(search(t, b, other, Query{Text: "lamp"})))
	n, err := lexical.Embed(t.Context(), ws)
	require.NoError(t, err)
	require.Zero(t, n)
}

// dense lists the URIs that the dense signal found.
func dense(res Result) (list []string) {
	for _, h := range res.Hits {
		if h.DenseRank > 0 {
			list = append(list, h.URI)
		}
	}
	return list
}

func TestFailingEmbedder(t *testing.T) {
	t.Parallel()
	db := pgtest.Open(t)
	ws := pgtest.Workspace(t, db)
	embedder := &letters{model: "a", dimensions: 26}
	b := New(db, embedder)
	store(t, b, ws, shop()...)
	embedder.fail = errs.New(errs.Unavailable, "down")
	require.Equal(t, "returns.md", search(t, b, ws, Query{Text: "return a lamp"}).Hits[0].URI, "search goes on by words")
	err := b.Replace(t.Context(), ws, Document{URI: "new"}, []Passage{{Text: "lamp"}})
	require.True(t, errors.Is(err, embedder.fail), "storing fails, or the passage would never be embedded")
	wrong := New(db, &short{letters{model: "c", dimensions: 26}})
	err = wrong.Replace(t.Context(), ws, Document{URI: "new"}, []Passage{{Text: "lamp"}})
	require.ErrorContains(t, err, "returned 25 dimensions instead of 26")
}

// short returns vectors of one dimension less than it says.
type short struct{ letters }

func (s *short) Embed(ctx context.Context, texts []string) ([][]float32, error) {
	vectors, err := s.letters.Embed(ctx, texts)
	for i := range vectors {
		vectors[i] = vectors[i][1:]
	}
	return vectors, err
}

package knowledge

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"handrail/internal/errs"
)

func TestReplaceStoresWhatDocumentReturns(t *testing.T) {
	t.Parallel()
	b, _, ws := open(t)
	in := DocumentPassages{
		Document{Collection: "help", URI: "a b.md", Title: "Lamps", URL: "https://shop.example/lamps", Lang: "en",
			Hash: []byte{1, 2}, Tags: []string{"lamp"}},
		[]Passage{
			{Title: "Lamps", HeadingPath: []string{"Care", "Bulbs"}, Text: "Let it cool.", Start: 4, End: 16, Lang: "en"},
			{Title: "Lamps", Text: "Use a dry cloth.", Start: 17, End: 33, Question: "How do I clean it?"},
		},
	}
	store(t, b, ws, in)
	docs, err := b.Documents(t.Context(), ws, "help")
	require.NoError(t, err)
	require.Len(t, docs, 1)
	d, ps, err := b.Document(t.Context(), ws, docs[0].ID)
	require.NoError(t, err)
	require.Equal(t, 2, d.Passages)
	require.Equal(t, in.Document.Hash, d.Hash)
	require.Equal(t, in.Document.Tags, d.Tags)
	require.Equal(t, in.Document.URL, d.URL)
	require.False(t, d.UpdatedAt.IsZero())
	for i, p := range ps {
		want := in.Passages[i]
		want.ID, want.DocumentID, want.Ordinal, want.Collection, want.URI = p.ID, d.ID, i, "help", "a b.md"
		if want.HeadingPath == nil {
			want.HeadingPath = []string{}
		}
		require.Empty(t, cmp.Diff(want, p))
	}
	_, _, err = b.Document(t.Context(), ws, uuid.New())
	require.True(t, errs.Is(err, errs.NotFound))
}

func TestReplaceTwiceIsReplaceOnce(t *testing.T) {
	t.Parallel()
	b, db, ws := open(t)
	store(t, b, ws, shop()...)
	before := snapshot(t, db, ws)
	store(t, b, ws, shop()...)
	require.Empty(t, cmp.Diff(before, snapshot(t, db, ws)))
}

func TestReplaceKeepsTheID(t *testing.T) {
	t.Parallel()
	b, _, ws := open(t)
	d := texts("a", "one")
	d.Document.ID = uuid.New()
	store(t, b, ws, d)
	store(t, b, ws, texts("a", "two"))
	_, ps, err := b.Document(t.Context(), ws, d.Document.ID)
	require.NoError(t, err)
	require.Len(t, ps, 1)
	require.Equal(t, "two", ps[0].Text)
}

func TestReplaceRefusesBadInputAndChangesNothing(t *testing.T) {
	t.Parallel()
	b, db, ws := open(t)
	store(t, b, ws, shop()...)
	before := snapshot(t, db, ws)
	taken := texts("other.md", "text")
	docs, err := b.Documents(t.Context(), ws, "")
	require.NoError(t, err)
	taken.Document.ID = docs[0].ID
	backwards := texts("x", "text")
	backwards.Passages[0].Start = 9
	for name, c := range map[string]struct {
		kind  errs.Kind
		items []DocumentPassages
	}{
		"no URI":           {errs.Invalid, []DocumentPassages{texts("new", "n"), texts("", "text")}},
		"twice in a batch": {errs.Invalid, []DocumentPassages{texts("x", "1"), texts("x", "2")}},
		"not a range":      {errs.Invalid, []DocumentPassages{backwards}},
		"ID taken":         {errs.Conflict, []DocumentPassages{texts("new", "n"), taken}},
	} {
		err := b.ReplaceAll(t.Context(), ws, c.items)
		require.Equal(t, c.kind, errs.KindOf(err), name)
		require.Empty(t, cmp.Diff(before, snapshot(t, db, ws)), name)
	}
	err = b.Replace(t.Context(), uuid.New(), Document{URI: "x"}, nil)
	require.Equal(t, errs.NotFound, errs.KindOf(err), "unknown workspace")
}

func TestReplaceCleansTextThatPostgreSQLCannotStore(t *testing.T) {
	t.Parallel()
	b, _, ws := open(t)
	store(t, b, ws, texts("bad\x00.md", "lamp \xff\xfe \x00switch"))
	require.Len(t, search(t, b, ws, Query{Text: "switch \xff lamp\x00"}).Hits, 1)
}

// Searches that run while a document flips between two versions see all passages of one of them.
func TestSearchNeverSeesAMix(t *testing.T) {
	t.Parallel()
	b, _, ws := open(t)
	store(t, b, ws, texts("doc", many(8, "lamp old")...))
	g, ctx := errgroup.WithContext(t.Context())
	done := make(chan struct{})
	g.Go(func() error {
		defer close(done)
		for i := range 30 {
			d := texts("doc", many(8, []string{"lamp new", "lamp old"}[i%2])...)
			if err := b.Replace(ctx, ws, d.Document, d.Passages); err != nil {
				return err
			}
		}
		return nil
	})
	for running := true; running; {
		select {
		case <-done:
			running = false
		default:
		}
		res := search(t, b, ws, Query{Text: "lamp"})
		require.Len(t, res.Hits, 8)
		for _, h := range res.Hits {
			require.Equal(t, res.Hits[0].Text[:8], h.Text[:8])
		}
	}
	require.NoError(t, g.Wait())
}

func TestParallelIngestsOfTheSameDocuments(t *testing.T) {
	t.Parallel()
	b, db, ws := open(t)
	items := shop()
	g, ctx := errgroup.WithContext(t.Context())
	for worker := range 4 {
		g.Go(func() error {
			for i := range 10 {
				// Each worker starts elsewhere, so that without a common order they would lock each other out.
				k := (worker*2 + i) % len(items)
				batch := append(append([]DocumentPassages{}, items[k:]...), items[:k]...)
				if err := b.ReplaceAll(ctx, ws, batch); err != nil {
					return err
				}
				if err := b.Remove(ctx, ws, derivedID(ws, batch[0].Document)); err != nil {
					return err
				}
			}
			return nil
		})
	}
	require.NoError(t, g.Wait())
	store(t, b, ws, items...)
	requireRecount(t, b, db, ws)
	require.NoError(t, b.Remove(context.WithoutCancel(t.Context()), ws, uuid.New()), "unknown ids are ignored")
}

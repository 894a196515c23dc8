package knowledge

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"handrail/internal/errs"
	"handrail/internal/postgres/pgtest"
)

func bikes(t *testing.T) (*Base, uuid.UUID, uuid.UUID) {
	t.Helper()
	db := pgtest.Open(t)
	base, ws := New(db, nil), pgtest.Workspace(t, db)
	require.NoError(t, base.ReplaceAll(t.Context(), ws, []DocumentPassages{
		article("bells.md", "Our brass bells ring loudly and never rust."), article("tyres.md", "Winter tyres grip on ice and snow."),
		article("copy.md", "Our brass bells ring loudly and never rust.")}))
	return base, ws, pgtest.Workspace(t, db)
}

func article(uri, body string) DocumentPassages {
	return DocumentPassages{Document: Document{URI: uri, Title: uri, Hash: []byte(body)}, Passages: []Passage{{Title: uri, Text: body}}}
}

func found(t *testing.T, b *Base, ws uuid.UUID, question string) Result {
	t.Helper()
	r, err := b.Search(t.Context(), ws, Query{Text: question})
	require.NoError(t, err)
	return r
}

func TestACopyFindsTheSame(t *testing.T) {
	t.Parallel()
	b, ws, scratch := bikes(t)
	version, err := b.Copy(t.Context(), ws, scratch)
	require.NoError(t, err)
	require.Positive(t, version)
	for _, q := range []string{"do brass bells rust", "tyres on snow", "brass", "zeppelin"} {
		require.Equal(t, found(t, b, ws, q), found(t, b, scratch, q), q)
	}
	require.NoError(t, b.Apply(t.Context(), scratch, Change{Replace: []DocumentPassages{article("bells.md", "Plastic horns.")}}, AnyVersion))
	require.Equal(t, "bells.md", found(t, b, ws, "ring loudly").Hits[0].URI, "a change of the copy is its own")
	require.Equal(t, "copy.md", found(t, b, scratch, "ring loudly").Hits[0].URI)

	empty, err := b.Copy(t.Context(), pgtest.Workspace(t, b.db), pgtest.Workspace(t, b.db))
	require.NoError(t, err)
	require.Zero(t, empty)
}

func TestApplyChangesAllOrNothing(t *testing.T) {
	t.Parallel()
	b, ws, scratch := bikes(t)
	version, err := b.Copy(t.Context(), ws, scratch)
	require.NoError(t, err)
	docs, err := b.DocumentsOf(t.Context(), ws, "tyres.md")
	require.NoError(t, err)
	change := Change{Replace: []DocumentPassages{article("bells.md", "Plastic horns."), article("new.md", "Carbon frames.")},
		Remove: []uuid.UUID{docs[0].ID}}
	require.NoError(t, b.Replace(t.Context(), ws, Document{URI: "late.md"}, []Passage{{Text: "Somebody else was quicker."}}))
	require.True(t, errs.Is(b.Apply(t.Context(), ws, change, version), errs.Conflict))
	require.Equal(t, "tyres.md", found(t, b, ws, "winter tyres").Hits[0].URI, "a refused change leaves nothing behind")

	require.NoError(t, b.Apply(t.Context(), ws, change, version+1))
	require.Empty(t, found(t, b, ws, "winter tyres").Hits)
	require.Equal(t, "new.md", found(t, b, ws, "carbon frames").Hits[0].URI)

	// What is left behind equals what was never there, down to the statistics.
	same := pgtest.Workspace(t, b.db)
	require.NoError(t, b.ReplaceAll(t.Context(), same, []DocumentPassages{article("bells.md", "Plastic horns."),
		article("copy.md", "Our brass bells ring loudly and never rust."), article("new.md", "Carbon frames."),
		{Document: Document{URI: "late.md"}, Passages: []Passage{{Text: "Somebody else was quicker."}}}}))
	got, want := found(t, b, ws, "brass bells ring"), found(t, b, same, "brass bells ring")
	require.InDelta(t, want.Hits[0].Lexical, got.Hits[0].Lexical, 1e-6)
}

func TestOfManyChangesToOneVersionOneIsMade(t *testing.T) {
	t.Parallel()
	b, ws, scratch := bikes(t)
	version, err := b.Copy(t.Context(), ws, scratch)
	require.NoError(t, err)
	var made atomic.Int64
	var all sync.WaitGroup
	for i := range 4 {
		all.Go(func() {
			change := Change{Replace: []DocumentPassages{article(fmt.Sprint(i), "Saddles of every kind.")}}
			switch err := b.Apply(t.Context(), ws, change, version); {
			case err == nil:
				made.Add(1)
			case !errs.Is(err, errs.Conflict):
				t.Errorf("apply: %v", err)
			}
		})
	}
	all.Wait()
	require.EqualValues(t, 1, made.Load())
}

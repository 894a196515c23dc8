package knowledge

import (
	"cmp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"handrail/internal/postgres/pgtest"
)

// How long to wait for what another goroutine does, and how often to look.
const (
	waitAtMost = 30 * time.Second
	waitStep   = 5 * time.Millisecond
)

// requireSameHits compares what the index finds with what a scan finds. The last digits of a score depend on the order
// of the sum.
func requireSameHits(t require.TestingT, indexed, scanned []Hit) {
	byID := func(a, b Hit) int { return cmp.Compare(a.ID, b.ID) }
	slices.SortFunc(indexed, byID)
	slices.SortFunc(scanned, byID)
	require.Len(t, indexed, len(scanned))
	for i := range scanned {
		require.Equal(t, scanned[i].Passage, indexed[i].Passage)
		require.InDelta(t, scanned[i].Lexical, indexed[i].Lexical, 1e-4)
	}
}

// Whatever another node writes, a search through the index finds exactly what a scan finds.
func TestIndexEqualsAScan(t *testing.T) {
	t.Parallel()
	indexed, db, _ := open(t)
	writer := New(db, nil)
	words := []string{"lamp", "switch", "the", "bulb", "parcel", "退货", "台灯", "E-1042"}
	body := rapid.Custom(func(r *rapid.T) string {
		s := ""
		for range rapid.IntRange(1, 30).Draw(r, "length") {
			s += rapid.SampledFrom(words).Draw(r, "word") + " "
		}
		return s
	})
	rapid.Check(t, func(r *rapid.T) {
		ws := pgtest.Workspace(t, db)
		store(t, writer, ws, texts("first", "the lamp"))
		require.NoError(r, indexed.Index(t.Context(), ws))
		for range rapid.IntRange(1, 6).Draw(r, "steps") {
			uri := rapid.SampledFrom([]string{"a", "b", "c"}).Draw(r, "uri")
			if rapid.IntRange(0, 3).Draw(r, "remove") == 0 {
				require.NoError(r, writer.Remove(t.Context(), ws, derivedID(ws, Document{Collection: "help", URI: uri})))
			} else {
				d := texts(uri, rapid.SliceOfN(body, 1, 4).Draw(r, "passages")...)
				d.Document.Collection = rapid.SampledFrom([]string{"help", "faq"}).Draw(r, "collection")
				require.NoError(r, writer.Replace(t.Context(), ws, d.Document, d.Passages))
			}
			q := Query{Text: body.Draw(r, "question"), Collections: rapid.SampledFrom([][]string{nil, {"faq"}}).Draw(r, "in")}
			byIndex, byScan := parse(q), parse(q)
			scanned, err := writer.findByScan(t.Context(), ws, byScan, nil)
			require.NoError(r, err)
			hits, err := indexed.find(t.Context(), ws, byIndex, nil)
			require.NoError(r, err)
			require.Equal(r, byScan.passages, indexed.indexes.get(ws).passages, "the index was used and is current")
			requireSameHits(r, hits, scanned)
			require.Equal(r, byScan.terms, byIndex.terms)
		}
	})
}

// A search that meets a stale index takes the new state in; it never answers from the old one.
func TestIndexNoticesEveryChange(t *testing.T) {
	t.Parallel()
	b, _, ws := open(t)
	require.NoError(t, b.Index(t.Context(), ws))
	require.Empty(t, search(t, b, ws, Query{Text: "broken switch"}).Hits, "an index of nothing")
	store(t, b, ws, shop()...)
	require.Equal(t, "warranty.md", search(t, b, ws, Query{Text: "broken switch"}).Hits[0].URI)
	store(t, b, ws, texts("warranty.md", "The warranty covers wiring."), texts("repair.md", "We repair every broken switch."))
	require.Equal(t, "repair.md", search(t, b, ws, Query{Text: "broken switch"}).Hits[0].URI)
	docs, err := b.Documents(t.Context(), ws, "")
	require.NoError(t, err)
	for _, d := range docs {
		require.NoError(t, b.Remove(t.Context(), ws, d.ID))
	}
	require.Empty(t, search(t, b, ws, Query{Text: "broken switch"}).Hits)
}

// The loader reads the index that a search of a large workspace asks for, and short memory drops the one used longest ago.
func TestLoaderReadsWhatSearchesAskFor(t *testing.T) {
	t.Parallel()
	db := pgtest.Open(t)
	b := New(db, nil)
	first, second := pgtest.Workspace(t, db), pgtest.Workspace(t, db)
	for _, ws := range []uuid.UUID{first, second} {
		store(t, b, ws, texts("large.md", many(indexFrom, "lamp")...))
	}
	b.Start(t.Context())
	defer b.Stop()
	search(t, b, first, Query{Text: "lamp 7"})
	require.Eventually(t, func() bool { return b.indexes.get(first) != nil }, waitAtMost, waitStep)

	b.IndexMemory(b.indexes.get(first).postings.Bytes() * 3 / 2)
	b.indexes.place(first).used.Store(1) // long ago
	search(t, b, second, Query{Text: "lamp 7"})
	require.Eventually(t, func() bool { return b.indexes.get(second) != nil && b.indexes.get(first) == nil }, waitAtMost, waitStep)
	b.Stop()

	b.IndexMemory(1)
	require.NoError(t, b.Index(t.Context(), first))
	require.Nil(t, b.indexes.get(first), "what does not fit is scanned")
	require.Len(t, search(t, b, first, Query{Text: "lamp 7"}).Hits, 10)
	require.Empty(t, b.indexes.wanted, "and not asked for again")
}

// Searches while others write see whole documents only, and do not fail.
func TestIndexUnderConcurrentWrites(t *testing.T) {
	t.Parallel()
	b, db, ws := open(t)
	store(t, b, ws, texts("pair.md", "lamp red one", "lamp red two"))
	require.NoError(t, b.Index(t.Context(), ws))
	done := make(chan struct{})
	go func() {
		defer close(done)
		other := New(db, nil)
		for i := range 30 {
			colour := []string{"green", "red"}[i%2]
			_ = other.Replace(t.Context(), ws, texts("pair.md").Document, texts("pair.md", "lamp "+colour+" one", "lamp "+colour+" two").Passages)
		}
	}()
	for {
		hits := search(t, b, ws, Query{Text: "lamp"}).Hits
		require.Len(t, hits, 2)
		require.Equal(t, strings.Fields(hits[0].Text)[1], strings.Fields(hits[1].Text)[1])
		select {
		case <-done:
			return
		default:
		}
	}
}

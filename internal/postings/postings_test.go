package postings

import (
	"cmp"
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// model is what an index must behave like: a list of passages that is searched one by one.
type model []Entry

func (m model) frequency(term int32) (n int) {
	for _, e := range m {
		if slices.Contains(e.Terms, term) {
			n++
		}
	}
	return n
}

func (m model) search(q Query) []Found {
	var all []Found
	for _, e := range m {
		if len(q.Collections) > 0 && !slices.Contains(q.Collections, e.Collection) {
			continue
		}
		var score float32
		for i, t := range q.Terms {
			if at, ok := slices.BinarySearch(e.Terms, t); ok {
				c := float32(e.Counts[at])
				score += float32(q.Scales[i]) * c / (c + float32(q.Base) + float32(q.Slope)*e.Length)
			}
		}
		if score > 0 {
			all = append(all, Found{e.ID, float64(score)})
		}
	}
	slices.SortFunc(all, func(a, b Found) int { return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(a.ID, b.ID)) })
	return all[:min(q.Limit, len(all))]
}

func drawEntry(r *rapid.T, id int64) Entry {
	e := Entry{ID: id, Collection: rapid.SampledFrom([]string{"help", "faq", "web"}).Draw(r, "collection")}
	counts := rapid.MapOf(rapid.Int32Range(1, 20), rapid.Uint16Range(1, 9)).Draw(r, "counts")
	e.Terms = slices.Sorted(maps.Keys(counts))
	for _, t := range e.Terms {
		e.Counts = append(e.Counts, counts[t])
		e.Length += float32(counts[t])
	}
	return e
}

func drawQuery(r *rapid.T) Query {
	q := Query{Base: rapid.Float64Range(0.1, 2).Draw(r, "base"), Slope: rapid.Float64Range(0, 1).Draw(r, "slope"),
		Limit: rapid.IntRange(1, 12).Draw(r, "limit")}
	for _, t := range rapid.SliceOfNDistinct(rapid.Int32Range(1, 22), 0, 6, rapid.ID).Draw(r, "terms") {
		q.Terms = append(q.Terms, t)
		q.Scales = append(q.Scales, rapid.Float64Range(0.01, 8).Draw(r, "scale"))
	}
	q.Collections = rapid.SliceOfN(rapid.SampledFrom([]string{"help", "faq", "none"}), 0, 2).Draw(r, "collections")
	return q
}

// However passages come and go, the index finds what a scan of the living ones finds.
func TestSearchEqualsAScan(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		var x Index
		var m model
		next := int64(1)
		for range rapid.IntRange(1, 12).Draw(r, "steps") {
			if rapid.IntRange(0, 3).Draw(r, "remove") == 0 {
				m = slices.DeleteFunc(m, func(Entry) bool { return rapid.Bool().Draw(r, "gone") })
				var ids []int64
				for _, e := range m {
					ids = append(ids, e.ID)
				}
				slices.Sort(ids)
				x = x.Keep(ids)
			} else {
				var more []Entry
				for range rapid.IntRange(0, 9).Draw(r, "more") {
					more = append(more, drawEntry(r, next*7919%10007))
					next++
				}
				m, x = append(m, more...), x.Add(more)
			}
			require.Equal(r, len(m), x.Len())
			for term := range int32(23) {
				require.Equal(r, m.frequency(term), x.Frequency(term), "term %d", term)
			}
			q := drawQuery(r)
			want := m.search(q)
			got := x.Search(q)
			require.Len(r, got, len(want))
			for i := range want {
				require.Equal(r, want[i], got[i])
			}
		}
	})
}

// An index that somebody searches is not touched by what others make of it.
func TestIndexNeverChanges(t *testing.T) {
	t.Parallel()
	one := Entry{ID: 1, Length: 2, Terms: []int32{5, 7}, Counts: []uint16{1, 1}}
	two := Entry{ID: 2, Length: 2, Terms: []int32{5}, Counts: []uint16{2}}
	x := Index{}.Add([]Entry{one})
	_ = x.Add([]Entry{two})
	_ = x.Keep(nil)
	require.Equal(t, 1, x.Len())
	require.Equal(t, 1, x.Frequency(5))
	found := x.Search(Query{Terms: []int32{5}, Scales: []float64{1}, Base: 1, Limit: 9})
	require.Equal(t, []Found{{ID: 1, Score: 0.5}}, found)
}

// Many small additions must not leave many small segments, or search would slow down.
func TestSegmentsStayFew(t *testing.T) {
	t.Parallel()
	var x Index
	for id := range int64(1000) {
		x = x.Add([]Entry{{ID: id + 1, Length: 1, Terms: []int32{1}, Counts: []uint16{1}}})
	}
	require.Equal(t, 1000, x.Frequency(1))
	require.LessOrEqual(t, len(x.segments), 11)
}

// Package postings is an inverted index in memory: which passages hold a term, and how often. It finds the passages
// with the highest BM25 score exactly, by adding up the posting lists of the query's terms.
//
// An [Index] is a value that never changes. Adding and removing return another one that shares what stayed the same, so
// readers need no lock and see one state throughout. Like a log-structured merge tree it is a list of segments; new
// passages become a small segment of their own, and neighbours of like size are merged:
//
//	[ 90,000 passages ][ 8,000 ][ 500 ] + 300 new ──> [ 90,000 ][ 8,000 ][ 800 ]
//
// A segment keeps three flat arrays and no object per term: about 6 bytes per posting, 8 per distinct term and 16 per
// passage. Removed passages stay in their segment, unseen, until a quarter of it is gone.
package postings

import (
	"cmp"
	"slices"
)

// Entry is one passage to be indexed.
type Entry struct {
	ID         int64
	Collection string
	Length     float32  // weighted number of terms
	Terms      []int32  // ascending, each once
	Counts     []uint16 // how often each term occurs, at least 1
}

// Index is a set of passages that can be searched. The zero value is empty. It is safe for concurrent use.
type Index struct {
	segments []*segment
}

// Add returns an index that also holds the entries, whose passages it must not hold yet.
func (x Index) Add(entries []Entry) Index {
	if len(entries) == 0 {
		return x
	}
	segments := append(slices.Clone(x.segments), build(entries))
	for n := len(segments); n > 1 && segments[n-2].size() < 2*segments[n-1].size(); n-- {
		segments = append(segments[:n-2], merge(segments[n-2], segments[n-1]))
	}
	return Index{segments}
}

// Keep returns an index without the passages whose ids are not among ids, which must ascend.
func (x Index) Keep(ids []int64) Index {
	var segments []*segment
	for _, s := range x.segments {
		if s = s.keep(ids); s.size() > 0 {
			segments = append(segments, s)
		}
	}
	return Index{segments}
}

// Len returns the number of passages.
func (x Index) Len() int {
	n := 0
	for _, s := range x.segments {
		n += s.size()
	}
	return n
}

// Frequency returns the number of passages that hold the term.
func (x Index) Frequency(term int32) int {
	n := 0
	for _, s := range x.segments {
		n += s.frequency(term)
	}
	return n
}

// Bytes returns about how much memory the index takes.
func (x Index) Bytes() int64 {
	var n int64
	for _, s := range x.segments {
		n += s.bytes()
	}
	return n
}

// Query says what to look for.
type Query struct {
	Terms  []int32
	Scales []float64 // by term: what a saturated occurrence of it is worth, that is, weight x idf

	// A count c in a passage of length l weighs c / (c + Base + Slope * l), the document side of BM25.
	Base, Slope float64

	Collections []string // empty means all
	Limit       int
}

// Found is one passage of a result.
type Found struct {
	ID    int64
	Score float64
}

// Search returns the passages with the highest scores above zero, best first, the older one first where scores are
// equal.
func (x Index) Search(q Query) []Found {
	if q.Limit <= 0 {
		return nil
	}
	best := top{limit: q.Limit}
	for _, s := range x.segments {
		s.search(q, &best)
	}
	slices.SortFunc(best.heap, func(a, b Found) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(a.ID, b.ID))
	})
	return best.heap
}

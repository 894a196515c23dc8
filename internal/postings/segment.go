package postings

import (
	"maps"
	"slices"
	"sync"
)

// segment is an inverted index over some passages. A slot is the place of a passage in it. Nothing in it changes once it
// is built.
type segment struct {
	ids         []int64   // by slot
	lengths     []float32 // by slot
	collections []uint32  // by slot, an index into names
	names       []string
	codes       map[string]uint32 // by name, its index

	terms  []int32  // ascending
	ends   []uint32 // the postings of terms[i] end before ends[i] and begin where those of terms[i-1] end
	slots  []uint32 // by posting, ascending within a term
	counts []uint16 // by posting

	dead  []bool        // by slot; nil if none
	gone  int           // number of dead slots
	fewer map[int32]int // by term: postings of dead slots

	scores *sync.Pool // of *[]float32, one number per slot
}

// size is the number of passages that are not removed.
func (s *segment) size() int { return len(s.ids) - s.gone }

func (s *segment) bytes() int64 {
	return int64(16*len(s.ids) + 8*len(s.terms) + 6*len(s.slots) + len(s.dead) + 16*len(s.fewer))
}

// postings returns the range of a term's postings.
func (s *segment) postings(term int32) (from, to uint32) {
	i, ok := slices.BinarySearch(s.terms, term)
	if !ok {
		return 0, 0
	}
	if i > 0 {
		from = s.ends[i-1]
	}
	return from, s.ends[i]
}

func (s *segment) frequency(term int32) int {
	from, to := s.postings(term)
	return int(to-from) - s.fewer[term]
}

// build makes a segment by counting the postings of each term, so that every array has its final size from the start.
func build(entries []Entry) *segment {
	s := &segment{codes: map[string]uint32{}}
	sizes := map[int32]uint32{}
	for _, e := range entries {
		s.addPassage(e.ID, e.Length, e.Collection)
		for _, t := range e.Terms {
			sizes[t]++
		}
	}
	next := s.layOut(sizes)
	for slot, e := range entries {
		for i, t := range e.Terms {
			at := next[t]
			s.slots[at], s.counts[at] = uint32(slot), e.Counts[i]
			next[t] = at + 1
		}
	}
	return s.ready()
}

// ready completes a segment whose passages are all there.
func (s *segment) ready() *segment {
	n := len(s.ids)
	s.scores = &sync.Pool{New: func() any {
		scores := make([]float32, n)
		return &scores
	}}
	return s
}

func (s *segment) addPassage(id int64, length float32, collection string) {
	code, ok := s.codes[collection]
	if !ok {
		code = uint32(len(s.names))
		s.codes[collection], s.names = code, append(s.names, collection)
	}
	s.ids, s.lengths = append(s.ids, id), append(s.lengths, length)
	s.collections = append(s.collections, code)
}

// layOut makes room for the postings of each term and returns where those of each begin.
func (s *segment) layOut(sizes map[int32]uint32) map[int32]uint32 {
	s.terms = slices.Sorted(maps.Keys(sizes))
	s.ends = make([]uint32, len(s.terms))
	next := make(map[int32]uint32, len(s.terms))
	var end uint32
	for i, t := range s.terms {
		next[t] = end
		end += sizes[t]
		s.ends[i] = end
	}
	s.slots, s.counts = make([]uint32, end), make([]uint16, end)
	return next
}

// merge joins two neighbours into one segment without their dead slots.
func merge(a, b *segment) *segment {
	s := &segment{codes: map[string]uint32{}}
	renumberedA, renumberedB := s.adopt(a), s.adopt(b)
	s.terms = make([]int32, 0, max(len(a.terms), len(b.terms)))
	s.ends = make([]uint32, 0, cap(s.terms))
	s.slots = make([]uint32, 0, len(a.slots)+len(b.slots))
	s.counts = make([]uint16, 0, cap(s.slots))
	for i, j := 0, 0; i < len(a.terms) || j < len(b.terms); {
		var term int32
		switch {
		case j == len(b.terms) || i < len(a.terms) && a.terms[i] < b.terms[j]:
			term = a.terms[i]
		default:
			term = b.terms[j]
		}
		before := len(s.slots)
		if i < len(a.terms) && a.terms[i] == term {
			s.copyPostings(a, i, renumberedA)
			i++
		}
		if j < len(b.terms) && b.terms[j] == term {
			s.copyPostings(b, j, renumberedB)
			j++
		}
		if len(s.slots) > before {
			s.terms, s.ends = append(s.terms, term), append(s.ends, uint32(len(s.slots)))
		}
	}
	return s.ready()
}

// removed stands in a renumbering for a slot that is dead.
const removed = ^uint32(0)

// adopt takes the living passages of another segment and returns their new slots by old ones.
func (s *segment) adopt(from *segment) []uint32 {
	renumbered := make([]uint32, len(from.ids))
	for slot, id := range from.ids {
		if from.dead != nil && from.dead[slot] {
			renumbered[slot] = removed
			continue
		}
		renumbered[slot] = uint32(len(s.ids))
		s.addPassage(id, from.lengths[slot], from.names[from.collections[slot]])
	}
	return renumbered
}

// copyPostings appends the living postings of from's i-th term.
func (s *segment) copyPostings(from *segment, i int, renumbered []uint32) {
	begin := uint32(0)
	if i > 0 {
		begin = from.ends[i-1]
	}
	for at := begin; at < from.ends[i]; at++ {
		if slot := renumbered[from.slots[at]]; slot != removed {
			s.slots, s.counts = append(s.slots, slot), append(s.counts, from.counts[at])
		}
	}
}

// keep returns the segment with every passage dead that is not in ids.
func (s *segment) keep(ids []int64) *segment {
	dead := make([]bool, len(s.ids))
	gone := 0
	for slot, id := range s.ids {
		if _, ok := slices.BinarySearch(ids, id); !ok {
			dead[slot] = true
			gone++
		}
	}
	if gone == s.gone {
		return s
	}
	k := *s
	k.dead, k.gone = dead, gone
	if 4*gone > len(k.ids) {
		return merge(&k, &segment{})
	}
	k.fewer = k.countDead()
	return &k
}

// countDead counts the dead postings by term in one pass over all of them.
func (s *segment) countDead() map[int32]int {
	fewer := map[int32]int{}
	at := uint32(0)
	for i, term := range s.terms {
		for ; at < s.ends[i]; at++ {
			if s.dead[s.slots[at]] {
				fewer[term]++
			}
		}
	}
	return fewer
}

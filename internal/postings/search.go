package postings

import (
	"container/heap"
	"slices"
)

// search adds the segment's best passages to best.
func (s *segment) search(q Query, best *top) {
	scores := s.accumulate(q)
	defer s.scores.Put(scores)
	wanted := s.wanted(q.Collections)
	for slot, score := range *scores {
		if score <= 0 || score < best.least() || s.dead != nil && s.dead[slot] || wanted != nil && !wanted[s.collections[slot]] {
			continue
		}
		best.offer(Found{ID: s.ids[slot], Score: float64(score)})
	}
}

// accumulate returns the score of every slot.
func (s *segment) accumulate(q Query) *[]float32 {
	acc := s.scratch()
	scores, base, slope := *acc, float32(q.Base), float32(q.Slope)
	for i, term := range q.Terms {
		from, to := s.postings(term)
		scale := float32(q.Scales[i])
		counts := s.counts[from:to]
		for j, slot := range s.slots[from:to] {
			c := float32(counts[j])
			scores[slot] += scale * c / (c + base + slope*s.lengths[slot])
		}
	}
	return acc
}

// wanted tells by code of a collection whether it is searched; nil means that all are.
func (s *segment) wanted(collections []string) []bool {
	if len(collections) == 0 {
		return nil
	}
	wanted := make([]bool, len(s.names))
	for code, name := range s.names {
		wanted[code] = slices.Contains(collections, name)
	}
	return wanted
}

// scratch returns a zero for every slot. Arrays are used again: at every search a new one would be collected.
func (s *segment) scratch() *[]float32 {
	scores := s.scores.Get().(*[]float32)
	clear(*scores)
	return scores
}

// top keeps the best passages seen so far, the least of them first, as package heap wants it.
type top struct {
	limit int
	heap  []Found
}

// least is the score below which a passage does not get in.
func (t *top) least() float32 {
	if len(t.heap) < t.limit {
		return 0
	}
	return float32(t.heap[0].Score)
}

func (t *top) offer(f Found) {
	if len(t.heap) < t.limit {
		heap.Push(t, f)
		return
	}
	if worst := t.heap[0]; worse(worst, f) {
		t.heap[0] = f
		heap.Fix(t, 0)
	}
}

func worse(a, b Found) bool { return a.Score < b.Score || a.Score == b.Score && a.ID > b.ID }

func (t *top) Len() int      { return len(t.heap) }
func (t *top) Swap(i, j int) { t.heap[i], t.heap[j] = t.heap[j], t.heap[i] }
func (t *top) Push(x any)    { t.heap = append(t.heap, x.(Found)) }
func (t *top) Less(i, j int) bool {
	return worse(t.heap[i], t.heap[j])
}

// Pop is never called; the interface asks for it.
func (t *top) Pop() any { panic("postings: a top is never popped") }

package intent

import (
	"cmp"
	"math"
	"slices"
)

// vocabulary numbers the features that occurred in training and weighs them.
type vocabulary struct {
	ids     map[uint64]int32
	hashes  []uint64  // by id
	weights []float32 // by id
}

// vector is a sparse vector of unit length, sorted by id.
type vector struct {
	ids    []int32
	values []float32
}

// rareFrom is the number of examples from which features seen only once are dropped: with many examples they add size
// and no accuracy, with few they are all there is.
const rareFrom = 4000

// newVocabulary collects the features of the training examples. A feature weighs more the fewer intents share it: the
// square root of one minus the normalised entropy of its intents, smoothed by one uniformly spread observation.
func newVocabulary(examples []observed, labels []int, classes int) *vocabulary {
	type stats struct {
		kind   kind
		total  int
		counts map[int]int
	}
	seen := map[uint64]*stats{}
	last := map[uint64]int{} // the last text that counted each feature, plus one
	for i, e := range examples {
		for _, f := range e.features {
			if last[f.hash] == i+1 {
				continue
			}
			last[f.hash] = i + 1
			s := seen[f.hash]
			if s == nil {
				s = &stats{kind: f.kind, counts: map[int]int{}}
				seen[f.hash] = s
			}
			s.total++
			s.counts[labels[i]]++
		}
	}
	v := &vocabulary{ids: map[uint64]int32{}}
	for h, s := range seen {
		if s.total > 1 || len(examples) < rareFrom {
			v.hashes = append(v.hashes, h)
		}
	}
	slices.Sort(v.hashes)
	for i, h := range v.hashes {
		v.ids[h] = int32(i)
		s := seen[h]
		v.weights = append(v.weights, emphasisOf(s.kind, len(examples), classes)*concentration(s.counts, s.total, classes))
	}
	return v
}

// emphasisOf raises the weight of concepts where an intent has few examples. What the lexicon knows is worth about
// twenty examples of an intent: with five it leads, with a hundred they have said it all.
func emphasisOf(k kind, texts, classes int) float32 {
	if k != kindConcept {
		return emphasis[k]
	}
	return emphasis[k] + 20/(20+float32(texts)/float32(classes))
}

// concentration is in (0.2, 1.1): small for a feature that all intents share, large for one that names its intent.
func concentration(counts map[int]int, total, classes int) float32 {
	if classes < 2 {
		return 1
	}
	uniform := 1 / float64(classes)
	sum := float64(total) + 1
	rest := uniform / sum
	entropy := -float64(classes-len(counts)) * rest * math.Log(rest)
	ordered := make([]int, 0, len(counts)) // sums of floats depend on their order, and the order of a map is random
	for _, n := range counts {
		ordered = append(ordered, n)
	}
	slices.Sort(ordered)
	for _, n := range ordered {
		p := (float64(n) + uniform) / sum
		entropy -= p * math.Log(p)
	}
	return float32(math.Sqrt(1 - entropy/math.Log(float64(classes)) + 0.05))
}

// vector weighs the features of a text. known is the share of its words that occurred in training, in [0,1], and
// strange the sum of the squared weights of features that did not.
func (v *vocabulary) vector(fs []feature, words int) (x vector, known, strange float64) {
	found := make([]int32, 0, len(fs))
	for _, f := range fs {
		id, ok := v.ids[f.hash]
		if !ok {
			if f.kind != kindConcept { // its words are counted already
				strange += float64(emphasis[f.kind] * emphasis[f.kind])
			}
			continue
		}
		found = append(found, id)
		if f.kind == kindWord {
			known++
		}
	}
	slices.SortFunc(found, func(a, b int32) int { return cmp.Compare(a, b) })
	var norm float64
	for i := 0; i < len(found); {
		n := 1
		for i+n < len(found) && found[i+n] == found[i] {
			n++
		}
		value := float64(v.weights[found[i]]) * (1 + math.Log(float64(n)))
		norm += value * value
		x.ids = append(x.ids, found[i])
		x.values = append(x.values, float32(value))
		i += n
	}
	for i := range x.values {
		x.values[i] /= float32(math.Sqrt(norm))
	}
	return x, known / float64(max(words, 1)), strange
}

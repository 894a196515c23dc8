package intent

import (
	"math"
	"slices"
)

// dense knows the vectors of an embedder; its zero value knows none. They are centred by the mean of the examples,
// because vectors of sentences share a large common part, and have unit length.
type dense struct {
	mean   []float32
	near   []int8  // some examples of every class, rounded: rows as long as mean
	labels []int32 // class of each row of near
}

// nearest is the number of examples of a class that a message is compared with. It bounds time and memory; an intent
// with more examples needs its neighbours less.
const nearest = 20

// newDense takes what it needs of the examples' vectors. The examples of a class come in the order of the training.
func newDense(examples []observed, labels []int) dense {
	if len(examples) == 0 || examples[0].vector == nil {
		return dense{}
	}
	d := dense{mean: make([]float32, len(examples[0].vector))}
	for _, e := range examples {
		for i, v := range e.vector {
			d.mean[i] += v / float32(len(examples))
		}
	}
	taken := map[int]int{}
	for i, e := range examples {
		if taken[labels[i]]++; taken[labels[i]] > nearest {
			continue
		}
		for _, v := range d.centre(e.vector) {
			d.near = append(d.near, int8(math.Round(float64(v)*127)))
		}
		d.labels = append(d.labels, int32(labels[i]))
	}
	return d
}

// centre returns the difference of a vector from the mean, with unit length.
func (d *dense) centre(v []float32) []float32 {
	if len(d.mean) == 0 {
		return nil
	}
	out := slices.Clone(v)
	norm := 0.0
	for i := range out {
		out[i] -= d.mean[i]
		norm += float64(out[i]) * float64(out[i])
	}
	for i := range out {
		out[i] /= float32(math.Sqrt(max(norm, 1e-12)))
	}
	return out
}

// join appends a centred vector to the n-grams of a text, whose ids are below rows. Each of the two is half of the
// squared length.
func (d *dense) join(x vector, meaning []float32, rows int) vector {
	if len(meaning) == 0 {
		return x
	}
	for i := range x.values {
		x.values[i] *= math.Sqrt2 / 2
	}
	for i, v := range meaning {
		x.ids = append(x.ids, int32(rows+i))
		x.values = append(x.values, v*math.Sqrt2/2)
	}
	return x
}

// addNearest raises the score of every class by the likeness of its nearest example, from -1 to 1.
func (d *dense) addNearest(scores, meaning []float32) {
	if len(meaning) == 0 {
		return
	}
	top := slices.Repeat([]float32{-1}, len(scores))
	for r, label := range d.labels {
		sum := float32(0)
		for i, v := range d.near[r*len(meaning) : (r+1)*len(meaning)] {
			sum += float32(v) * meaning[i]
		}
		top[label] = max(top[label], sum/127)
	}
	for i := range scores {
		scores[i] += top[i]
	}
}

package evals

import (
	"math"
	"math/rand/v2"
	"reflect"
)

const (
	// exactUpTo is the number of differing dialogues up to which all ways to swap them are tried.
	exactUpTo = 12
	// swaps is how many ways are tried at random beyond that. It bounds the least probability that can be found.
	swaps = 10000
)

// worsening returns by how much the metric is worse after than before, and the probability of at least that much if the
// two runs differ by chance alone: then each dialogue's outcomes might as well stand on the other side. The runs hold
// the same questions in the same order. For a metric of ones and zeros this is McNemar's exact test, one-sided.
func worsening(m metric, d direction, before, after []Outcome) (loss, p float64) {
	a, b := clusters(before), clusters(after)
	loss = lossOf(m, d, a, b)
	var differing []int
	for i := range a {
		if !sameOutcomes(a[i], b[i]) {
			differing = append(differing, i)
		}
	}
	if len(differing) == 0 || math.IsNaN(loss) {
		return loss, 1
	}
	tries, extreme := swapAll(differing, a, b, func() bool {
		// A hair's breadth makes up for sums that are taken in another order.
		l := lossOf(m, d, a, b)
		return math.IsNaN(l) || l >= loss-1e-12
	})
	return loss, extreme / tries
}

func lossOf(m metric, d direction, before, after [][]Outcome) float64 {
	return float64(d) * (m(flat(before)) - m(flat(after)))
}

func flat(groups [][]Outcome) (out []Outcome) {
	for _, g := range groups {
		out = append(out, g...)
	}
	return out
}

// swapAll calls count with every way to swap the differing dialogues, or with [swaps] ways at random and the one that is.
func swapAll(differing []int, a, b [][]Outcome, count func() bool) (tries, extreme float64) {
	try := func(chosen func(i int) bool) {
		for i, k := range differing {
			if chosen(i) {
				a[k], b[k] = b[k], a[k]
				defer func() { a[k], b[k] = b[k], a[k] }()
			}
		}
		tries++
		extreme += truth(count())
	}
	if len(differing) <= exactUpTo {
		for mask := range 1 << len(differing) {
			try(func(i int) bool { return mask>>i&1 == 1 })
		}
		return tries, extreme
	}
	random := rand.New(rand.NewPCG(seed, 1))
	try(func(int) bool { return false })
	for range swaps {
		try(func(int) bool { return random.IntN(2) == 1 })
	}
	return tries, extreme
}

func sameOutcomes(a, b []Outcome) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		x, y := a[i], b[i]
		x.ms, y.ms = 0, 0
		if !reflect.DeepEqual(x, y) {
			return false
		}
	}
	return true
}

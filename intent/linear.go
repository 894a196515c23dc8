package intent

import (
	"math"
	"math/rand/v2"
	"runtime"
	"sync"
)

// The fit of the linear classifiers: cost is the price of an example on the wrong side of its margin where all intents
// have the same number of them, rounds bounds the passes over the examples, and tolerance is the violation at which a
// fit has converged.
const (
	cost      = 2.0
	rounds    = 20
	tolerance = 0.05
)

// fitLinear trains one linear classifier for each class against all others: a support vector machine with squared
// hinge loss, by dual coordinate descent (Hsieh et al., ICML 2008). Row f of the result holds the weights of feature f
// for all classes; the last row holds the biases.
func fitLinear(xs []vector, labels []int, classes, features int, seed uint64) []float32 {
	weights := make([]float32, (features+1)*classes)
	var wg sync.WaitGroup
	workers := min(classes, runtime.GOMAXPROCS(0))
	for worker := range workers {
		wg.Go(func() {
			for c := worker; c < classes; c += workers {
				for f, w := range fitClass(xs, labels, c, classes, features, seed) {
					weights[f*classes+c] = w
				}
			}
		})
	}
	wg.Wait()
	return weights
}

// fitClass separates the examples of class c from the others.
func fitClass(xs []vector, labels []int, c, classes, features int, seed uint64) []float32 {
	s := separator{xs: xs, weights: make([]float32, features+1), alphas: make([]float64, len(xs))}
	active := make([]int, len(xs)) // examples still being moved come first
	s.signs = make([]float32, len(xs))
	for i, label := range labels {
		active[i] = i
		s.signs[i] = -1
		if label == c {
			s.signs[i] = 1
		}
	}
	s.setCosts(classes)
	random := rand.New(rand.NewPCG(seed, uint64(c)))
	n, bound := len(active), math.Inf(1)
	for range rounds {
		random.Shuffle(n, func(i, j int) { active[i], active[j] = active[j], active[i] })
		worst := 0.0
		for k := 0; k < n; k++ {
			violation, settled := s.move(active[k], bound)
			if settled {
				n--
				active[k], active[n] = active[n], active[k]
				k--
				continue
			}
			worst = max(worst, violation)
		}
		bound = worst
		if worst < tolerance {
			if n == len(active) {
				break
			}
			n, bound = len(active), math.Inf(1) // look at the settled ones again before believing it
		}
	}
	return s.weights
}

// separator is the state of the descent for one class.
type separator struct {
	xs      []vector
	signs   []float32
	alphas  []float64
	weights []float32                         // the last one is the bias
	slack   struct{ inside, outside float64 } // half the reciprocal cost of examples of the class, and of the others
}

// setCosts makes the examples of every class weigh the same in sum: an intent with three examples is not given up for
// one with forty, whose share of the catalog says little about its share of the messages.
func (s *separator) setCosts(classes int) {
	inside := 0
	for _, sign := range s.signs {
		if sign > 0 {
			inside++
		}
	}
	s.slack.outside = 0.5 / cost
	s.slack.inside = s.slack.outside * float64(inside*classes) / float64(len(s.signs))
}

// move optimises the multiplier of example i. It returns by how much the example violated its optimum, and whether it
// lies so far on the right side that the following rounds may skip it.
func (s *separator) move(i int, bound float64) (violation float64, settled bool) {
	x, sign, slack := s.xs[i], s.signs[i], s.slack.outside
	if sign > 0 {
		slack = s.slack.inside
	}
	bias := len(s.weights) - 1
	score := s.weights[bias]
	for k, f := range x.ids {
		score += s.weights[f] * x.values[k]
	}
	gradient := float64(score*sign) - 1 + slack*s.alphas[i]
	if s.alphas[i] == 0 && gradient > 0 {
		return 0, gradient > bound
	}
	old := s.alphas[i]
	s.alphas[i] = max(old-gradient/(2+slack), 0) // 2: the squared length of x, and of its bias
	step := float32(s.alphas[i]-old) * sign
	for k, f := range x.ids {
		s.weights[f] += step * x.values[k]
	}
	s.weights[bias] += step
	return math.Abs(gradient), false
}

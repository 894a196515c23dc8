package intent

import "math"

// logistic is a logistic regression over evidence.
type logistic struct {
	bias    float64
	weights evidence
}

func (l *logistic) probability(ev evidence) float64 {
	z := l.bias
	for i, w := range l.weights {
		z += w * ev[i]
	}
	return 1 / (1 + math.Exp(-z))
}

// fitScope fits the out-of-scope score. Both sides count half, however many examples they have. With too little data it
// falls back to the margin of the best intent: one means a clear match, below zero that even the best intent is unlikely.
func fitScope(outcomes []outcome) logistic {
	var xs []evidence
	var ys []bool
	for _, o := range outcomes {
		xs, ys = append(xs, o.ev), append(ys, o.intent == OutOfScope)
	}
	inside, outside := count(outcomes)
	if inside < enough || outside < enough {
		return logistic{bias: -1, weights: evidence{-3, 0, 0, 3}}
	}
	mean, spread := standard(xs)
	l := descend(xs, ys, mean, spread, [2]float64{0.5 / float64(inside), 0.5 / float64(outside)})
	for i := range l.weights { // undo the standardisation
		l.weights[i] /= spread[i]
		l.bias -= l.weights[i] * mean[i]
	}
	return l
}

func standard(xs []evidence) (mean, spread evidence) {
	n := float64(len(xs))
	for _, x := range xs {
		for i, v := range x {
			mean[i] += v / n
		}
	}
	for _, x := range xs {
		for i, v := range x {
			spread[i] += (v - mean[i]) * (v - mean[i]) / n
		}
	}
	for i := range spread {
		spread[i] = math.Sqrt(spread[i])
		if spread[i] < 1e-9 {
			spread[i] = 1 // a constant says nothing; its weight stays zero
		}
	}
	return mean, spread
}

// descend minimises the weighted log loss of standardised evidence, with a small ridge, by accelerated gradient descent.
func descend(xs []evidence, ys []bool, mean, spread evidence, mass [2]float64) logistic {
	const steps, rate, momentum, ridge = 400, 0.5, 0.9, 1e-3
	var l, speed logistic
	for range steps {
		var g logistic
		for k, x := range xs {
			for i := range x {
				x[i] = (x[i] - mean[i]) / spread[i]
			}
			d := l.probability(x) * mass[0]
			if ys[k] {
				d = (l.probability(x) - 1) * mass[1]
			}
			g.bias += d
			for i, v := range x {
				g.weights[i] += d * v
			}
		}
		speed.bias = momentum*speed.bias - rate*g.bias
		l.bias += speed.bias
		for i := range l.weights {
			speed.weights[i] = momentum*speed.weights[i] - rate*(g.weights[i]+ridge*l.weights[i])
			l.weights[i] += speed.weights[i]
		}
	}
	return l
}

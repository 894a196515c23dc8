package evals

import (
	"math"
	"math/rand/v2"
	"slices"
)

// Interval is where a metric lies with a probability of 95 %, as far as chance in the choice of questions goes.
type Interval struct {
	Low  float64 `json:"low"`
	High float64 `json:"high"`
}

const (
	resamples = 1000
	// seed makes the intervals and tests of the same outcomes the same on every machine.
	seed = 20260101
)

// intervals are percentile bootstrap intervals of all metrics. Whole dialogues are drawn, because their turns depend on
// each other; a single dialogue has no intervals.
func intervals(outcomes []Outcome) map[string]Interval {
	groups := clusters(outcomes)
	out := map[string]Interval{}
	if len(groups) < 2 {
		return out
	}
	draws := drawn(len(groups))
	for name := range directions() {
		var values []float64
		sampled := sampledMean(name, groups)
		if name == "ece" || name == "macro_f1" {
			sampled = sampledMetric(metricOf(name), groups)
		}
		for _, draw := range draws {
			if v := sampled(draw); !math.IsNaN(v) {
				values = append(values, v)
			}
		}
		if len(values) > 0 {
			slices.Sort(values)
			out[name] = Interval{Low: round(quantile(values, .025)), High: round(quantile(values, .975))}
		}
	}
	return out
}

// drawn returns [resamples] draws of n out of n, with replacement.
func drawn(n int) [][]int {
	random := rand.New(rand.NewPCG(seed, 0))
	draws := make([][]int, resamples)
	for i := range draws {
		draws[i] = make([]int, n)
		for k := range draws[i] {
			draws[i][k] = random.IntN(n)
		}
	}
	return draws
}

// sampledMean is a mean of scores over a draw, from the sums of each dialogue: most metrics are means.
func sampledMean(name string, groups [][]Outcome) func(draw []int) float64 {
	sums, counts := make([]float64, len(groups)), make([]float64, len(groups))
	for i, g := range groups {
		for _, o := range g {
			if v, ok := o.Scores[name]; ok {
				sums[i] += v
				counts[i]++
			}
		}
	}
	return func(draw []int) float64 {
		var sum, n float64
		for _, i := range draw {
			sum += sums[i]
			n += counts[i]
		}
		return sum / n
	}
}

// sampledMetric is any metric over a draw.
func sampledMetric(m metric, groups [][]Outcome) func(draw []int) float64 {
	return func(draw []int) float64 {
		var sample []Outcome
		for _, i := range draw {
			sample = append(sample, groups[i]...)
		}
		return m(sample)
	}
}

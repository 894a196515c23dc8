// Package evals scores Handrail on fixed cases and refuses to let a score fall unnoticed.
//
// It measures three things, each with a command of its own:
//
//   - [Intents]: the classifier on labelled messages (`handrail eval intents`).
//   - [Retrieval]: the knowledge base on a BEIR-style set (`handrail eval retrieval`).
//   - [Run]: whole turns on a [Suite] of questions and dialogues with the expected decision, sources and facts
//     (`handrail eval run`), gated against a committed [Baseline].
//
// A run goes through these steps:
//
//	suite ── ask ──> replies ── scorers ──> results ── mean ──> metrics, intervals
//	(YAML, JSONL,    (the bot of   (score_*.go,   │
//	 importers)       visitors)     [Judge])      └── outcomes ── [Gate] against the [Baseline] ──> regressions
//
// Guarantees: where no model writes, the same program over the same documents gives the same results in any order, and the
// gate names every case that passed and fails; where one writes, a metric regresses only by more than chance explains.
// Intervals and tests draw from a fixed seed. A run writes nothing, except the verdicts of a judge to its folder.
//
// All of them call the code that production calls: evals own no classifier, index or bot of their own. Nothing here
// needs a model's key; with a model configured, the same suite scores its answers.
package evals

import (
	"cmp"
	"math"
	"slices"
)

// AUROC returns the probability that a random positive scores above a random negative, counting ties as one half: the
// area under the ROC curve. It is NaN if either class is empty.
func AUROC(scores []float64, positive []bool) float64 {
	order := make([]int, len(scores))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(scores[a], scores[b]) })
	var pos, neg, rankSum float64
	for i := 0; i < len(order); {
		j := i
		for j < len(order) && scores[order[j]] == scores[order[i]] {
			j++
		}
		rank := float64(i+j+1) / 2 // ties share the mean of their ranks, which start at 1
		for _, k := range order[i:j] {
			if positive[k] {
				pos++
				rankSum += rank
			} else {
				neg++
			}
		}
		i = j
	}
	if pos == 0 || neg == 0 {
		return math.NaN()
	}
	return (rankSum - pos*(pos+1)/2) / (pos * neg)
}

// ECE returns the expected calibration error over ten equal-width bins: the mean distance between confidence and
// accuracy, weighted by bin size (Naeini et al. 2015). It is NaN without predictions.
func ECE(confidence []float64, right []bool) float64 {
	const bins = 10
	var conf, hit, n [bins]float64
	for i, c := range confidence {
		b := min(int(c*bins), bins-1)
		conf[b] += c
		n[b]++
		if right[i] {
			hit[b]++
		}
	}
	var sum float64
	for b := range bins {
		sum += math.Abs(conf[b] - hit[b])
	}
	return sum / float64(len(confidence))
}

// Coverage is one point of the risk-coverage curve: the accuracy of the most confident share of cases.
type Coverage struct {
	Coverage float64 `json:"coverage"`
	Accuracy float64 `json:"accuracy"`
}

// RiskCoverage returns the accuracy of the most confident 10 %, 20 %, ... 100 % of the cases.
func RiskCoverage(confidence []float64, right []bool) []Coverage {
	order := make([]int, len(confidence))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(confidence[b], confidence[a]) })
	var curve []Coverage
	for tenth := 1; tenth <= 10; tenth++ {
		n := (len(order)*tenth + 9) / 10
		if n == 0 {
			continue
		}
		var hits int
		for _, k := range order[:n] {
			if right[k] {
				hits++
			}
		}
		curve = append(curve, Coverage{Coverage: float64(tenth) / 10, Accuracy: round(float64(hits) / float64(n))})
	}
	return curve
}

// quantile returns the q-quantile of values by the nearest-rank method; 0 without values.
func quantile(values []float64, q float64) float64 {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	i := int(math.Ceil(q*float64(len(sorted)))) - 1
	return sorted[max(0, min(i, len(sorted)-1))]
}

// round keeps four decimals: more would suggest a precision that no set here has.
func round(x float64) float64 { return math.Round(x*1e4) / 1e4 }

// number is a score that may not exist for a set (no out-of-scope rows, no unanswerable questions); it is then null.
func number(x float64) *float64 {
	if math.IsNaN(x) {
		return nil
	}
	x = round(x)
	return &x
}

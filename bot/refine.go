package bot

import (
	"cmp"
	"math"
	"slices"
)

// Refinement corrects the probability of a logistic calibrator by what became of cases that it was not fitted to: the
// mean of a second logistic curve, which keeps the order of all cases, and of a step function (isotonic regression),
// which follows whatever shape the truth has.
type Refinement struct {
	Slope  float64 `json:"slope"`  // of the second curve, over the log odds
	Offset float64 `json:"offset"` // of the second curve
	Steps  []Step  `json:"steps"`  // rising, never empty
}

// Step is one level of a step function.
type Step struct {
	From  float64 `json:"from"`  // least probability before the refinement
	Value float64 `json:"value"` // in (0, 1)
}

// Judged is a probability that was given before the verdict was known, or without it.
type Judged struct {
	Probability float64 // in (0, 1)
	Right       bool
	Weight      float64 // as in [Labelled]
}

// Refine returns the refinement that the verdicts ask for, nil without any. It is deterministic.
func Refine(cases []Judged) *Refinement {
	if len(cases) == 0 {
		return nil
	}
	odds := make([]Labelled, len(cases))
	for i, c := range cases {
		odds[i] = Labelled{Features: Features{{"odds", logit(c.Probability)}}, Right: c.Right, Weight: c.Weight}
	}
	// One case's worth of doubt keeps the curve near the one that it corrects.
	curve := FitNear(Calibrator{Weights: map[string]float64{"odds": 1}}, odds, 1)
	return &Refinement{Slope: max(0, curve.Weights["odds"]), Offset: curve.Bias, Steps: isotonic(cases)}
}

// apply returns the refined probability.
func (r *Refinement) apply(p float64) float64 {
	curve := 1 / (1 + math.Exp(-r.Offset-r.Slope*logit(p)))
	i, found := slices.BinarySearchFunc(r.Steps, p, func(s Step, p float64) int { return cmp.Compare(s.From, p) })
	if !found {
		i = max(0, i-1)
	}
	return (curve + r.Steps[i].Value) / 2
}

func logit(p float64) float64 { return math.Log(p / (1 - p)) }

// block is a stretch of cases that share a level.
type block struct{ from, right, weight float64 }

// level is the share of right ones, with one case of doubt, so that no stretch is certain.
func (b block) level() float64 { return (b.right + 0.5) / (b.weight + 1) }

// isotonic pools adjacent cases until the levels rise (pool adjacent violators).
func isotonic(cases []Judged) []Step {
	sorted := slices.Clone(cases)
	slices.SortStableFunc(sorted, func(a, b Judged) int { return cmp.Compare(a.Probability, b.Probability) })
	var blocks []block
	for _, c := range sorted {
		w := Labelled{Weight: c.Weight}.weight()
		b := block{from: c.Probability, right: w * truth(c.Right), weight: w}
		for n := len(blocks); n > 0; n = len(blocks) {
			last := blocks[n-1]
			if last.level() < b.level() && last.from < b.from {
				break
			}
			b = block{from: last.from, right: last.right + b.right, weight: last.weight + b.weight}
			blocks = blocks[:n-1]
		}
		blocks = append(blocks, b)
	}
	steps := make([]Step, len(blocks))
	for i, b := range blocks {
		steps[i] = Step{From: b.from, Value: b.level()}
	}
	return steps
}

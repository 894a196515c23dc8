package evals

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"

	"handrail/internal/errs"
)

// Baseline is what a suite is known to reach. It is committed; a run may not fall below it.
type Baseline struct {
	Suite     string             `json:"suite"`
	Metrics   map[string]float64 `json:"metrics"`
	Tolerance map[string]float64 `json:"tolerance"` // by metric; how much worse is still noise
	Passing   []string           `json:"passing"`   // ids of the cases that must go on passing
}

// higherIsBetter says which way each gated metric may move freely. Times are reported but never gated: they do not
// travel between machines.
func higherIsBetter() map[string]bool {
	return map[string]bool{
		"pass": true, "answered_right": true, "escalation_precision": true, "escalation_recall": true,
		"clarify_recall": true, "retrieval_hit@1": true,
		"wrong_answers": false, "needless_handoffs": false, "clarify_rate_clear": false, "ece": false,
	}
}

// ReadBaseline reads a baseline in JSON.
func ReadBaseline(name string, r io.Reader) (Baseline, error) {
	var b Baseline
	dec := json.NewDecoder(r)
	dec.DisallowUnknownFields()
	if err := dec.Decode(&b); err != nil {
		return Baseline{}, errs.Wrap(err, errs.Invalid, "%s is not a baseline: %v", name, err)
	}
	return b, nil
}

// NewBaseline makes the baseline that the report meets exactly.
func NewBaseline(r Report) Baseline {
	b := Baseline{Suite: r.Suite, Metrics: map[string]float64{}, Tolerance: map[string]float64{}}
	for name := range higherIsBetter() {
		if v, ok := r.Metrics[name]; ok {
			b.Metrics[name] = v
			b.Tolerance[name] = 0.02
		}
	}
	for _, res := range r.Results {
		if res.Pass {
			b.Passing = append(b.Passing, res.ID)
		}
	}
	return b
}

// Regression is one way in which a run is worse than its baseline.
type Regression struct {
	Metric   string // "" for a case
	Case     string // "" for a metric
	Got      float64
	Baseline float64
	Detail   string
}

// String says what is worse, in one line.
func (r Regression) String() string {
	if r.Case != "" {
		return fmt.Sprintf("case %s passed before: %s", r.Case, r.Detail)
	}
	if r.Detail != "" {
		return fmt.Sprintf("%s was %.3f in the baseline: %s", r.Metric, r.Baseline, r.Detail)
	}
	return fmt.Sprintf("%s is %.3f, baseline %.3f", r.Metric, r.Got, r.Baseline)
}

// Gate compares a report with its baseline. No regression means that the run may pass.
func Gate(r Report, b Baseline) []Regression {
	var worse []Regression
	for _, name := range slices.Sorted(maps.Keys(b.Metrics)) {
		got, ok := r.Metrics[name]
		loss := b.Metrics[name] - got
		if !higherIsBetter()[name] {
			loss = -loss
		}
		switch {
		case !ok:
			worse = append(worse, Regression{Metric: name, Baseline: b.Metrics[name], Detail: "it is gone from the report"})
		case loss > b.Tolerance[name]:
			worse = append(worse, Regression{Metric: name, Got: got, Baseline: b.Metrics[name]})
		}
	}
	byID := map[string]Result{}
	for _, res := range r.Results {
		byID[res.ID] = res
	}
	for _, id := range b.Passing {
		res, ok := byID[id]
		switch {
		case !ok:
			worse = append(worse, Regression{Case: id, Detail: "it is gone from the suite"})
		case !res.Pass:
			worse = append(worse, Regression{Case: id, Detail: res.Failures[0]})
		}
	}
	return worse
}

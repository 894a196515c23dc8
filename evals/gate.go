package evals

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
)

// Regression is one way in which a run is worse than its baseline.
type Regression struct {
	Metric   string // "" for a case
	Case     string // "" for a metric
	Got      float64
	Baseline float64
	Detail   string
	P        float64  // of a metric: the probability that chance alone makes it this much worse; 0 where it is not known
	Cases    []string // of a metric: what made it worse, the worst first
}

// casesNamed bounds the cases that one line of a regression names.
const casesNamed = 20

// String says what is worse, in one line.
func (r Regression) String() string {
	if r.Case != "" {
		return fmt.Sprintf("case %s passed before: %s", r.Case, r.Detail)
	}
	if r.Detail != "" {
		return fmt.Sprintf("%s was %.3f in the baseline: %s", r.Metric, r.Baseline, r.Detail)
	}
	s := fmt.Sprintf("%s is %.3f, baseline %.3f", r.Metric, r.Got, r.Baseline)
	if r.P > 0 {
		s += fmt.Sprintf(" (p = %.2g)", r.P)
	}
	if len(r.Cases) > 0 {
		s += "; worse in " + strings.Join(r.Cases[:min(casesNamed, len(r.Cases))], ", ")
	}
	if more := len(r.Cases) - casesNamed; more > 0 {
		s += fmt.Sprintf(" and %d more", more)
	}
	return s
}

// significance is the probability of a false alarm that a run is allowed, over all metrics together.
const significance = 0.05

// Gate compares a report with its baseline. No regression means that the run may pass.
//
// A metric regressed if it is worse by more than its tolerance, over the questions that both runs asked, and chance alone
// would make it so with a probability below 5 %, by a paired test corrected for the number of metrics (Holm). Where no
// model wrote a reply in either run there is no chance, and every case that passed and now fails regressed as well. A
// case that is gone from the suite regressed too, and a metric that is gone from the report though several questions said
// something about it: a gate must not be passed by asking less.
//
// A baseline without outcomes is compared by tolerance alone.
func Gate(r Report, b Baseline) []Regression {
	worse := gone(r, b)
	if len(b.Cases) == 0 {
		worse = append(worse, byTolerance(r, b)...)
	} else {
		worse = append(worse, bySignificance(r, b)...)
	}
	if len(b.Cases) > 0 && !(b.Deterministic && deterministic(r)) {
		return worse
	}
	return append(worse, failing(r, b)...)
}

// Changed returns the cases that passed in the baseline and fail now, and those that failed and pass now. With a model
// that writes, some of either are chance.
func Changed(r Report, b Baseline) (worse, better []string) {
	passed := map[string]bool{}
	for _, id := range b.passing() {
		passed[id] = true
	}
	known := byID(b.Cases)
	for _, res := range r.Results {
		_, compared := known[res.ID]
		switch {
		case passed[res.ID] && !res.Pass:
			worse = append(worse, res.ID)
		case compared && !passed[res.ID] && res.Pass:
			better = append(better, res.ID)
		}
	}
	return worse, better
}

// gone names what the baseline has and the report lacks.
func gone(r Report, b Baseline) (worse []Regression) {
	for _, name := range slices.Sorted(maps.Keys(b.Metrics)) {
		if _, ok := r.Metrics[name]; !ok && b.wellFounded(name) {
			worse = append(worse, Regression{Metric: name, Baseline: b.Metrics[name], Detail: "it is gone from the report"})
		}
	}
	asked := byID(outcomesOf(r.Results))
	for _, id := range b.passing() {
		if _, ok := asked[id]; !ok {
			worse = append(worse, Regression{Case: id, Detail: "it is gone from the suite"})
		}
	}
	return worse
}

// foundation is the number of questions that chance does not empty of what a metric is about: as many as a sign test needs.
const foundation = 6

// wellFounded reports whether a metric cannot vanish by chance. Baselines without outcomes do not say on what they rest.
func (b Baseline) wellFounded(name string) bool {
	n := 0
	for _, o := range b.Cases {
		if !math.IsNaN(metricOf(name)([]Outcome{o})) {
			n++
		}
	}
	return n >= foundation || len(b.Cases) == 0
}

// failing names the cases that passed and now fail.
func failing(r Report, b Baseline) (worse []Regression) {
	results := map[string]Result{}
	for _, res := range r.Results {
		results[res.ID] = res
	}
	for _, id := range b.passing() {
		if res, ok := results[id]; ok && !res.Pass {
			worse = append(worse, Regression{Case: id, Detail: strings.Join(res.Failures, "; ")})
		}
	}
	return worse
}

func byTolerance(r Report, b Baseline) (worse []Regression) {
	for _, name := range slices.Sorted(maps.Keys(b.Metrics)) {
		got, ok := r.Metrics[name]
		if loss := float64(directions()[name]) * (b.Metrics[name] - got); ok && loss > b.tolerance(name) {
			worse = append(worse, Regression{Metric: name, Got: got, Baseline: b.Metrics[name]})
		}
	}
	return worse
}

func (b Baseline) tolerance(name string) float64 {
	if t, ok := b.Tolerance[name]; ok {
		return t
	}
	return defaultTolerance
}

// bySignificance compares the metrics over the questions that both runs asked.
func bySignificance(r Report, b Baseline) []Regression {
	before, after := common(b.Cases, outcomesOf(r.Results))
	var suspects []Regression
	tested := 0
	for _, name := range slices.Sorted(maps.Keys(b.Metrics)) {
		m, d := metricOf(name), directions()[name]
		was, is := m(before), m(after)
		if d == neither || math.IsNaN(was) || math.IsNaN(is) {
			continue
		}
		tested++
		if loss := float64(d) * (was - is); loss <= b.tolerance(name)+1e-9 {
			continue
		}
		_, p := worsening(m, d, before, after)
		suspects = append(suspects, Regression{Metric: name, Got: round(is), Baseline: round(was), P: p,
			Cases: worseCases(name, d, before, after)})
	}
	return significant(suspects, tested)
}

// significant keeps the regressions that chance does not explain, by the method of Holm: the least probable is compared
// with the significance divided by the number of tests, the next with one test less, until the first that fails.
func significant(suspects []Regression, tested int) (worse []Regression) {
	slices.SortStableFunc(suspects, func(x, y Regression) int { return cmp.Compare(x.P, y.P) })
	for i, s := range suspects {
		if s.P >= significance/float64(tested-i) {
			break
		}
		worse = append(worse, s)
	}
	slices.SortFunc(worse, func(x, y Regression) int { return cmp.Compare(x.Metric, y.Metric) })
	return worse
}

// common returns the outcomes of the questions that stand in both, in the order of the first.
func common(baseline, run []Outcome) (before, after []Outcome) {
	now := byID(run)
	for _, o := range baseline {
		if n, ok := now[o.ID]; ok {
			n.Dialogue = o.Dialogue // both sides must fall into the same dialogues
			before, after = append(before, o), append(after, n)
		}
	}
	return before, after
}

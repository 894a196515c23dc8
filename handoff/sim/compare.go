package sim

import (
	"context"
	"math"

	"gonum.org/v1/gonum/stat/distuv"

	"handrail/handoff/routing"
	"handrail/internal/errs"
)

// Interval is a mean with the half width of its 95 % confidence interval over days.
type Interval struct {
	Mean float64 `json:"mean"`
	Half float64 `json:"half"`
}

// Line is what a policy does on the same days as the others.
type Line struct {
	Policy  string              `json:"policy"`
	Metrics map[string]Interval `json:"metrics"`
	Versus  map[string]Interval `json:"versus_first,omitempty"` // difference to the first policy, day by day
	Days    []Result            `json:"days"`
	values  map[string][]float64
}

// Report is a comparison.
type Report struct {
	Scenario string   `json:"scenario"`
	Seeds    []uint64 `json:"seeds"`
	Lines    []Line   `json:"policies"`
}

// metric is a number of a [Result] that is compared.
type metric struct {
	Name string
	of   func(Result) float64
}

// Metrics are the names of what is compared, in the order in which they are shown.
func Metrics() (names []string) {
	for _, m := range metrics() {
		names = append(names, m.Name)
	}
	return names
}

func metrics() []metric {
	return []metric{
		{"wait_mean", func(r Result) float64 { return r.Wait.Mean }},
		{"wait_p50", func(r Result) float64 { return r.Wait.P50 }},
		{"wait_p90", func(r Result) float64 { return r.Wait.P90 }},
		{"wait_p99", func(r Result) float64 { return r.Wait.P99 }},
		{"service_level", func(r Result) float64 { return r.ServiceLevel }},
		{"abandonment", func(r Result) float64 { return r.Abandonment }},
		{"utilisation", func(r Result) float64 { return r.Utilisation }},
		{"gini", func(r Result) float64 { return r.Gini }},
		{"min_max", func(r Result) float64 { return r.MinMax }},
		{"estimate_error", func(r Result) float64 { return r.Estimate.Error }},
		{"estimate_bias", func(r Result) float64 { return r.Estimate.Bias }},
		{"estimate_within", func(r Result) float64 { return r.Estimate.Within }},
	}
}

// maxDays is the most days that a comparison plays for each policy.
const maxDays = 1000

// Compare plays the same days under each policy, with the seeds from..from+days-1. The policy "" stands for those that
// rules and groups name.
func (s *Scenario) Compare(ctx context.Context, policies []routing.Policy, from uint64, days int) (Report, error) {
	if days < 1 || days > maxDays {
		return Report{}, errs.New(errs.Invalid, "%d days cannot be played: choose from 1 to %d", days, maxDays)
	}
	report := Report{Scenario: s.Name, Lines: make([]Line, len(policies))}
	for i, p := range policies {
		name := string(p)
		if name == "" {
			name = "as configured"
		}
		report.Lines[i] = Line{Policy: name, values: map[string][]float64{}}
	}
	for n := range uint64(days) {
		day, err := s.Draw(ctx, from+n)
		if err != nil {
			return Report{}, err
		}
		report.Seeds = append(report.Seeds, from+n)
		for i, p := range policies {
			report.Lines[i].add(s.Run(day, p))
		}
	}
	for i := range report.Lines {
		report.Lines[i].finish(&report.Lines[0])
	}
	return report, nil
}

func (l *Line) add(r Result) {
	l.Days = append(l.Days, r)
	for _, m := range metrics() {
		l.values[m.Name] = append(l.values[m.Name], m.of(r))
	}
}

func (l *Line) finish(first *Line) {
	l.Metrics = map[string]Interval{}
	for name, values := range l.values {
		l.Metrics[name] = interval(values)
	}
	if l == first {
		return
	}
	l.Versus = map[string]Interval{}
	for name, values := range l.values {
		differences := make([]float64, len(values))
		for i, v := range values {
			differences[i] = v - first.values[name][i]
		}
		l.Versus[name] = interval(differences)
	}
}

// interval uses Student's t, because days are few. One day says nothing about others.
func interval(values []float64) Interval {
	var mean, squares float64
	n := float64(len(values))
	for _, v := range values {
		mean += v / n
	}
	if len(values) < 2 {
		return Interval{Mean: mean}
	}
	for _, v := range values {
		squares += (v - mean) * (v - mean)
	}
	t := distuv.StudentsT{Sigma: 1, Nu: n - 1}.Quantile(0.975)
	return Interval{mean, t * math.Sqrt(squares/(n-1)/n)}
}

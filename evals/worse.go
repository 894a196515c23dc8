package evals

import (
	"cmp"
	"slices"
)

// worseCases names the questions that make a metric worse, the worst first.
func worseCases(name string, d direction, before, after []Outcome) []string {
	type change struct {
		id   string
		loss float64
	}
	var changes []change
	for i := range before {
		if loss := lossOfCase(name, d, before[i], after[i]); loss > 0 {
			changes = append(changes, change{before[i].ID, loss})
		}
	}
	slices.SortStableFunc(changes, func(a, b change) int { return cmp.Compare(b.loss, a.loss) })
	ids := make([]string, len(changes))
	for i, c := range changes {
		ids[i] = c.id
	}
	return ids
}

// lossOfCase is by how much one question is to blame. One that leaves what the metric is taken over, such as an answer that
// became a handoff, is to blame for the good that it takes along; one that enters, for what it lacks.
func lossOfCase(name string, d direction, before, after Outcome) float64 {
	switch name {
	case "ece":
		return miscalibration(after) - miscalibration(before)
	case "macro_f1":
		return truth(before.Intent == before.WantIntent) - truth(after.Intent == after.WantIntent)
	}
	was, had := goodness(name, d, before)
	is, has := goodness(name, d, after)
	switch {
	case had && has:
		return was - is
	case had:
		return was
	case has:
		return 1 - is
	}
	return 0
}

// goodness is a score turned so that more is better.
func goodness(name string, d direction, o Outcome) (float64, bool) {
	v, ok := o.Scores[name]
	if d == lower {
		v = 1 - v
	}
	return v, ok
}

// miscalibration is how far the confidence of one question is from the truth.
func miscalibration(o Outcome) float64 {
	if o.Confidence == nil {
		return 0
	}
	return max(*o.Confidence-truth(o.Right), truth(o.Right)-*o.Confidence)
}

package evals

import (
	"fmt"
	"io"
)

// PrintRisk writes the risk-coverage curve, its area, what the thresholds in use cost, and the threshold that the target
// asks for.
func PrintRisk(w io.Writer, results []Result, target float64) error {
	confidence, right := Predictions(results)
	if len(right) == 0 {
		_, err := fmt.Fprintln(w, "risk and coverage: no case says whether the best answer is right")
		return err
	}
	r := RiskOf(confidence, right, target)
	out := &lines{w: w}
	out.add("risk and coverage, %d cases whose best answer is known to be right or wrong", r.Cases)
	out.add("  %-9s %8s %8s %6s %6s", "threshold", "answered", "coverage", "wrong", "risk")
	for _, p := range r.Curve {
		if percent := int(p.Threshold*100 + 0.5); percent >= 30 && percent%5 == 0 {
			out.add("  %-9.2f %8d %8.3f %6d %6.3f", p.Threshold, p.Answered, p.Coverage, p.Wrong, p.Risk)
		}
	}
	out.add("  area under the curve %.4f, %.4f above that of a perfect order", *r.AURC, *r.Excess)
	out.add("%s", inUse(results))
	out.recommend(r)
	return out.err
}

// inUse counts the mistakes of the decisions as they were taken, each with the threshold of its case.
func inUse(results []Result) string {
	var answered, wrong, needless, cases int
	low, high := 1.0, 0.0
	for _, r := range results {
		if !hasVerdict(r) {
			continue
		}
		cases++
		low, high = min(low, r.Threshold), max(high, r.Threshold)
		switch given := r.Confidence >= r.Threshold; {
		case given && r.Right:
			answered++
		case given:
			answered++
			wrong++
		case r.Right:
			needless++
		}
	}
	at := fmt.Sprintf("threshold %.2f", low)
	if high > low {
		at = fmt.Sprintf("thresholds %.2f to %.2f", low, high)
	}
	return fmt.Sprintf("at the %s in use: %d of %d answered, %d of these wrong, %d right ones withheld",
		at, answered, cases, wrong, needless)
}

// lines writes until the first error.
type lines struct {
	w   io.Writer
	err error
}

func (l *lines) add(format string, args ...any) {
	if l.err == nil {
		_, l.err = fmt.Fprintf(l.w, format+"\n", args...)
	}
}

func (l *lines) recommend(r Risk) {
	target := 100 * r.Recommended.Target
	if t := r.Recommended.Threshold; t != nil {
		l.add("for at most %.1f %% wrong answers: threshold %.2f, which answers %.1f %% of the cases; with 95 %% confidence "+
			"(Clopper-Pearson, one-sided) no more than %.1f %% of the answers are wrong there",
			target, *t, 100*r.Recommended.Coverage, 100*r.Recommended.Bound)
		return
	}
	l.add("for at most %.1f %% wrong answers with 95 %% confidence (Clopper-Pearson, one-sided) no threshold will do: "+
		"that takes at least %d answers, all of them right", target, r.Recommended.Needed)
	if t := r.Measured.Threshold; t != nil {
		l.add("without a margin for chance: threshold %.2f, which answers %.1f %% of the cases; the true share may be up to "+
			"%.1f %%", *t, 100*r.Measured.Coverage, 100*r.Measured.Bound)
	}
}

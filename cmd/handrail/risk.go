package main

import (
	"fmt"
	"io"

	"handrail/evals"
)

// riskFlags are the flags about what a threshold costs.
type riskFlags struct {
	TargetRisk float64 `default:"0.03" help:"Recommend the threshold for at most this share of wrong answers."`
}

// printRun prints a suite's metrics beside the baseline's and, for people, what the confidence is worth; with --json, programs
// find the same under the key risk of their one line.
func (f riskFlags) printRun(w io.Writer, report evals.Report, baseline evals.Baseline, asJSON bool) error {
	if asJSON {
		confidence, right := evals.Predictions(report.Results)
		all := map[string]any{"risk": evals.RiskOf(confidence, right, f.TargetRisk)}
		for name, value := range report.Metrics {
			all[name] = value
		}
		return printReport(w, all, true)
	}
	if err := evals.WriteSummary(w, report, baseline); err != nil {
		return err
	}
	if err := evals.PrintRisk(w, report.Results, f.TargetRisk); err != nil || report.Judge == nil {
		return err
	}
	kappa := "-"
	if k := report.Judge.Kappa; k != nil {
		kappa = fmt.Sprint(*k)
	}
	_, err := fmt.Fprintf(w, "judge and people agree on %v of %d verdicts, kappa %s\n", *report.Judge.Accuracy,
		report.Judge.Verdicts, kappa)
	return err
}

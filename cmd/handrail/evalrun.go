package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/google/uuid"

	"handrail/evals"
	"handrail/internal/errs"
)

// evalMeasures say what else is measured in a run, and how strict the gate is.
type evalMeasures struct {
	Tolerance   map[string]float64 `help:"How much worse a metric may be, for this run only, such as pass=0.05." placeholder:"METRIC=SHARE;..."`
	Judge       bool               `help:"Let the configured model judge the answers; verdicts are kept in the data folder."`
	JudgeModel  string             `help:"Another model at the same endpoint to judge." placeholder:"NAME"`
	PromptPrice float64            `help:"Price of a million tokens sent, for cost_per_1000."`
	ReplyPrice  float64            `help:"Price of a million tokens received."`
}

// options are those of a run of the suite.
func (m evalMeasures) options(st *stack, show func(done, total int, what string)) (evals.RunOptions, error) {
	o := evals.RunOptions{Prices: evals.Prices{Prompt: m.PromptPrice, Reply: m.ReplyPrice},
		Progress: func(done, total int) { show(done, total, "asking") }}
	if !m.Judge && m.JudgeModel == "" {
		return o, nil
	}
	s := st.settings
	if m.JudgeModel != "" {
		s.LLM.Model = m.JudgeModel
	}
	model, err := s.model()
	if err != nil {
		return o, err
	}
	if model == nil {
		return o, errs.New(errs.Invalid, "--judge needs a model: configure llm.base_url and llm.model")
	}
	o.Judge = evals.NewJudge(model, filepath.Join(s.Data, "judge"))
	return o, nil
}

func (cmd *evalRunCommand) run(ctx context.Context, st *stack, ws uuid.UUID, suite evals.Suite, io streams) error {
	show, finish := progress(io.err)
	o, err := cmd.options(st, show)
	if err != nil {
		return err
	}
	report, err := evals.RunWith(ctx, st.bot, ws, suite, o)
	finish()
	if err != nil {
		return err
	}
	return cmd.conclude(report, nil, io)
}

// conclude compares a run with the baseline file, or takes what was found worse than before where there is none, and
// tells of it.
func (cmd *evalRunCommand) conclude(report evals.Report, worse []evals.Regression, io streams) error {
	if cmd.SaveBaseline {
		return saveBaseline(cmd.Baseline, report)
	}
	var baseline evals.Baseline
	if cmd.Baseline != "" {
		var err error
		if baseline, worse, err = cmd.compare(report, io); err != nil {
			return err
		}
	}
	if cmd.Out != "" {
		if err := evals.Write(cmd.Out, report, baseline, worse); err != nil {
			return err
		}
	}
	if err := cmd.print(io.out, report, baseline); err != nil {
		return err
	}
	for _, r := range worse {
		fmt.Fprintln(io.err, "regression:", r)
	}
	if cmd.Gate && len(worse) > 0 {
		return silent(1)
	}
	return nil
}

// compare returns the baseline with what is worse than it, and prints what only differs.
func (cmd *evalRunCommand) compare(report evals.Report, io streams) (evals.Baseline, []evals.Regression, error) {
	baseline, err := readFile(cmd.Baseline, evals.ReadBaseline)
	if err != nil {
		return baseline, nil, err
	}
	if err := cmd.tolerate(&baseline); err != nil {
		return baseline, nil, err
	}
	worse := evals.Gate(report, baseline)
	lost, won := evals.Changed(report, baseline)
	if len(won) > 0 {
		fmt.Fprintln(io.err, "passing for the first time:", strings.Join(won, ", "))
	}
	if len(lost) > 0 && len(worse) == 0 {
		fmt.Fprintln(io.err, "passing no longer, but not by more than chance explains:", strings.Join(lost, ", "))
	}
	return baseline, worse, nil
}

// tolerate takes over the tolerances of the command line.
func (m evalMeasures) tolerate(b *evals.Baseline) error {
	for name, t := range m.Tolerance {
		if _, ok := b.Metrics[name]; !ok {
			return errs.New(errs.Invalid, "--tolerance names %q, which is no metric of the baseline", name)
		}
		if b.Tolerance == nil {
			b.Tolerance = map[string]float64{}
		}
		b.Tolerance[name] = t
	}
	return nil
}

// print prints the metrics, and how far the judge agrees with people.
func (cmd *evalRunCommand) print(w io.Writer, report evals.Report, baseline evals.Baseline) error {
	if cmd.JSON {
		return printReport(w, report.Metrics, true)
	}
	if err := evals.WriteSummary(w, report, baseline); err != nil || report.Judge == nil {
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

// saveBaseline writes what the run reached, with the tolerances of the baseline that stood there before.
func saveBaseline(path string, report evals.Report) error {
	b := evals.NewBaseline(report)
	before, err := readFile(path, evals.ReadBaseline)
	switch {
	case err == nil:
		b.KeepTolerances(before)
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}
	var out bytes.Buffer
	if err := evals.WriteBaseline(&out, b); err != nil {
		return err
	}
	if err := os.WriteFile(path, out.Bytes(), 0o644); err != nil {
		return errs.Wrap(err, errs.Invalid, "cannot write %s", path)
	}
	return nil
}

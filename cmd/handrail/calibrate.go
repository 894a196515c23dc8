package main

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"

	"github.com/google/uuid"

	"handrail/bot"
	"handrail/evals"
	"handrail/internal/errs"
)

type evalCalibrateCommand struct {
	Cases    []string `arg:"" help:"\"workspace\" for its verdicts, ratings and reviewed cases; suites (YAML files, or \"sample\"); folders with corpus.jsonl, queries.jsonl and qrels.tsv."`
	Most     int      `help:"Questions taken from each folder at most." default:"1000"`
	Features []string `help:"Features to fit from nothing, to compare features; without it the calibrator that ships is refitted."`
	Save     bool     `help:"Store the fit as the workspace's next version."`
	Activate bool     `help:"Store it, and let the bot decide by it."`
	JSON     bool     `help:"Print JSON."`
}

// Run gathers labelled cases from every source, fits, and prints the weights with their cross-validated quality.
func (cmd *evalCalibrateCommand) Run(ctx context.Context, c *commands, io streams) error {
	if (cmd.Save || cmd.Activate) && len(cmd.Features) > 0 {
		return errs.New(errs.Invalid, "--features compares features and is not stored: leave it out to use --save or --activate")
	}
	return withStack(ctx, c, io, func(st *stack) error {
		if slices.Equal(cmd.Cases, []string{"workspace"}) {
			return cmd.workspace(ctx, st, io)
		}
		var cases []bot.Labelled
		for _, source := range cmd.Cases {
			more, err := cmd.gather(ctx, st, source, io)
			if err != nil {
				return err
			}
			cases = append(cases, more...)
		}
		if len(cases) == 0 {
			return errs.New(errs.Invalid, "there is no case to fit to")
		}
		return cmd.conclude(ctx, st, evals.Calibrate(cases, cmd.Features), io)
	})
}

// workspace fits to what people have said about the bot's answers.
func (cmd *evalCalibrateCommand) workspace(ctx context.Context, st *stack, io streams) error {
	suite, err := st.evals.All(ctx, st.workspace)
	if err != nil {
		return err
	}
	cases, n, err := evals.WorkspaceLabels(ctx, st.bot, st.workspace, suite)
	if err != nil {
		return err
	}
	fitted, err := evals.FitWorkspace(cases, n)
	if err != nil {
		return err
	}
	fmt.Fprintf(io.err, "%d verdicts, %d ratings, %d reviewed cases\n", n.Verdicts, n.Ratings, n.Cases)
	return cmd.conclude(ctx, st, fitted, io)
}

// conclude prints a fit, and stores and activates it if asked to.
func (cmd *evalCalibrateCommand) conclude(ctx context.Context, st *stack, fitted evals.Calibration, io streams) error {
	if err := printReport(io.out, fitted, cmd.JSON); err != nil || !cmd.Save && !cmd.Activate {
		return err
	}
	v, err := st.bot.SaveCalibrator(ctx, st.workspace, "cli", fitted.Fitted())
	if err != nil {
		return err
	}
	fmt.Fprintf(io.err, "stored as version %d\n", v.Version)
	if !cmd.Activate {
		return nil
	}
	if err := st.bot.ActivateCalibrator(ctx, st.workspace, "cli", v.Version); err != nil {
		return err
	}
	fmt.Fprintf(io.err, "version %d decides from now on\n", v.Version)
	return nil
}

func (cmd *evalCalibrateCommand) gather(ctx context.Context, st *stack, source string, io streams) (cases []bot.Labelled, err error) {
	err = st.scratch(ctx, func(ws uuid.UUID) error {
		if source == "sample" || filepath.Ext(source) == ".yaml" {
			cases, err = cmd.suite(ctx, st, ws, source)
		} else {
			cases, err = cmd.set(ctx, st, ws, source, io)
		}
		return err
	})
	return cases, err
}

func (cmd *evalCalibrateCommand) suite(ctx context.Context, st *stack, ws uuid.UUID, source string) ([]bot.Labelled, error) {
	suite, err := loadSuite(source)
	if err != nil {
		return nil, err
	}
	if source == "sample" {
		if err := st.loadSample(ctx, ws); err != nil {
			return nil, err
		}
	} else {
		ws = st.workspace
	}
	report, err := evals.Run(ctx, st.bot, ws, suite, nil)
	return evals.LabelledOf(report), err
}

func (cmd *evalCalibrateCommand) set(ctx context.Context, st *stack, ws uuid.UUID, dir string, io streams) ([]bot.Labelled, error) {
	corpus, err := readFile(filepath.Join(dir, "corpus.jsonl"), evals.ReadJSONL[evals.CorpusDoc])
	if err != nil {
		return nil, err
	}
	queries, err := readFile(filepath.Join(dir, "queries.jsonl"), evals.ReadJSONL[evals.Query])
	if err != nil {
		return nil, err
	}
	qrels, err := readFile(filepath.Join(dir, "qrels.tsv"), evals.ReadQrels)
	if err != nil {
		return nil, err
	}
	show, finish := progress(io.err)
	defer finish()
	return evals.LabelledSet(ctx, corpus, queries, qrels, cmd.Most, evals.RetrievalOptions{Base: st.base, Workspace: ws,
		Progress: func(stage string, done, total int) { show(done, total, stage) }})
}

package main

import (
	"context"
	"path/filepath"

	"github.com/google/uuid"

	"handrail/bot"
	"handrail/evals"
	"handrail/internal/errs"
)

type evalCalibrateCommand struct {
	Cases    []string `arg:"" help:"Suites (YAML files, or \"sample\") and folders with corpus.jsonl, queries.jsonl and qrels.tsv."`
	Most     int      `help:"Questions taken from each folder at most." default:"1000"`
	Features []string `help:"Features to fit." default:"coverage,coverage_top,unknown,score,margin,title_match,proximity,terms"`
	JSON     bool     `help:"Print JSON."`
}

// Run gathers labelled cases from every source, fits, and prints the weights with their cross-validated quality.
func (cmd *evalCalibrateCommand) Run(ctx context.Context, c *commands, io streams) error {
	return withStack(ctx, c, io, func(st *stack) error {
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
		return printReport(io.out, evals.Calibrate(cases, cmd.Features), cmd.JSON)
	})
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

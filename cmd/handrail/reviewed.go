package main

import (
	"context"
	"fmt"
	"os"

	"github.com/google/uuid"

	"handrail/bot"
	"handrail/curation"
	"handrail/evals"
	"handrail/intent"
	"handrail/internal/errs"
)

// newCurator builds the keeper of gaps and drafts. Its bot has no model: it only has to say whether the base would do.
func (st *stack) newCurator() *curation.Curator {
	quoting := bot.New(bot.Config{DB: st.db, Log: st.log, Base: st.base, Classifier: st.classifier, Desk: st.desk,
		Settings: bot.Settings{Threshold: st.settings.Bot.Threshold, Name: st.settings.Bot.Name}, Logger: st.logger})
	return curation.New(curation.Config{DB: st.db, Base: st.base, Bot: quoting, Mask: intent.Mask, Logger: st.logger})
}

// reviewedCases are the workspace's published drafts, as a suite asks them.
func (st *stack) reviewedCases(ctx context.Context, ws uuid.UUID) ([]evals.Case, error) {
	cases, err := st.curator.Cases(ctx, ws)
	if err != nil {
		return nil, err
	}
	out := make([]evals.Case, 0, len(cases))
	for _, c := range cases {
		tags := []string{"answerable", "reviewed"}
		if c.Asked {
			tags = append(tags, "asked")
		}
		out = append(out, evals.Case{ID: c.ID, Question: c.Question, Lang: c.Lang, Tags: tags, Decision: bot.Answer,
			Sources: []string{c.Source}})
	}
	return out, nil
}

// runStored runs one of the workspace's own suites in the workspace itself, with all that is loaded there, and leaves the
// run among those that the console shows.
func (cmd *evalRunCommand) runStored(ctx context.Context, c *commands, io streams) error {
	return withStack(ctx, c, io, func(st *stack) error {
		show, finish := progress(io.err)
		o, err := cmd.options(st, show)
		if err != nil {
			return err
		}
		report, worse, err := st.evals.RunHere(ctx, st.workspace, "cli", cmd.Suite, o)
		finish()
		if err != nil {
			return err
		}
		return cmd.conclude(report, worse, io)
	})
}

type evalCasesCommand struct {
	Out string `type:"path" help:"YAML file to write; printed without it." placeholder:"FILE.yaml"`
}

// Run writes the suite "cases", to be kept beside the code or changed by hand.
func (cmd *evalCasesCommand) Run(ctx context.Context, c *commands, io streams) error {
	return withStack(ctx, c, io, func(st *stack) error {
		suite, err := st.evals.Suite(ctx, st.workspace, evals.SuiteCases)
		if err != nil {
			return err
		}
		if cmd.Out == "" {
			return evals.WriteSuite(io.out, suite)
		}
		f, err := os.Create(cmd.Out)
		if err != nil {
			return errs.Wrap(err, errs.Invalid, "cannot write %s", cmd.Out)
		}
		defer f.Close()
		if err := evals.WriteSuite(f, suite); err != nil {
			return err
		}
		if err := f.Close(); err != nil {
			return errs.Wrap(err, errs.Invalid, "cannot write %s", cmd.Out)
		}
		_, err = fmt.Fprintf(io.out, "%d cases written to %s\n", len(suite.Cases), cmd.Out)
		return err
	})
}

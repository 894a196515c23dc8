package main

import (
	"context"
	"fmt"
	"os"

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

// reviewedSuite is the suite of the workspace's published drafts.
func (st *stack) reviewedSuite(ctx context.Context) (evals.Suite, error) {
	cases, err := st.curator.Cases(ctx, st.workspace)
	if err != nil {
		return evals.Suite{}, err
	}
	if len(cases) == 0 {
		return evals.Suite{}, errs.New(errs.NotFound,
			"there are no reviewed cases yet: publish a draft in the console first")
	}
	s := evals.Suite{Name: "reviewed"}
	for _, c := range cases {
		tags := []string{"answerable", "reviewed"}
		if c.Asked {
			tags = append(tags, "asked")
		}
		s.Cases = append(s.Cases, evals.Case{ID: c.ID, Question: c.Question, Lang: c.Lang, Tags: tags,
			Decision: bot.Answer, Sources: []string{c.Source}})
	}
	return s, nil
}

// runReviewed asks the questions of the published drafts in the workspace itself, with all that is loaded there.
func (cmd *evalRunCommand) runReviewed(ctx context.Context, c *commands, io streams) error {
	return withStack(ctx, c, io, func(st *stack) error {
		suite, err := st.reviewedSuite(ctx)
		if err != nil {
			return err
		}
		return cmd.run(ctx, st, st.workspace, suite, io)
	})
}

type evalCasesCommand struct {
	Out string `type:"path" help:"YAML file to write; printed without it." placeholder:"FILE.yaml"`
}

// Run writes the reviewed suite, to be kept beside the code or changed by hand.
func (cmd *evalCasesCommand) Run(ctx context.Context, c *commands, io streams) error {
	return withStack(ctx, c, io, func(st *stack) error {
		suite, err := st.reviewedSuite(ctx)
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

package main

import (
	"context"
	"fmt"
	"io"

	"handrail/intent"
	"handrail/internal/errs"
)

type trainCommand struct {
	examplesFile
	Note     string `help:"What the version is about, for those who choose one later."`
	Activate bool   `help:"Answer with the new version at once." default:"true" negatable:""`
}

// Run trains in this process, or watches the server that was faster.
func (cmd *trainCommand) Run(ctx context.Context, c *commands, io streams) error {
	upload, err := cmd.upload()
	if err != nil {
		return err
	}
	return withStack(ctx, c, io, func(st *stack) error {
		checked, err := st.classifier.Check(ctx, st.workspace, upload, intent.CheckOptions{})
		if err != nil {
			return err
		}
		if err := printFindings(io.err, cmd.Examples, checked.Findings); err != nil {
			return err
		}
		if checked.Err() != nil {
			return silent(1)
		}
		return cmd.train(ctx, st, upload, io)
	})
}

func (cmd *trainCommand) train(ctx context.Context, st *stack, upload intent.Upload, io streams) error {
	trainer := intent.NewTrainer(st.classifier, st.logger)
	id, err := trainer.Enqueue(ctx, st.workspace, intent.TrainingRequest{Upload: upload, Note: cmd.Note,
		Activate: cmd.Activate, Actor: "cli"})
	if err != nil {
		return err
	}
	show, finish := progress(io.err)
	training, err := trainer.Run(ctx, st.workspace, id, func(stage string, done, total int) { show(done, total, stage) })
	finish()
	if err != nil {
		return err
	}
	if training.State == intent.TrainingFailed {
		return errs.New(errs.Invalid, "%s", training.Error)
	}
	return reportVersion(ctx, st, io.out, training.Version)
}

// reportVersion prints what became of a training.
func reportVersion(ctx context.Context, st *stack, w io.Writer, version int) error {
	versions, err := st.classifier.Versions(ctx, st.workspace)
	if err != nil {
		return err
	}
	for _, v := range versions {
		if v.Version != version {
			continue
		}
		state := fmt.Sprintf("is stored; `handrail intents activate %d` makes the bot answer with it", version)
		if v.Active {
			state = "is active"
		}
		_, err = fmt.Fprintf(w, "version %d with %d intents %s (%d examples; of unseen ones %s right, %s of those out of "+
			"scope found)\n", version, v.Intents, state, v.Examples, percent(v.Accuracy), percent(v.OOSRecall))
	}
	return err
}

// percent is a share for people; "-" where it was not measured.
func percent(share *float64) string {
	if share == nil {
		return "-"
	}
	return fmt.Sprintf("%.1f %%", 100**share)
}

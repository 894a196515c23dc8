package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"

	"handrail/intent"
	"handrail/internal/errs"
)

type intentsCheckCommand struct {
	examplesFile
	Valid string `type:"existingfile" help:"Examples kept apart to judge the model by; those in both files are named." placeholder:"FILE"`
	JSON  bool   `help:"Print the findings as JSON."`
}

// Run prints the findings, and fails with status 1 if any of them is an error.
func (cmd *intentsCheckCommand) Run(ctx context.Context, c *commands, io streams) error {
	upload, err := cmd.upload()
	if err != nil {
		return err
	}
	return withStack(ctx, c, io, func(st *stack) error {
		held, err := cmd.held(ctx, st)
		if err != nil {
			return err
		}
		checked, err := st.classifier.Check(ctx, st.workspace, upload, intent.CheckOptions{Held: held, CrossValidate: true})
		if err != nil {
			return err
		}
		if err := cmd.print(io.out, checked); err != nil {
			return err
		}
		if checked.Err() != nil {
			return silent(1)
		}
		return nil
	})
}

// held is what the bot is examined with: the workspace's cases, and the file of --valid.
func (cmd *intentsCheckCommand) held(ctx context.Context, st *stack) ([]intent.Held, error) {
	held, err := st.evals.Held(ctx, st.workspace)
	if err != nil || cmd.Valid == "" {
		return held, err
	}
	upload, err := readExamples(cmd.Valid, "auto")
	if err != nil {
		return nil, err
	}
	examples, err := upload.Examples()
	if err != nil {
		return nil, errs.Wrap(err, errs.Invalid, "%s, %s", cmd.Valid, errs.Public(err))
	}
	for _, e := range examples {
		held = append(held, intent.Held{Text: e.Text, Where: cmd.Valid})
	}
	return held, nil
}

func (cmd *intentsCheckCommand) print(w io.Writer, checked intent.Checked) error {
	if cmd.JSON {
		return json.NewEncoder(w).Encode(checked.Findings)
	}
	if err := printFindings(w, cmd.Examples, checked.Findings); err != nil {
		return err
	}
	bad := 0
	for _, f := range checked.Findings {
		if f.Severity == intent.SeverityError {
			bad++
		}
	}
	_, err := fmt.Fprintf(w, "%d intents, %d examples: %d errors, %d warnings\n", checked.Intents, checked.Examples, bad,
		len(checked.Findings)-bad)
	return err
}

// printFindings prints a line for each, in the form that editors jump to.
func printFindings(w io.Writer, path string, findings []intent.Finding) error {
	for _, f := range findings {
		at := path
		if f.Line > 0 {
			at = fmt.Sprintf("%s:%d", path, f.Line)
		}
		if _, err := fmt.Fprintf(w, "%s: %s: %s\n", at, f.Severity, f.Message); err != nil {
			return err
		}
	}
	return nil
}

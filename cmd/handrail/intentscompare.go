package main

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"text/tabwriter"

	"handrail/intent"
	"handrail/internal/errs"
)

type intentsCompareCommand struct {
	A    int  `arg:"" help:"One version."`
	B    int  `arg:"" help:"The other."`
	JSON bool `help:"Print the comparison as JSON."`
}

// Run trains both versions on the same parts of their examples and prints how they do on the rest.
func (cmd *intentsCompareCommand) Run(ctx context.Context, c *commands, io streams) error {
	if cmd.A == cmd.B {
		return errs.New(errs.Invalid, "both are version %d: name two versions", cmd.A)
	}
	return withStack(ctx, c, io, func(st *stack) error {
		result, err := st.classifier.Compare(ctx, st.workspace, cmd.A, cmd.B)
		if err != nil {
			return err
		}
		if cmd.JSON {
			return json.NewEncoder(io.out).Encode(result)
		}
		return printComparison(io.out, result)
	})
}

func printComparison(w io.Writer, c intent.Comparison) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(t, "on %d unseen examples\tversion %d\tversion %d\n", c.Examples, c.A, c.B)
	fmt.Fprintf(t, "accuracy\t%s\t%s\n", percent(&c.Accuracy.A), percent(&c.Accuracy.B))
	if oos := c.OOSRecall; oos != nil {
		fmt.Fprintf(t, "out of scope found\t%s\t%s\n", percent(&oos.A), percent(&oos.B))
	}
	for _, i := range c.Intents {
		fmt.Fprintf(t, "F1 of %s (%d)\t%s\t%s\n", i.Name, i.N, percent(&i.A.F1), percent(&i.B.F1))
	}
	fmt.Fprintln(t)
	for _, f := range c.Confusion {
		if f.A != f.B {
			fmt.Fprintf(t, "%s taken for %s\t%d\t%d\n", f.Want, f.Got, f.A, f.B)
		}
	}
	if err := t.Flush(); err != nil {
		return err
	}
	for _, f := range c.Flipped {
		if _, err := fmt.Fprintf(w, "%q of %s: %s, then %s\n", f.Text, f.Want, f.A, f.B); err != nil {
			return err
		}
	}
	return nil
}

type intentsSuggestCommand struct {
	Days int `help:"How far back to look." default:"30"`
}

// Run prints CSV that can be labelled and trained: the intents are the model's guesses.
func (cmd *intentsSuggestCommand) Run(ctx context.Context, c *commands, io streams) error {
	return withStack(ctx, c, io, func(st *stack) error {
		said, err := st.curator.Messages(ctx, st.workspace, cmd.Days)
		if err != nil {
			return err
		}
		heard := make([]intent.Heard, len(said))
		for i, m := range said {
			heard[i] = intent.Heard(m)
		}
		list, err := st.classifier.Suggest(ctx, st.workspace, heard)
		if err != nil {
			return err
		}
		w := csv.NewWriter(io.out)
		_ = w.Write([]string{"text", "intent", "lang", "probability", "count"}) // Flush keeps the error
		for _, s := range list {
			_ = w.Write([]string{s.Text, s.Intent, s.Lang, fmt.Sprintf("%.2f", s.Probability), fmt.Sprint(s.Count)})
		}
		w.Flush()
		return w.Error()
	})
}

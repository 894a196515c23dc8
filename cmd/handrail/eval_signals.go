package main

import (
	"encoding/json"
	"fmt"
	"os"

	"handrail/evals"
)

type evalSignalsCommand struct {
	Dir     string `arg:"" optional:"" default:"intent/testdata" help:"Folder with entities.jsonl, person.txt, anger.txt, dissatisfied.txt; the sets of the source tree by default."`
	Verbose bool   `short:"v" help:"Print the messages that are read wrongly."`
	JSON    bool   `help:"Print JSON."`
}

// Run needs no database: signals are read off the text alone.
func (cmd *evalSignalsCommand) Run(io streams) error {
	scores, err := evals.Signals(os.DirFS(cmd.Dir))
	if err != nil {
		return err
	}
	if cmd.JSON {
		return json.NewEncoder(io.out).Encode(scores)
	}
	fmt.Fprintf(io.out, "%-22s %-22s %5s %9s %7s %6s\n", "signal", "set", "n", "precision", "recall", "F1")
	for _, s := range scores {
		fmt.Fprintf(io.out, "%-22s %-22s %5d %9.3f %7.3f %6.3f\n", s.Signal, s.Set, s.N, s.Precision, s.Recall, s.F1)
		if !cmd.Verbose {
			continue
		}
		for _, miss := range s.Misses {
			fmt.Fprintln(io.out, "   ", miss)
		}
	}
	return nil
}

package main

import (
	"handrail/evals"
)

type evalGroundednessCommand struct {
	Data []string `required:"" type:"existingfile" help:"JSONL with source, context, and sentences {text, supported} or response and label; repeatable."`
	JSON bool     `help:"Print JSON."`
}

// Run needs no database: support is a function of texts.
func (cmd *evalGroundednessCommand) Run(io streams) error {
	var rows []evals.GroundedRow
	for _, path := range cmd.Data {
		more, err := readFile(path, evals.ReadJSONL[evals.GroundedRow])
		if err != nil {
			return err
		}
		rows = append(rows, more...)
	}
	show, finish := progress(io.err)
	report, err := evals.Groundedness(rows, func(done, total int) { show(done, total, "comparing") })
	finish()
	if err != nil {
		return err
	}
	return printReport(io.out, report, cmd.JSON)
}

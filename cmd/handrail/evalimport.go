package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"

	"handrail/evals"
	"handrail/internal/errs"
)

type evalImportCommand struct {
	CSV           importCSVCommand   `cmd:"" name:"csv" help:"A table with a column question; see docs/evals.md for the others."`
	BEIR          importBEIRCommand  `cmd:"" name:"beir" help:"A folder with corpus.jsonl, queries.jsonl and qrels.tsv."`
	Conversations importTalksCommand `cmd:"" help:"Past conversations with the bot, personal data masked."`
}

// suiteOut is where a suite goes.
type suiteOut struct {
	Out string `type:"path" help:"YAML file to write; printed without it." placeholder:"FILE.yaml"`
}

// write writes a suite, and reads it back first: what is written must load.
func (o suiteOut) write(suite evals.Suite, io streams) error {
	var b bytes.Buffer
	if err := evals.WriteSuite(&b, suite); err != nil {
		return err
	}
	if _, err := evals.LoadSuite("the suite made of it", bytes.NewReader(b.Bytes())); err != nil {
		return err
	}
	if o.Out == "" {
		_, err := io.out.Write(b.Bytes())
		return err
	}
	if err := os.WriteFile(o.Out, b.Bytes(), 0o644); err != nil {
		return errs.Wrap(err, errs.Invalid, "cannot write %s", o.Out)
	}
	_, err := fmt.Fprintf(io.out, "%d cases written to %s\n", len(suite.Cases), o.Out)
	return err
}

type importCSVCommand struct {
	File string `arg:"" type:"existingfile" help:"CSV file."`
	suiteOut
}

// Run makes a suite of a table.
func (cmd *importCSVCommand) Run(io streams) error {
	suite, err := readFile(cmd.File, evals.ImportCSV)
	if err != nil {
		return err
	}
	return cmd.write(suite, io)
}

type importBEIRCommand struct {
	Folder string `arg:"" type:"existingdir" help:"Folder of the set."`
	Split  string `help:"Only queries of this split."`
	Suffix string `help:"What follows a document's id in the path it is ingested from, such as .md."`
	suiteOut
}

// Run makes a suite of a retrieval set.
func (cmd *importBEIRCommand) Run(io streams) error {
	b := evals.BEIR{Name: filepath.Base(cmd.Folder), Split: cmd.Split, Suffix: cmd.Suffix}
	var err error
	if b.Corpus, err = readFile(filepath.Join(cmd.Folder, "corpus.jsonl"), evals.ReadJSONL[evals.CorpusDoc]); err != nil {
		return err
	}
	if b.Queries, err = readFile(filepath.Join(cmd.Folder, "queries.jsonl"), evals.ReadJSONL[evals.Query]); err != nil {
		return err
	}
	if b.Qrels, err = readFile(filepath.Join(cmd.Folder, "qrels.tsv"), evals.ReadQrels); err != nil {
		return err
	}
	suite, err := evals.ImportBEIR(b)
	if err != nil {
		return err
	}
	return cmd.write(suite, io)
}

type importTalksCommand struct {
	Most int `help:"How many of the latest conversations to take." default:"200"`
	suiteOut
}

// Run makes a suite of the workspace's conversations.
func (cmd *importTalksCommand) Run(ctx context.Context, c *commands, io streams) error {
	if cmd.Most < 1 {
		return errs.New(errs.Invalid, "--most is %d: take at least one conversation", cmd.Most)
	}
	return withStack(ctx, c, io, func(st *stack) error {
		talks, err := evals.Talks(ctx, st.db, st.workspace, cmd.Most)
		if err != nil {
			return err
		}
		suite, err := evals.ImportTalks("conversations", talks)
		if err != nil {
			return err
		}
		return cmd.write(suite, io)
	})
}

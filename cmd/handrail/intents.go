package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"

	"handrail/intent"
	"handrail/internal/errs"
)

type intentsCommand struct {
	Check    intentsCheckCommand    `cmd:"" help:"Say what is wrong with labelled examples."`
	Train    trainCommand           `cmd:"" help:"Train a version of the intent model and activate it."`
	List     intentsListCommand     `cmd:"" help:"List the versions of the intent model."`
	Compare  intentsCompareCommand  `cmd:"" help:"Compare two versions on the same split."`
	Activate intentsActivateCommand `cmd:"" help:"Answer with another version: go forward, or back."`
	Export   intentsExportCommand   `cmd:"" help:"Print the catalog of a version as YAML."`
	Suggest  intentsSuggestCommand  `cmd:"" help:"Print visitors' messages that are worth labelling."`
}

// examplesFile is a file of labelled examples.
type examplesFile struct {
	Examples string `arg:"" name:"file" type:"existingfile" help:"Examples as .csv (text,intent,lang) or .jsonl, or a whole catalog as .yaml."`
	Format   string `help:"What the file is, where its name does not say so." enum:"auto,yaml,csv,jsonl" default:"auto"`
}

func (f examplesFile) upload() (intent.Upload, error) { return readExamples(f.Examples, f.Format) }

func readExamples(path, format string) (intent.Upload, error) {
	if format == "auto" {
		formats := map[string]intent.Format{".yaml": intent.FormatYAML, ".yml": intent.FormatYAML, ".csv": intent.FormatCSV,
			".jsonl": intent.FormatJSONL, ".ndjson": intent.FormatJSONL}
		format = string(formats[strings.ToLower(filepath.Ext(path))])
	}
	if format == "" {
		return intent.Upload{}, errs.New(errs.Invalid,
			"%s: its name says no format: name it .yaml, .csv or .jsonl, or give --format", path)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		return intent.Upload{}, errs.Wrap(err, errs.Invalid, "cannot read %s", path)
	}
	return intent.Upload{Format: intent.Format(format), Text: string(content)}, nil
}

type intentsListCommand struct{}

// Run prints a line for each version.
func (cmd *intentsListCommand) Run(ctx context.Context, c *commands, io streams) error {
	return withStack(ctx, c, io, func(st *stack) error {
		versions, err := st.classifier.Versions(ctx, st.workspace)
		if err != nil {
			return err
		}
		w := tabwriter.NewWriter(io.out, 0, 0, 2, ' ', 0)
		fmt.Fprintln(w, "VERSION\tACTIVE\tTRAINED\tINTENTS\tEXAMPLES\tACCURACY\tOOS RECALL\tNOTE")
		for _, v := range versions {
			active := ""
			if v.Active {
				active = "yes"
			}
			fmt.Fprintf(w, "%d\t%s\t%s\t%d\t%d\t%s\t%s\t%s\n", v.Version, active, v.TrainedAt.Format("2006-01-02 15:04"),
				v.Intents, v.Examples, percent(v.Accuracy), percent(v.OOSRecall), v.Note)
		}
		return w.Flush()
	})
}

type intentsActivateCommand struct {
	Version int `arg:"" help:"Version, as handrail intents list prints it."`
}

// Run activates the version on every node.
func (cmd *intentsActivateCommand) Run(ctx context.Context, c *commands, io streams) error {
	return withStack(ctx, c, io, func(st *stack) error {
		if err := st.classifier.Activate(ctx, st.workspace, "cli", cmd.Version); err != nil {
			return err
		}
		_, err := fmt.Fprintf(io.out, "version %d is active; every server answers with it within two seconds\n", cmd.Version)
		return err
	})
}

type intentsExportCommand struct {
	Version int `arg:"" optional:"" help:"Version; the active one without it."`
}

// Run prints the catalog, to be edited and trained again.
func (cmd *intentsExportCommand) Run(ctx context.Context, c *commands, io streams) error {
	return withStack(ctx, c, io, func(st *stack) error {
		catalog, version, err := st.classifier.Catalog(ctx, st.workspace)
		if err == nil && cmd.Version > 0 {
			catalog, err = st.classifier.CatalogOf(ctx, st.workspace, cmd.Version)
		} else if err == nil && version == 0 {
			err = errs.New(errs.NotFound, "there is no intent model yet: train one with `handrail intents train FILE`")
		}
		if err != nil {
			return err
		}
		yaml, err := catalog.YAML()
		if err != nil {
			return err
		}
		_, err = fmt.Fprint(io.out, yaml)
		return err
	})
}

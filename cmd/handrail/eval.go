package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/google/uuid"

	"handrail/evals"
	"handrail/ingest"
	"handrail/internal/errs"
	"handrail/sample"
)

type evalCommand struct {
	Intents   evalIntentsCommand   `cmd:"" help:"Train on one split of labelled messages and score another."`
	Signals   evalSignalsCommand   `cmd:"" help:"Score entities, requests for a person, anger and dissatisfaction on labelled messages."`
	Retrieval evalRetrievalCommand `cmd:"" help:"Index a BEIR-style corpus and score the ranking for its queries."`
	Run       evalRunCommand       `cmd:"" help:"Run a suite of questions; with --gate, fail on a regression."`
	Cases     evalCasesCommand     `cmd:"" help:"Write the workspace's cases as a suite."`
	Import    evalImportCommand    `cmd:"" help:"Make a suite from a CSV file, a BEIR set, or past conversations."`
	Calibrate evalCalibrateCommand `cmd:"" help:"Fit the confidence to labelled cases and print the weights."`

	Groundedness evalGroundednessCommand `cmd:"" help:"Tell supported sentences from others without a model, next to plain overlap."`
}

type evalIntentsCommand struct {
	Data  string `required:"" type:"existingfile" help:"JSONL with text, intent (\"oos\" = out of scope), split, lang."`
	Train string `default:"train" help:"Split to train on."`
	Valid string `default:"valid" help:"Split that fixes thresholds; cross-validation where it is empty."`
	Test  string `default:"test" help:"Split to score."`
	JSON  bool   `help:"Print JSON."`
}

// Run needs no database: the classifier is pure.
func (cmd *evalIntentsCommand) Run(ctx context.Context, io streams) error {
	rows, err := readFile(cmd.Data, evals.ReadJSONL[evals.IntentRow])
	if err != nil {
		return err
	}
	report, err := evals.Intents(ctx, rows, evals.IntentOptions{Train: cmd.Train, Valid: cmd.Valid, Test: cmd.Test})
	if err != nil {
		return err
	}
	return printReport(io.out, report, cmd.JSON)
}

type evalRetrievalCommand struct {
	Corpus  string `required:"" type:"existingfile" help:"JSONL with id, title, text."`
	Queries string `required:"" type:"existingfile" help:"JSONL with id, text, answerable, split, history."`
	Qrels   string `required:"" type:"existingfile" help:"Tab-separated judgments in BEIR layout."`
	Split   string `help:"Score only queries of this split."`
	JSON    bool   `help:"Print JSON."`
}

// Run indexes into a scratch workspace and removes its documents afterwards.
func (cmd *evalRetrievalCommand) Run(ctx context.Context, c *commands, io streams) error {
	corpus, err := readFile(cmd.Corpus, evals.ReadJSONL[evals.CorpusDoc])
	if err != nil {
		return err
	}
	queries, err := readFile(cmd.Queries, evals.ReadJSONL[evals.Query])
	if err != nil {
		return err
	}
	qrels, err := readFile(cmd.Qrels, evals.ReadQrels)
	if err != nil {
		return err
	}
	return withStack(ctx, c, io, func(st *stack) error {
		return st.scratch(ctx, func(ws uuid.UUID) error {
			show, finish := progress(io.err)
			defer finish()
			report, err := evals.Retrieval(ctx, corpus, queries, qrels, evals.RetrievalOptions{Base: st.base, Workspace: ws,
				Split: cmd.Split, Progress: func(stage string, done, total int) { show(done, total, stage) }})
			if err != nil {
				return err
			}
			return printReport(io.out, report, cmd.JSON)
		})
	})
}

// scratch runs fn over a workspace of its own, which is removed when fn ends, also when it is interrupted.
func (st *stack) scratch(ctx context.Context, fn func(uuid.UUID) error) error {
	ws, err := st.auth.EnsureWorkspace(ctx, "eval-"+uuid.NewString(), "Scratch of an eval")
	if err != nil {
		return err
	}
	defer func() {
		if err := st.auth.RemoveWorkspace(context.WithoutCancel(ctx), ws); err != nil {
			st.logger.Error("the scratch workspace was not removed", "workspace", ws, "error", err)
		}
	}()
	return fn(ws)
}

type evalRunCommand struct {
	Suite        string `arg:"" help:"YAML or JSONL file, \"sample\" for the sample help centre, \"sample:clarify\" for unclear questions to it, \"sample:effort\" for visitors in trouble, \"reviewed\" for your published drafts, or \"cases\" for these and the cases made of conversations."`
	Baseline     string `type:"path" help:"JSON file with what the suite is known to reach."`
	Gate         bool   `help:"Exit with status 1 if the run is worse than the baseline; for \"reviewed\" and \"cases\" without one, than the run before."`
	SaveBaseline bool   `help:"Write the run to the baseline file instead of comparing."`
	Out          string `type:"path" help:"Folder for report.md, report.html, results.jsonl and junit.xml."`
	JSON         bool   `help:"Print metrics as JSON."`
	riskFlags    `embed:""`
	evalMeasures
}

// Run asks every question of the suite.
func (cmd *evalRunCommand) Run(ctx context.Context, c *commands, io streams) error {
	stored := cmd.Suite == evals.SuiteReviewed || cmd.Suite == evals.SuiteCases
	if (cmd.Gate && !stored || cmd.SaveBaseline) && cmd.Baseline == "" {
		return errs.New(errs.Invalid, "--gate and --save-baseline need --baseline FILE")
	}
	if stored {
		return cmd.runStored(ctx, c, io)
	}
	suite, err := loadSuite(cmd.Suite)
	if err != nil {
		return err
	}
	return withStack(ctx, c, io, func(st *stack) error {
		run := func(ws uuid.UUID) error { return cmd.run(ctx, st, ws, suite, io) }
		if cmd.Suite != "sample" && !strings.HasPrefix(cmd.Suite, "sample:") {
			return run(st.workspace)
		}
		return st.scratch(ctx, func(ws uuid.UUID) error {
			if err := st.loadSample(ctx, ws); err != nil {
				return err
			}
			return run(ws)
		})
	})
}

func loadSuite(name string) (evals.Suite, error) {
	switch name {
	case "sample":
		return evals.LoadSuite("the sample suite", bytes.NewReader(sample.Suite))
	case "sample:clarify":
		return evals.LoadSuite("the sample suite of unclear questions", bytes.NewReader(sample.Clarify))
	case "sample:effort":
		return evals.LoadSuite("the sample suite of efforts", bytes.NewReader(sample.Effort))
	}
	suite, err := readFile(name, evals.LoadSuite)
	if errors.Is(err, fs.ErrNotExist) {
		return suite, errs.Wrap(err, errs.Invalid,
			"there is no file %s: name a suite's file, or sample, sample:clarify, sample:effort, reviewed or cases", name)
	}
	return suite, err
}

// loadSample fills a workspace with the sample help centre and its intents.
func (st *stack) loadSample(ctx context.Context, ws uuid.UUID) error {
	report, err := st.ingest.RunFS(ctx, ws, sample.Help, ".", ingest.Options{Collection: demoCollection})
	if err != nil {
		return err
	}
	for _, f := range report.Failed {
		return errs.New(errs.Internal, "sample document %s: %s", f.Item, f.Reason)
	}
	catalog, err := sampleCatalog()
	if err != nil {
		return err
	}
	_, err = st.classifier.Train(ctx, ws, catalog)
	return err
}

// readFile opens a file for one of evals' readers.
func readFile[T any](path string, read func(string, io.Reader) (T, error)) (T, error) {
	f, err := os.Open(path)
	if err != nil {
		var zero T
		return zero, errs.Wrap(err, errs.Invalid, "cannot read %s", path)
	}
	defer f.Close()
	return read(path, f)
}

// printReport prints scores as one line of JSON, or as a table.
func printReport(w io.Writer, report any, asJSON bool) error {
	b, err := json.Marshal(report)
	if err != nil {
		return err
	}
	if asJSON {
		_, err = fmt.Fprintln(w, string(b))
		return err
	}
	var fields map[string]any
	if err := json.Unmarshal(b, &fields); err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		value := fields[name]
		if value == nil {
			value = "-"
		}
		if rows, ok := value.([]any); ok {
			for _, row := range rows {
				fmt.Fprintf(w, "%-22s %v\n", name, strings.TrimPrefix(fmt.Sprint(row), "map"))
			}
			continue
		}
		fmt.Fprintf(w, "%-22s %v\n", name, value)
	}
	return nil
}

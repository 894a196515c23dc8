package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"handrail/ingest"
	"handrail/internal/audit"
	"handrail/internal/errs"
)

type ingestCommand struct {
	Sources    []string `arg:"" name:"source" help:"Folders, files, addresses of pages, sitemap:ADDRESS and crawl:ADDRESS."`
	Collection string   `help:"Collection that the documents belong to." default:"help"`
	Prune      bool     `help:"Remove documents of the collection that are gone from the sources."`
	DryRun     bool     `help:"Report what would change and write nothing." xor:"dry"`
	JSON       bool     `help:"Print the report as JSON." xor:"json"`
	Watch      bool     `help:"Go on with every change in the folder until Ctrl-C." xor:"dry,json"`
	ingestGate
	webLimits
}

// webLimits are the bounds of sitemaps and crawls.
type webLimits struct {
	MaxPages int `help:"Most pages of a sitemap or crawl." default:"500"`
	Depth    int `help:"How many links a crawl follows from its first page." default:"5"`
}

// specs reads the names of sources.
func (l webLimits) specs(names ...string) ([]ingest.Spec, error) {
	var out []ingest.Spec
	for _, name := range names {
		s, err := ingest.ParseSpec(name)
		if err != nil {
			return nil, err
		}
		if s.Kind == ingest.KindSitemap || s.Kind == ingest.KindCrawl {
			s.MaxPages, s.Depth = l.MaxPages, l.Depth
			if s, err = s.Web(); err != nil {
				return nil, err
			}
		}
		out = append(out, s)
	}
	return out, nil
}

// ingestReport is the report as JSON.
type ingestReport struct {
	Added     []string        `json:"added"`
	Changed   []string        `json:"changed"`
	Unchanged int             `json:"unchanged"`
	Skipped   []string        `json:"skipped"`
	Removed   []string        `json:"removed"`
	Failed    []ingestFailure `json:"failed"`
	Passages  int             `json:"passages"`
	Seconds   float64         `json:"seconds"`
}

type ingestFailure struct {
	Item   string `json:"item"`
	Reason string `json:"reason"`
}

// Run loads the sources; it fails with status 1 if any document failed.
func (cmd *ingestCommand) Run(ctx context.Context, c *commands, io streams) error {
	return withStack(ctx, c, io, func(st *stack) error { return cmd.ingest(ctx, st, io) })
}

func (cmd *ingestCommand) ingest(ctx context.Context, st *stack, io streams) error {
	if !cmd.Gate && (cmd.Suite != "" || cmd.Baseline != "") {
		return errs.New(errs.Invalid, "--suite and --baseline say what a gated ingest must pass: add --gate")
	}
	specs, err := cmd.specs(cmd.Sources...)
	if err != nil {
		return err
	}
	o := ingest.Options{Collection: cmd.Collection, Prune: cmd.Prune, DryRun: cmd.DryRun,
		Recorded: func(ctx context.Context, tx pgx.Tx, run int64) error { return cmd.record(ctx, st, tx, specs, run) }}
	if cmd.Gate {
		if o.Store, err = cmd.store(st, io); err != nil {
			return err
		}
	}
	if cmd.Watch {
		return watch(ctx, st, specs, o, io)
	}
	show, finish := progress(io.err)
	o.Progress = func(p ingest.Progress) { show(p.Done, p.Total, p.Current) }
	report, err := ingest.NewRuns(st.db, st.ingest).Run(ctx, st.workspace, specs, o)
	finish()
	return cmd.conclude(io.out, report, err)
}

// record says in the audit log who ran what.
func (cmd *ingestCommand) record(ctx context.Context, st *stack, tx pgx.Tx, specs []ingest.Spec, run int64) error {
	names := make([]string, len(specs))
	for i, s := range specs {
		names[i] = s.Location
	}
	return audit.Write(ctx, tx, st.workspace, audit.Record{Actor: "cli", Action: "ingest.run",
		Target: fmt.Sprintf("ingest:%d", run), Data: map[string]any{"sources": names, "collection": cmd.Collection,
			"prune": cmd.Prune, "watch": cmd.Watch}})
}

// conclude prints the report of a run and returns its error, or status 1 if a document failed.
func (cmd *ingestCommand) conclude(w io.Writer, report ingest.Report, err error) error {
	if err != nil && len(report.Failed) == 0 {
		return err
	}
	if printErr := cmd.print(w, report); printErr != nil {
		return printErr
	}
	if err != nil {
		return err
	}
	if len(report.Failed) > 0 {
		return silent(1)
	}
	return nil
}

func (cmd *ingestCommand) print(w io.Writer, r ingest.Report) error {
	if cmd.JSON {
		out := ingestReport{Added: append([]string{}, r.Added...), Changed: append([]string{}, r.Changed...),
			Unchanged: len(r.Unchanged), Skipped: append([]string{}, r.Skipped...), Removed: append([]string{}, r.Removed...), Failed: []ingestFailure{},
			Passages: r.Passages, Seconds: r.Elapsed.Seconds()}
		for _, f := range r.Failed {
			out.Failed = append(out.Failed, ingestFailure{f.Item, f.Reason})
		}
		return json.NewEncoder(w).Encode(out)
	}
	verb := ""
	if cmd.DryRun {
		verb = "would be "
	}
	for _, f := range r.Failed {
		fmt.Fprintf(w, "failed  %s: %s\n", f.Item, f.Reason)
	}
	_, err := fmt.Fprintf(w, "%sadded %d, changed %d, unchanged %d, removed %d, failed %d; %d passages in %s\n", verb,
		len(r.Added), len(r.Changed), len(r.Unchanged), len(r.Removed), len(r.Failed), r.Passages,
		r.Elapsed.Round(10*time.Millisecond))
	if err == nil && len(r.Skipped) > 0 {
		_, err = fmt.Fprintf(w, "skipped %d that hold no text or ask not to be taken (--json names them)\n", len(r.Skipped))
	}
	return err
}

// progress returns a function that shows how far a job is, on a terminal only, and one that clears it.
func progress(w io.Writer) (show func(done, total int, what string), finish func()) {
	f, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return func(int, int, string) {}, func() {}
	}
	bar := progressbar.NewOptions(-1, progressbar.OptionSetWriter(f), progressbar.OptionShowCount(),
		progressbar.OptionClearOnFinish(), progressbar.OptionThrottle(50*time.Millisecond), progressbar.OptionSetWidth(30))
	show = func(done, total int, what string) {
		if total > 0 && int64(total) != bar.GetMax64() {
			bar.ChangeMax(total)
		}
		bar.Describe(clipStart(what, 40))
		_ = bar.Set(done) // a bar that cannot be drawn is no reason to stop
	}
	return show, func() { _ = bar.Finish() }
}

// clipStart keeps the end of a path, which tells files apart.
func clipStart(s string, n int) string {
	r := []rune(s)
	if len(r) <= n {
		return fmt.Sprintf("%-*s", n, s)
	}
	return "…" + string(r[len(r)-n+1:])
}

package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"handrail/ingest"
)

type ingestCommand struct {
	Passages int `default:"50000" help:"About how many passages to ingest."`
	Words    int `default:"120" help:"Words of a passage on average."`
}

// Run writes Markdown files, ingests them, and copies the same passages into a plain table.
func (cmd *ingestCommand) Run(ctx context.Context, c *commands) error {
	dir, err := os.MkdirTemp("", "handrail-bench-files-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	return withWorld(ctx, c, func(w *world) error {
		w.corpus.size = cmd.Words
		if err := cmd.write(w, dir); err != nil {
			return err
		}
		return cmd.compare(ctx, w, dir)
	})
}

// write makes files of perDocument sections each.
func (cmd *ingestCommand) write(w *world, dir string) error {
	for n := 0; n < cmd.Passages; n += perDocument {
		var b strings.Builder
		fmt.Fprintf(&b, "# %s\n\n", w.corpus.sentence(4))
		for range perDocument {
			p := w.corpus.passage()
			fmt.Fprintf(&b, "## %s\n\n%s.\n\n", p.Title, p.Text)
		}
		name := filepath.Join(dir, fmt.Sprintf("%03d", n/1000), fmt.Sprintf("%d.md", n))
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(name, []byte(b.String()), 0o644); err != nil {
			return err
		}
	}
	return nil
}

func (cmd *ingestCommand) compare(ctx context.Context, w *world, dir string) error {
	var peaks [10]uint64 // of the heap, by tenth of the run
	report, err := ingest.New(w.base, ingest.Config{}).Run(ctx, w.ws, []string{dir}, ingest.Options{Collection: "bench",
		Progress: func(p ingest.Progress) {
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			tenth := (p.Done - 1) * len(peaks) / p.Total
			peaks[tenth] = max(peaks[tenth], m.HeapInuse>>20)
		}})
	if err != nil {
		return err
	}
	own := float64(report.Passages) / report.Elapsed.Seconds()
	fmt.Printf("%d files, %d passages, %d failed\n", len(report.Added), report.Passages, len(report.Failed))
	fmt.Printf("heap at most, by tenth of the run: %d MB\n", peaks)
	fmt.Printf("from disk to searchable: %.0f passages/s\n", own)
	copied, err := w.copyLimit(ctx)
	if err != nil {
		return err
	}
	fmt.Printf("COPY of the same rows into plain tables: %.0f passages/s; Handrail reaches %.2f of it\n", copied, own/copied)
	return nil
}

// copyLimit copies what was stored, texts and term weights, into tables without indexes.
func (w *world) copyLimit(ctx context.Context) (float64, error) {
	type row struct {
		id                 int64
		title, body, terms string
	}
	rows, err := w.owner.Query(ctx, `
		SELECT p.id, p.title, p.body, t.weights::text FROM passages p
		JOIN passage_terms t ON t.workspace_id = p.workspace_id AND t.passage_id = p.id`)
	if err != nil {
		return 0, err
	}
	all, err := pgx.CollectRows(rows, func(r pgx.CollectableRow) (x row, err error) {
		return x, r.Scan(&x.id, &x.title, &x.body, &x.terms)
	})
	if err != nil {
		return 0, err
	}
	_, err = w.owner.Exec(ctx, `DROP TABLE IF EXISTS bench_copy;
		CREATE TABLE bench_copy (id bigint, title text, body text, terms sparsevec(1000000000))`)
	if err != nil {
		return 0, err
	}
	start := time.Now()
	err = w.copyRows(ctx, "bench_copy", len(all), func(i int) []string {
		return []string{strconv.FormatInt(all[i].id, 10), all[i].title, all[i].body, all[i].terms}
	})
	return float64(len(all)) / time.Since(start).Seconds(), err
}

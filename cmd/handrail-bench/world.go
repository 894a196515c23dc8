package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	"handrail/internal/auth"
	"handrail/internal/postgres"
	"handrail/knowledge"
)

// world is one database with a workspace, opened twice: as the product does, and as the owner of reference tables.
type world struct {
	db     *postgres.DB
	owner  *pgxpool.Pool
	ws     uuid.UUID
	base   *knowledge.Base
	corpus *corpus
}

// withWorld opens a world, on a private cluster in a temporary folder unless a database is named, and closes it after fn.
func withWorld(ctx context.Context, c *commands, fn func(w *world) error) (err error) {
	url := c.Database
	if url == "" {
		dir, err := os.MkdirTemp("", "handrail-bench-")
		if err != nil {
			return err
		}
		defer os.RemoveAll(dir)
		if err := os.Chmod(dir, 0o711); err != nil { // PostgreSQL runs as another user where this one is root
			return err
		}
		local, err := postgres.StartLocal(ctx, postgres.LocalConfig{Dir: dir, BinDir: c.PGBin})
		if err != nil {
			return err
		}
		defer func() { _ = local.Stop() }()
		url = local.URL()
	}
	w := &world{}
	if w.db, err = postgres.Open(ctx, postgres.Config{URL: url, MaxConns: 12}); err != nil {
		return err
	}
	defer w.db.Close()
	if w.owner, err = openOwner(ctx, url); err != nil {
		return err
	}
	defer w.owner.Close()
	if w.ws, err = auth.NewStore(w.db).EnsureWorkspace(ctx, fmt.Sprintf("bench-%d", time.Now().UnixNano()), "Bench"); err != nil {
		return err
	}
	if w.corpus, err = newCorpus(c.Corpus); err != nil {
		return err
	}
	w.base = knowledge.New(w.db, nil)
	return fn(w)
}

// openOwner connects as the owner of the tables, who sees the rows of every workspace.
func openOwner(ctx context.Context, url string) (*pgxpool.Pool, error) {
	c, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, err
	}
	c.ConnConfig.RuntimeParams["handrail.workspace"] = postgres.AllWorkspaces
	return pgxpool.NewWithConfig(ctx, c)
}

// perDocument is how many passages a generated document has.
const perDocument = 15

// load stores passages until there are n, keeping a sample of them to ask about.
func (w *world) load(ctx context.Context, have, n int, sample *[]knowledge.Passage) (time.Duration, error) {
	var took time.Duration
	for have < n {
		var batch []knowledge.DocumentPassages
		for range 64 {
			if have >= n {
				break
			}
			d := knowledge.DocumentPassages{Document: knowledge.Document{Collection: "bench", URI: fmt.Sprintf("doc-%d", have)}}
			for range min(perDocument, n-have) {
				p := w.corpus.passage()
				p.End = len(p.Text)
				d.Passages = append(d.Passages, p)
				have++
			}
			*sample = append(*sample, d.Passages[0])
			batch = append(batch, d)
		}
		start := time.Now()
		if err := w.base.ReplaceAll(ctx, w.ws, batch); err != nil {
			return took, err
		}
		took += time.Since(start)
	}
	_, err := w.owner.Exec(ctx, `VACUUM ANALYZE passages, passage_terms, documents, knowledge_terms`)
	return took, err
}

// questions returns n questions about passages spread over the sample.
func (w *world) questions(sample []knowledge.Passage, n int) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = w.corpus.question(sample[i*len(sample)/n])
	}
	return out
}

package knowledge

import (
	"context"
	"fmt"
	"strings"
	"sync"

	"github.com/pgvector/pgvector-go"

	"handrail/internal/errs"
)

// embedBatch is the number of texts in one request to the embedder.
const embedBatch = 64

// indexedModels remembers which models are known to have an index, so that only the first write asks.
type indexedModels struct {
	mu   sync.Mutex
	done map[string]bool
}

// embedPassages computes the embeddings of all passages, if there is an embedder, and makes its index.
func (b *Base) embedPassages(ctx context.Context, docs []*preparedDocument) error {
	if b.embedder == nil {
		return nil
	}
	if err := b.indexModel(ctx); err != nil {
		return err
	}
	var all []*preparedPassage
	for _, d := range docs {
		for i := range d.passages {
			all = append(all, &d.passages[i])
		}
	}
	for len(all) > 0 {
		n := min(embedBatch, len(all))
		if err := b.embed(ctx, all[:n]); err != nil {
			return err
		}
		all = all[n:]
	}
	return nil
}

func (b *Base) embed(ctx context.Context, ps []*preparedPassage) error {
	texts := make([]string, len(ps))
	for i, p := range ps {
		texts[i] = embeddedText(p.Passage)
	}
	vectors, err := b.embedder.Embed(ctx, texts)
	if err != nil {
		return fmt.Errorf("embed %d passages: %w", len(ps), err)
	}
	if len(vectors) != len(ps) {
		return errs.New(errs.Unavailable, "the embedding model %q returned %d vectors for %d texts: check the endpoint",
			b.embedder.Model(), len(vectors), len(ps))
	}
	for i, v := range vectors {
		if len(v) != b.embedder.Dimensions() {
			return errs.New(errs.Unavailable, "the embedding model %q returned %d dimensions instead of %d: correct the "+
				"configured number", b.embedder.Model(), len(v), b.embedder.Dimensions())
		}
		ps[i].embedding = v
	}
	return nil
}

// embeddedText puts a passage in its context, because a passage alone often does not name its subject.
func embeddedText(p Passage) string {
	parts := append([]string{p.Title}, p.HeadingPath...)
	parts = append(parts, p.Question, p.Text)
	var b strings.Builder
	for _, s := range parts {
		if s != "" {
			b.WriteString(s)
			b.WriteByte('\n')
		}
	}
	return b.String()
}

// indexModel makes the index of the embedder's model on first use.
func (b *Base) indexModel(ctx context.Context) error {
	model := b.embedder.Model()
	b.indexed.mu.Lock()
	defer b.indexed.mu.Unlock()
	if b.indexed.done[model] {
		return nil
	}
	_, err := b.db.Pool().Exec(ctx, `SELECT handrail_index_model($1, $2)`, model, b.embedder.Dimensions())
	if err != nil {
		return fmt.Errorf("index the embeddings of model %q: %w", model, err)
	}
	if b.indexed.done == nil {
		b.indexed.done = make(map[string]bool)
	}
	b.indexed.done[model] = true
	return nil
}

func halfVector(v []float32) pgvector.HalfVector { return pgvector.NewHalfVector(v) }

// quote makes a SQL literal. It serves where a parameter cannot: the planner proves that a partial index fits from
// the text of the statement.
func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"time"

	"handrail/knowledge"
)

type knowledgeCommand struct {
	Passages int           `default:"100000" help:"Passages in the base."`
	Clients  int           `default:"8" help:"Searchers at a time."`
	Length   time.Duration `default:"10s" help:"How long each measurement takes."`
}

// asked is how many distinct questions are asked in turn, and compared with the exact result.
const asked = 200

// Run prints search speed and recall of Handrail beside the references.
func (cmd *knowledgeCommand) Run(ctx context.Context, c *commands) error {
	return withWorld(ctx, c, func(w *world) error { return cmd.compare(ctx, w) })
}

func (cmd *knowledgeCommand) compare(ctx context.Context, w *world) error {
	var sample []knowledge.Passage
	took, err := w.load(ctx, 0, cmd.Passages, &sample)
	if err != nil {
		return err
	}
	fmt.Printf("%d passages stored, %.0f/s\n", cmd.Passages, float64(cmd.Passages)/took.Seconds())
	questions := w.questions(sample, asked)
	exact, scan, err := w.exact(ctx, questions)
	if err != nil {
		return err
	}
	start := time.Now()
	if err := w.base.Index(ctx, w.ws); err != nil {
		return err
	}
	fmt.Printf("index loaded into memory in %.1f s\n", time.Since(start).Seconds())
	recall, err := w.recall(ctx, questions, exact)
	if err != nil {
		return err
	}
	fmt.Printf("recall@10 of the exact scan: %.4f over %d questions\n\n", recall, len(questions))
	t := newTable(os.Stdout, fmt.Sprintf("search, %d passages, %d clients", cmd.Passages, cmd.Clients))
	s, err := measure(ctx, cmd.Clients, cmd.Length, w.search(questions))
	if err != nil {
		return err
	}
	t.add("Handrail (BM25, re-ranked, with evidence)", s)
	if err := cmd.references(ctx, w, questions, t); err != nil {
		return err
	}
	t.add("exact scan of sparsevec, 1 client", scan)
	return t.print()
}

func (w *world) search(questions []string) func(context.Context, int) error {
	return func(ctx context.Context, i int) error {
		_, err := w.base.Search(ctx, w.ws, knowledge.Query{Text: questions[i%len(questions)]})
		return err
	}
}

// exact returns the ids of the ten best hits of every question by exact scan, and how fast that was. A base that was
// never told to load an index always scans.
func (w *world) exact(ctx context.Context, questions []string) ([][]int64, speed, error) {
	base := knowledge.New(w.db, nil)
	ids, took := make([][]int64, len(questions)), make([]time.Duration, len(questions))
	start := time.Now()
	for i, q := range questions {
		begin := time.Now()
		found, err := base.Search(ctx, w.ws, knowledge.Query{Text: q})
		if err != nil {
			return nil, speed{}, err
		}
		ids[i], took[i] = idsOf(found), time.Since(begin)
	}
	return ids, speedOf(took, time.Since(start)), nil
}

// recall is the share of the exact ten best that the index finds.
func (w *world) recall(ctx context.Context, questions []string, exact [][]int64) (float64, error) {
	hit, all := 0, 0
	for i, q := range questions {
		found, err := w.base.Search(ctx, w.ws, knowledge.Query{Text: q})
		if err != nil {
			return 0, err
		}
		got := idsOf(found)
		for _, id := range exact[i] {
			all++
			if slices.Contains(got, id) {
				hit++
			}
		}
	}
	return float64(hit) / float64(all), nil
}

func idsOf(r knowledge.Result) []int64 {
	var ids []int64
	for _, h := range r.Hits {
		ids = append(ids, h.ID)
	}
	return ids
}

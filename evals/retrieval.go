package evals

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/google/uuid"

	"handrail/bot"
	"handrail/knowledge"
)

// CorpusDoc is one document of a retrieval set.
type CorpusDoc struct {
	ID    string `json:"id"`
	Title string `json:"title"`
	Text  string `json:"text"`
}

// Query is one question of a retrieval set.
type Query struct {
	ID         string   `json:"id"`
	Text       string   `json:"text"`
	Answerable *bool    `json:"answerable"` // nil = true
	Split      string   `json:"split"`
	History    []Spoken `json:"history"`
}

// Spoken is one earlier message of a query's dialogue.
type Spoken struct {
	Role string `json:"role"` // "user" is the visitor
	Text string `json:"text"`
}

// Qrels maps a query's id to its relevant documents and their grades.
type Qrels map[string]map[string]float64

// RetrievalReport holds the scores of the knowledge base on one set. Means are over the queries with a
// relevant document.
type RetrievalReport struct {
	NDCG10          *float64 `json:"ndcg@10"`
	MRR10           *float64 `json:"mrr@10"`
	Hit1            *float64 `json:"hit@1"`
	Recall10        *float64 `json:"recall@10"`
	Recall100       *float64 `json:"recall@100"`
	AnswerableAUROC *float64 `json:"answerable_auroc"` // null if every query is answerable
	P50ms           float64  `json:"p50_ms"`
	P99ms           float64  `json:"p99_ms"`
	IndexS          float64  `json:"index_s"`
	Passages        int      `json:"passages"`
}

// RetrievalOptions say what to index and ask.
type RetrievalOptions struct {
	Base      *knowledge.Base
	Workspace uuid.UUID // scratch: the caller made it and removes it
	Split     string    // "" = every query
	Progress  func(stage string, done, total int)
}

// indexBatch is how many documents are stored per transaction.
const indexBatch = 500

// Retrieval indexes a corpus through the code of production and scores the ranking of its documents for every query.
func Retrieval(ctx context.Context, corpus []CorpusDoc, queries []Query, rel Qrels, o RetrievalOptions) (RetrievalReport, error) {
	start := time.Now()
	ids, err := index(ctx, corpus, o)
	if err != nil {
		return RetrievalReport{}, err
	}
	if err := o.Base.Index(ctx, o.Workspace); err != nil {
		return RetrievalReport{}, err
	}
	report := RetrievalReport{IndexS: round(time.Since(start).Seconds()), Passages: len(corpus)}
	var (
		ndcg, mrr, hit, r10, r100, took []float64
		scores                          []float64
		answerable                      []bool
	)
	for i, q := range queries {
		if o.Split != "" && q.Split != o.Split {
			continue
		}
		o.progress("search", i+1, len(queries))
		begin := time.Now()
		found, err := o.Base.Search(ctx, o.Workspace, knowledge.Query{Text: q.Text, History: visitorHistory(q), Limit: 100})
		if err != nil {
			return RetrievalReport{}, fmt.Errorf("search for query %s: %w", q.ID, err)
		}
		took = append(took, float64(time.Since(begin).Microseconds())/1000)
		scores = append(scores, bot.Answerability(found.Evidence))
		answerable = append(answerable, q.Answerable == nil || *q.Answerable)
		if relevant := rel[q.ID]; judged(relevant) {
			ranked := rank(found.Hits, ids)
			ndcg = append(ndcg, nDCG(ranked, relevant, 10))
			mrr = append(mrr, reciprocalRank(ranked, relevant, 10))
			hit = append(hit, reciprocalRank(ranked, relevant, 1))
			r10 = append(r10, recall(ranked, relevant, 10))
			r100 = append(r100, recall(ranked, relevant, 100))
		}
	}
	report.NDCG10, report.MRR10, report.Hit1 = number(mean(ndcg)), number(mean(mrr)), number(mean(hit))
	report.Recall10, report.Recall100 = number(mean(r10)), number(mean(r100))
	report.AnswerableAUROC = number(AUROC(scores, answerable))
	report.P50ms, report.P99ms = round(quantile(took, .5)), round(quantile(took, .99))
	return report, nil
}

func (o RetrievalOptions) progress(stage string, done, total int) {
	if o.Progress != nil {
		o.Progress(stage, done, total)
	}
}

// judged reports whether anything is relevant at all: sets also list documents that were found not to be.
func judged(relevant map[string]float64) bool {
	for _, grade := range relevant {
		if grade > 0 {
			return true
		}
	}
	return false
}

// index stores every document as one passage, so that ranks are comparable with published figures.
func index(ctx context.Context, corpus []CorpusDoc, o RetrievalOptions) (map[uuid.UUID]string, error) {
	ids := make(map[uuid.UUID]string, len(corpus))
	done := 0
	for batch := range slices.Chunk(corpus, indexBatch) {
		items := make([]knowledge.DocumentPassages, 0, len(batch))
		for _, c := range batch {
			id := uuid.New()
			ids[id] = c.ID
			d := knowledge.Document{ID: id, Collection: "eval", URI: c.ID, Title: c.Title, Hash: []byte(c.ID)}
			p := knowledge.Passage{Title: c.Title, Text: c.Text, End: len(c.Text)}
			items = append(items, knowledge.DocumentPassages{Document: d, Passages: []knowledge.Passage{p}})
		}
		if err := o.Base.ReplaceAll(ctx, o.Workspace, items); err != nil {
			return nil, fmt.Errorf("index the corpus: %w", err)
		}
		done += len(batch)
		o.progress("index", done, len(corpus))
	}
	return ids, nil
}

func visitorHistory(q Query) []string {
	var out []string
	for _, s := range q.History {
		if s.Role == "user" {
			out = append(out, s.Text)
		}
	}
	return out
}

// rank returns the corpus ids of the documents found, each once, best first.
func rank(hits []knowledge.Hit, ids map[uuid.UUID]string) []string {
	var out []string
	seen := map[uuid.UUID]bool{}
	for _, h := range hits {
		if !seen[h.DocumentID] {
			seen[h.DocumentID] = true
			out = append(out, ids[h.DocumentID])
		}
	}
	return out
}

// nDCG is the normalised discounted cumulative gain at k with linear gain, as trec_eval computes it.
func nDCG(ranked []string, relevant map[string]float64, k int) float64 {
	var dcg, ideal float64
	for i, id := range ranked[:min(k, len(ranked))] {
		dcg += relevant[id] / math.Log2(float64(i)+2)
	}
	grades := make([]float64, 0, len(relevant))
	for _, g := range relevant {
		grades = append(grades, g)
	}
	slices.SortFunc(grades, func(a, b float64) int { return cmp.Compare(b, a) })
	for i, g := range grades[:min(k, len(grades))] {
		ideal += g / math.Log2(float64(i)+2)
	}
	if ideal == 0 {
		return 0
	}
	return dcg / ideal
}

func reciprocalRank(ranked []string, relevant map[string]float64, k int) float64 {
	for i, id := range ranked[:min(k, len(ranked))] {
		if relevant[id] > 0 {
			return 1 / float64(i+1)
		}
	}
	return 0
}

func recall(ranked []string, relevant map[string]float64, k int) float64 {
	var found, all float64
	for _, g := range relevant {
		all += truth(g > 0)
	}
	for _, id := range ranked[:min(k, len(ranked))] {
		found += truth(relevant[id] > 0)
	}
	return found / all
}

func mean(xs []float64) float64 {
	if len(xs) == 0 {
		return math.NaN()
	}
	var sum float64
	for _, x := range xs {
		sum += x
	}
	return sum / float64(len(xs))
}

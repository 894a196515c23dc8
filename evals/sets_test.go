package evals

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"handrail/internal/errs"
	"handrail/internal/postgres/pgtest"
	"handrail/knowledge"
)

func keys(t *testing.T, v any) []string {
	t.Helper()
	b, err := json.Marshal(v)
	require.NoError(t, err)
	var m map[string]any
	require.NoError(t, json.Unmarshal(b, &m))
	return slices.Sorted(maps.Keys(m))
}

// The keys are a promise to programs that read them.
func TestReportsHaveTheirFixedKeys(t *testing.T) {
	t.Parallel()
	require.ElementsMatch(t, []string{"in_scope_accuracy", "oos_recall", "oos_auroc", "macro_f1", "ece", "train_s", "p50_us", "p99_us",
		"classes", "n_test", "coverage"}, keys(t, IntentReport{}))
	require.ElementsMatch(t, []string{"ndcg@10", "mrr@10", "hit@1", "recall@10", "recall@100", "answerable_auroc", "p50_ms", "p99_ms",
		"index_s", "passages"}, keys(t, RetrievalReport{}))
	require.ElementsMatch(t, []string{"coverage", "accuracy"}, keys(t, Coverage{}))
	require.ElementsMatch(t, []string{"suite", "at", "metrics", "intervals", "risk_coverage", "results"}, keys(t, Report{}))
}

func options(t *testing.T) RetrievalOptions {
	t.Helper()
	db := pgtest.Open(t)
	return RetrievalOptions{Base: knowledge.New(db, nil), Workspace: pgtest.Workspace(t, db)}
}

func corpus() []CorpusDoc {
	return []CorpusDoc{
		{ID: "bells", Title: "Bells", Text: "Our brass bells ring loudly and never rust."},
		{ID: "tyres", Title: "Tyres", Text: "Winter tyres grip on ice and snow."},
		{ID: "locks", Title: "Locks", Text: "A folding lock resists a thief for ten minutes."},
	}
}

func TestRetrieval(t *testing.T) {
	t.Parallel()
	o, no := options(t), false
	o.Split = "test"
	stages := map[string]int{}
	o.Progress = func(stage string, done, total int) { stages[stage]++ }
	r, err := Retrieval(t.Context(), corpus(), []Query{
		{ID: "1", Text: "Do brass bells rust?", Split: "test"},
		{ID: "2", Text: "what about July?", Split: "test", History: []Spoken{{"user", "which winter tyres grip"}, {"agent", "brass bells"}}},
		{ID: "3", Text: "quantum zyxo chromodynamics", Split: "test", Answerable: &no},
		{ID: "4", Text: "folding lock", Split: "test"},
		{ID: "5", Text: "folding lock", Split: "train"},
	}, Qrels{"1": {"bells": 1}, "2": {"tyres": 1, "locks": 0}, "4": {"bells": 0}, "5": {"bells": 1}}, o)
	require.NoError(t, err)
	for name, v := range map[string]*float64{"ndcg": r.NDCG10, "mrr": r.MRR10, "hit": r.Hit1, "recall@10": r.Recall10,
		"recall@100": r.Recall100, "auroc": r.AnswerableAUROC} {
		require.NotNil(t, v, name)
		require.Equal(t, 1.0, *v, name)
	}
	require.Equal(t, 3, r.Passages)
	require.Positive(t, r.P50ms)
	require.Equal(t, map[string]int{"index": 1, "search": 4}, stages)
	docs, err := o.Base.Documents(t.Context(), o.Workspace, "")
	require.NoError(t, err)
	require.Len(t, docs, 3)

	r, err = Retrieval(t.Context(), corpus(), []Query{{ID: "1", Text: "Which tyres?"}}, Qrels{"1": {"locks": 1}}, options(t))
	require.NoError(t, err)
	require.Zero(t, *r.Hit1)
	require.Nil(t, r.AnswerableAUROC, "every query is answerable")

	ended, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = Retrieval(ended, corpus(), nil, nil, options(t))
	require.ErrorIs(t, err, context.Canceled)
}

func TestLabelledSet(t *testing.T) {
	t.Parallel()
	var docs []CorpusDoc
	var queries []Query
	rel := Qrels{}
	for i := range 20 {
		id := fmt.Sprintf("d%d", i)
		docs = append(docs, CorpusDoc{ID: id, Title: "Part " + id, Text: fmt.Sprintf("Part number%d fits wheel%d.", i, i)})
		queries = append(queries, Query{ID: id, Text: fmt.Sprintf("what does number%d fit", i)})
		rel[id] = map[string]float64{id: 1}
	}
	cases, err := LabelledSet(t.Context(), docs, queries, rel, 20, options(t))
	require.NoError(t, err)
	require.Len(t, cases, 20)
	for i, c := range cases {
		require.Equal(t, hash(docs[i].ID)%2 == 0, c.Right, docs[i].ID)
	}
	c := Calibrate(cases, []string{"coverage", "unknown"})
	require.Equal(t, 1.0, *c.AUROC)
}

func intentRows() []IntentRow {
	said := map[string][]string{
		"delivery": {"where is my parcel", "when will my parcel arrive", "track the delivery", "delivery status please", "has the parcel left yet", "parcel tracking"},
		"refund":   {"I want my money back", "when do I get the refund", "refund my purchase", "money has not been refunded", "how long does a refund take", "refund status"},
		"oos":      {"what is the capital of Peru", "tell me a joke", "who won the match", "write a poem", "how tall is the tower", "best pasta recipe"},
	}
	var rows []IntentRow
	for _, name := range slices.Sorted(maps.Keys(said)) {
		for i, s := range said[name] {
			rows = append(rows, IntentRow{Text: s, Intent: name, Lang: "en", Split: []string{"train", "train", "train", "train", "valid", "test"}[i]})
		}
	}
	return rows
}

func TestIntents(t *testing.T) {
	t.Parallel()
	r, err := Intents(t.Context(), intentRows(), IntentOptions{Train: "train", Valid: "valid", Test: "test"})
	require.NoError(t, err)
	require.Equal(t, []int{2, 3}, []int{r.Classes, r.NTest}, "out of scope is no class")
	for name, v := range map[string]*float64{"accuracy": r.InScopeAccuracy, "oos": r.OOSRecall, "auroc": r.OOSAUROC, "f1": r.MacroF1, "ece": r.ECE} {
		require.NotNil(t, v, name)
		require.True(t, *v >= 0 && *v <= 1, name)
	}
	require.Len(t, r.Coverage, 10)

	var inScope []IntentRow
	for _, row := range intentRows() {
		if row.Intent != outOfScope {
			inScope = append(inScope, row)
		}
	}
	r, err = Intents(t.Context(), inScope, IntentOptions{Train: "train", Test: "test"})
	require.NoError(t, err)
	require.Nil(t, r.OOSRecall)
	require.Nil(t, r.OOSAUROC)
}

func TestIntentsWithoutASplit(t *testing.T) {
	t.Parallel()
	for flag, o := range map[string]IntentOptions{
		"--train": {Train: "tain", Test: "test"},
		"--test":  {Train: "train", Test: ""},
	} {
		_, err := Intents(t.Context(), intentRows(), o)
		require.True(t, errs.Is(err, errs.Invalid))
		require.ErrorContains(t, err, "test, train, valid")
		require.ErrorContains(t, err, flag)
	}
}

package evals

import (
	"testing"

	"github.com/stretchr/testify/require"

	"handrail/bot"
	"handrail/intent"
	"handrail/internal/llm"
	"handrail/knowledge"
)

// hit is a passage found in a document.
func hit(id int64, uri, text string) knowledge.Hit {
	return knowledge.Hit{Passage: knowledge.Passage{ID: id, URI: uri, Title: uri, Text: text}}
}

func cite(n int, passage int64) bot.Citation { return bot.Citation{N: n, Passage: passage} }

func TestScoreDecision(t *testing.T) {
	t.Parallel()
	found := []knowledge.Hit{hit(1, "a.md", "")}
	for name, test := range map[string]struct {
		c    Case
		r    bot.Reply
		want map[string]float64
	}{
		"a needless handoff": {Case{Decision: bot.Answer, Tags: []string{"answerable"}}, bot.Reply{Decision: bot.Handoff},
			map[string]float64{"escalation_precision": 0, "answered_right": 0, "needless_handoffs": 1}},
		"a due handoff": {Case{Decision: bot.Handoff, Tags: []string{"unanswerable"}}, bot.Reply{Decision: bot.Handoff},
			map[string]float64{"escalation_precision": 1, "escalation_recall": 1, "refusal": 1}},
		"an answer to what has none": {Case{Decision: bot.Handoff, Tags: []string{"out_of_scope"}}, bot.Reply{Decision: bot.Answer},
			map[string]float64{"escalation_recall": 0, "refusal": 0}},
		"a right answer": {Case{Decision: bot.Answer, Sources: []string{"a.md"}, Tags: []string{"answerable"}},
			bot.Reply{Decision: bot.Answer, Passages: found}, map[string]float64{"answered_right": 1, "needless_handoffs": 0}},
	} {
		require.Equal(t, test.want, scoreDecision(test.c, test.r).Scores, name)
	}
}

func TestScoreClarification(t *testing.T) {
	t.Parallel()
	c := Case{Decision: bot.Clarify, Choices: []string{"gift cards", "intent:refund", "Loans"}}
	r := bot.Reply{Decision: bot.Clarify, Choices: []bot.Choice{{ID: "intent:gift", Label: "Gift Cards"}, {ID: "intent:refund", Label: "Money back"}}}
	s := scoreClarification(c, r)
	require.Equal(t, map[string]float64{"clarify_recall": 1, "clarify_choices": 2.0 / 3}, s.Scores)
	require.Equal(t, []string{`does not offer "Loans", but "Gift Cards", "Money back"`}, s.Failures)
	require.Equal(t, map[string]float64{"clarify_recall": 0}, scoreClarification(c, bot.Reply{Decision: bot.Answer}).Scores)
	require.Equal(t, map[string]float64{"clarify_rate_clear": 1}, scoreClarification(Case{Decision: bot.Answer}, r).Scores)
}

func TestScoreIntent(t *testing.T) {
	t.Parallel()
	fees := intent.Result{Name: "fees", Intent: &intent.Intent{}, Model: 1}
	none := intent.Result{Name: "oos", Model: 1}
	for name, test := range map[string]struct {
		c    Case
		got  intent.Result
		want map[string]float64
	}{
		"right":            {Case{Intent: "fees"}, fees, map[string]float64{"intent_accuracy": 1}},
		"wrong":            {Case{Intent: "refund"}, fees, map[string]float64{"intent_accuracy": 0}},
		"rightly none":     {Case{Intent: "oos"}, none, map[string]float64{"intent_accuracy": 1, "oos_recall": 1}},
		"wrongly some":     {Case{Tags: []string{"out_of_scope"}}, fees, map[string]float64{"oos_recall": 0}},
		"without a model":  {Case{Tags: []string{"out_of_scope"}}, intent.Result{}, map[string]float64{}},
		"nothing expected": {Case{}, fees, map[string]float64{}},
		"none, no model":   {Case{Intent: "oos"}, intent.Result{}, map[string]float64{"intent_accuracy": 1}},
	} {
		require.Equal(t, test.want, scoreIntent(test.c, bot.Reply{Intent: test.got}).Scores, name)
	}
}

func TestScoreEntities(t *testing.T) {
	t.Parallel()
	r := bot.Reply{Entities: []intent.Entity{{Kind: "order_number", Value: "HP-1", Text: "hp 1"}, {Kind: "email", Value: "a@b.example"}}}
	c := Case{Entities: []Entity{{Kind: "order_number", Value: "HP-1"}, {Kind: "email"}, {Kind: "order_number", Text: "hp 2"}, {Kind: "date"}}}
	s := scoreEntities(c, r)
	require.Equal(t, map[string]float64{"entity_recall": .5}, s.Scores)
	require.Equal(t, []string{`did not find the order_number "hp 2"`, `did not find the date ""`}, s.Failures)
}

func TestScoreFacts(t *testing.T) {
	t.Parallel()
	c := Case{Facts: [][]string{{"4.90", "4,90"}, {"EUR"}, {"within a week", "7 days"}}, Forbidden: []string{"free", "gratis"}}
	s := scoreFacts(c, bot.Reply{Decision: bot.Answer, Text: "It costs 4,90 eur, and is never FREE."})
	require.Equal(t, map[string]float64{"facts": 2.0 / 3, "forbidden_avoided": 0}, s.Scores)
	require.Equal(t, []string{`the reply lacks "within a week" or "7 days"`, `the reply holds "free"`}, s.Failures)
	require.Equal(t, map[string]float64{"forbidden_avoided": 1}, scoreFacts(c, bot.Reply{Decision: bot.Handoff, Text: "A colleague."}).Scores,
		"a handoff need not say facts")
}

func TestScoreLanguage(t *testing.T) {
	t.Parallel()
	for reply, want := range map[string]float64{
		"You can return an item within thirty days of delivery [1].": 1, "商品签收后三十天内可以退货 [1]。": 0, "OK [1]": 1,
	} {
		require.Equal(t, want, scoreLanguage(Case{Lang: "en"}, bot.Reply{Text: reply}).Scores["reply_language"], reply)
	}
	require.Empty(t, scoreLanguage(Case{Lang: "en"}, bot.Reply{}).Scores)
}

func TestScoreRetrieval(t *testing.T) {
	t.Parallel()
	found := []knowledge.Hit{hit(1, "help/x.md", ""), hit(2, "help/a.md", ""), hit(3, "help/a.md", ""), hit(4, "help/y.md", "")}
	got := scoreRetrieval(Case{Sources: []string{"a.md", "b.md"}}, bot.Reply{Passages: found}).Scores
	// x, a, y with a and b relevant: DCG 1/log2(3), ideal 1 + 1/log2(3).
	require.InDelta(t, 0.6309297/1.6309297, got["retrieval_ndcg"], 1e-6)
	delete(got, "retrieval_ndcg")
	require.Equal(t, map[string]float64{"retrieval_mrr": .5, "retrieval_hit@1": 0, "retrieval_hit": 1, "retrieval_recall": .5}, got)
	nothing := scoreRetrieval(Case{Sources: []string{"a.md"}}, bot.Reply{}).Scores
	require.Equal(t, map[string]float64{"retrieval_ndcg": 0, "retrieval_mrr": 0, "retrieval_hit@1": 0, "retrieval_hit": 0,
		"retrieval_recall": 0}, nothing)
	require.Empty(t, scoreRetrieval(Case{}, bot.Reply{Passages: found}).Scores)
}

func TestScoreCitationsAndGroundedness(t *testing.T) {
	t.Parallel()
	found := []knowledge.Hit{hit(7, "fees.md", "Standard shipping within Germany costs 4.90 EUR."),
		hit(8, "returns.md", "You can return an item within 30 days. Returns are free.")}
	both := []bot.Citation{cite(1, 7), cite(2, 8)}
	for name, test := range map[string]struct {
		text            string
		citations       []bot.Citation
		valid, grounded float64
		failure         string
	}{
		"both hold":            {"Shipping within Germany costs 4.90 EUR [1]. Returns are free [2].", both, 1, 1, ""},
		"a quote of sentences": {"You can return an item within 30 days. Returns are free. [2]", both, 1, 1, ""},
		"swapped":              {"Shipping within Germany costs 4.90 EUR [2]. Returns are free [2].", both, .5, .5, "passage [2] holds nothing of"},
		"no such mark":         {"Shipping within Germany costs 4.90 EUR [1]. Returns are free [3].", both, .5, .5, "the mark [3] names no citation"},
		"no mark at all":       {"Shipping within Germany costs 4.90 EUR.", both, 0, 0, ""},
		"an uncited sentence":  {"Shipping within Germany costs 4.90 EUR [1]. Elephants may fly tomorrow.", both, 1, .5, ""},
		"two marks":            {"Returns are free and shipping costs 4.90 EUR [1][2].", both, .5, 1, "passage [2]"},
		"chinese":              {"退货免费 [1]。", []bot.Citation{{N: 1, Quote: "三十天内退货免费。"}}, 1, 1, ""},
	} {
		r := bot.Reply{Decision: bot.Answer, Text: test.text, Citations: test.citations, Passages: found}
		s := scoreCitations(Case{}, r)
		require.Equal(t, test.valid, s.Scores["citation_validity"], name)
		require.Equal(t, test.grounded, scoreGroundedness(Case{}, r).Scores["groundedness"], name)
		if test.failure == "" {
			require.Empty(t, s.Failures, name)
		} else {
			require.Contains(t, s.Failures[0], test.failure, name)
		}
	}
	require.Empty(t, scoreCitations(Case{}, bot.Reply{Decision: bot.Handoff, Text: "A colleague [1]."}).Scores)
}

func TestPrices(t *testing.T) {
	t.Parallel()
	r := bot.Reply{Model: "m", Usage: llm.Usage{Prompt: 1500, Completion: 100}}
	require.Equal(t, map[string]float64{"tokens_prompt": 1500, "tokens_reply": 100, "cost_per_1000": 1000 * (1500*0.4 + 100*1.6) / 1e6},
		Prices{Prompt: 0.4, Reply: 1.6}.score(Case{}, r).Scores)
	require.NotContains(t, Prices{}.score(Case{}, r).Scores, "cost_per_1000")
	require.Empty(t, Prices{}.score(Case{}, bot.Reply{}).Scores, "no model took part")
}

func TestMeasure(t *testing.T) {
	t.Parallel()
	sure, unsure := .9, .3
	m := measure([]Outcome{
		{ID: "a", Scores: map[string]float64{"pass": 1, "facts": .5}, WantIntent: "x", Intent: "x", Confidence: &sure, Right: true, ms: 10},
		{ID: "b", Scores: map[string]float64{"pass": 0}, WantIntent: "y", Intent: "x", Confidence: &unsure, ms: 30},
		{ID: "c", Scores: map[string]float64{"pass": 1, "facts": 1}, ms: 20},
	})
	require.Equal(t, map[string]float64{"pass": .6667, "facts": .75, "macro_f1": .3333, // (2/3 of x, 0 of y)
		"ece": .2, "p50_ms": 20, "p95_ms": 30}, m)
}

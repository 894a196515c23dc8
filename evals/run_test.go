package evals

import (
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"handrail/bot"
	"handrail/intent"
	"handrail/knowledge"
)

// replies answers each question with the reply set for it.
type replies map[string]bot.Reply

var errNoReply = errors.New("no reply is set")

func (r replies) Respond(_ context.Context, t bot.Turn) (bot.Reply, error) {
	reply, ok := r[t.Text]
	if !ok {
		return bot.Reply{}, errNoReply
	}
	return reply, nil
}

func answered(text, source string) bot.Reply {
	return bot.Reply{Decision: bot.Answer, Reason: bot.ReasonConfident, Text: text, Confidence: .9, Took: 3 * time.Millisecond,
		Citations: []bot.Citation{{N: 1, Source: source, Quote: text}}, Passages: []knowledge.Hit{{Passage: knowledge.Passage{URI: source}}}}
}

func suite() (Suite, replies) {
	s := Suite{Name: "shop", Cases: []Case{
		{ID: "good", Question: "fee?", Decision: bot.Answer, Sources: []string{"fees.md"}, Facts: [][]string{{"4.90", "4,90"}}, Tags: []string{"answerable"}},
		{ID: "vague", Question: "it?", Decision: bot.Clarify},
		{ID: "person", Question: "human!", Decision: bot.Handoff, Reason: bot.ReasonAskedForPerson, Tags: []string{"unanswerable"}},
		{ID: "hi", Question: "hi", Decision: bot.Answer, Intent: "greeting"},
	}}
	return s, replies{
		"fee?": answered("It costs ４.90 EUR [1]", "en/fees.md"), "it?": {Decision: bot.Clarify},
		"human!": {Decision: bot.Handoff, Reason: bot.ReasonAskedForPerson, Took: time.Millisecond},
		"hi":     {Decision: bot.Answer, Reason: bot.ReasonFixedReply, Intent: intent.Result{Name: "greeting"}},
	}
}

func run(t *testing.T, s Suite, r Responder) Report {
	t.Helper()
	report, err := Run(t.Context(), r, uuid.New(), s, nil)
	require.NoError(t, err)
	return report
}

func TestRunPasses(t *testing.T) {
	t.Parallel()
	s, r := suite()
	done := 0
	report, err := Run(t.Context(), r, uuid.New(), s, func(n, total int) {
		done++
		require.Equal(t, []int{done, 4}, []int{n, total})
	})
	require.NoError(t, err)
	require.Equal(t, 4, done)
	for _, res := range report.Results {
		require.True(t, res.Pass, "%s: %v", res.ID, res.Failures)
	}
	require.True(t, report.Results[0].Right)
	require.Equal(t, map[string]float64{"pass": 1, "answered_right": 1, "wrong_answers": 0, "needless_handoffs": 0,
		"escalation_precision": 1, "escalation_recall": 1, "clarify_recall": 1, "clarify_rate_clear": 0, "refusal": 1,
		"retrieval_hit@1": 1, "retrieval_hit": 1, "retrieval_mrr": 1, "retrieval_ndcg": 1, "retrieval_recall": 1,
		"facts": 1, "cited_source": 1, "citation_validity": 1, "groundedness": 1, "intent_accuracy": 1, "macro_f1": 1,
		"ece": 0.1, "p50_ms": 0, "p95_ms": 3}, report.Metrics)

	delete(r, "hi")
	_, err = Run(t.Context(), r, uuid.New(), s, nil)
	require.ErrorIs(t, err, errNoReply)
	require.ErrorContains(t, err, "case hi")
}

func TestRunSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	ask := Case{ID: "c", Question: "q", Decision: bot.Answer}
	for want, test := range map[string]struct {
		adjust func(*Case)
		reply  bot.Reply
	}{
		"decided handoff (no_answer, confidence 0.30), expected answer": {nil,
			bot.Reply{Decision: bot.Handoff, Reason: bot.ReasonNoAnswer, Confidence: .3}},
		"reason confident, expected fixed_reply": {func(c *Case) { c.Reason = bot.ReasonFixedReply }, answered("x", "a.md")},
		`intent "", expected "fees"`:             {func(c *Case) { c.Intent = "fees" }, answered("x", "a.md")},
		"cites [a.md], expected [b.md]":          {func(c *Case) { c.Sources = []string{"b.md"} }, answered("x", "a.md")},
		`the reply lacks "one" or "two"`:         {func(c *Case) { c.Facts = [][]string{{"one", "two"}} }, answered("three", "a.md")},
		`the reply holds "secret"`:               {func(c *Case) { c.Forbidden = []string{"secret"} }, answered("a SECRET", "a.md")},
		"answers without a citation":             {nil, bot.Reply{Decision: bot.Answer, Reason: bot.ReasonConfident}},
	} {
		c := ask
		if test.adjust != nil {
			test.adjust(&c)
		}
		res := run(t, Suite{Cases: []Case{c}}, replies{"q": test.reply}).Results[0]
		require.False(t, res.Pass)
		require.Equal(t, []string{want}, res.Failures)
	}
}

func TestWrite(t *testing.T) {
	t.Parallel()
	s, r := suite()
	const hostile = `<script>alert("x")</script> & "q"`
	s.Cases[0].Question, r[hostile] = hostile, answered("wrong <b>", "en/fees.md")
	report := run(t, s, r)
	dir := filepath.Join(t.TempDir(), "deep", "report")
	require.NoError(t, Write(dir, report, Baseline{}, []Regression{{Case: "good", Detail: `lacks "<4.90>"` + "\x00"}, {Case: "gone", Detail: "it is gone"},
		{Metric: "pass", Got: .75, Baseline: 1}}))

	files := map[string]string{}
	list, err := os.ReadDir(dir)
	require.NoError(t, err)
	for _, f := range list {
		b, err := os.ReadFile(filepath.Join(dir, f.Name()))
		require.NoError(t, err)
		files[f.Name()] = string(b)
	}
	require.Len(t, files, 4)
	require.NotContains(t, files["report.html"], "<script>")
	require.Contains(t, files["report.html"], "&lt;script&gt;")
	require.Contains(t, files["report.html"], "pass is 0.750, baseline 1.000")
	require.Contains(t, files["report.md"], "# Eval report: shop")
	require.Contains(t, files["report.md"], "- **good** ")
	require.Contains(t, files["report.md"], "case gone passed before: it is gone")

	lines := strings.Split(strings.TrimSpace(files["results.jsonl"]), "\n")
	require.Len(t, lines, 4)
	var first Result
	require.NoError(t, json.Unmarshal([]byte(lines[0]), &first))
	require.Equal(t, hostile, first.Question)

	var j junitSuite
	require.NoError(t, xml.Unmarshal([]byte(files["junit.xml"]), &j))
	failed := map[string]string{}
	for _, c := range j.Cases {
		if c.Failure != nil {
			failed[c.Name] = c.Failure.Message
		}
	}
	require.Len(t, failed, 3, "every regression is a failed test, also one without a result")
	require.Equal(t, []int{len(j.Cases), len(failed)}, []int{j.Tests, j.Failures})
	require.Contains(t, failed["good"], `lacks "<4.90>"`)

	require.Error(t, Write(filepath.Join(dir, "report.md"), report, Baseline{}, nil), "a file is in the way")
}

package evals

import (
	"maps"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"handrail/bot"
	"handrail/knowledge"
)

func TestOfferedReadings(t *testing.T) {
	t.Parallel()
	id := uuid.New()
	asked := bot.Reply{Decision: bot.Clarify, Text: "Which?",
		Choices:  []bot.Choice{{ID: "intent:refund", Label: "Refund"}, {ID: "document:" + id.String(), Label: "Fees"}},
		Passages: []knowledge.Hit{{Passage: knowledge.Passage{DocumentID: id, URI: "en/fees.md"}}}}
	s := Suite{Cases: []Case{
		{ID: "half", Question: "it?", Decision: bot.Clarify, Readings: [][]string{{"fees.md"}, {"intent:returns", "returns.md"}}},
		{ID: "all", Question: "it?", Decision: bot.Clarify, Readings: [][]string{{"en/fees.md"}, {"x.md", "intent:refund"}}},
		{ID: "open", Question: "it?", Decision: bot.Clarify},
	}}
	report := run(t, s, replies{"it?": asked, "Refund": {Decision: bot.Handoff}, "Fees": {Decision: bot.Answer}})
	for i, want := range []map[string]float64{{"clarify_offered": .5, "clarify_resolved": 1}, {"clarify_offered": 1, "clarify_resolved": .5}, {}} {
		got := report.Results[i].Scores
		maps.DeleteFunc(got, func(name string, _ float64) bool { return name != "clarify_offered" && name != "clarify_resolved" })
		require.Equal(t, want, got, i)
	}
	require.Equal(t, []any{0.75, 0.75}, []any{report.Metrics["clarify_offered"], report.Metrics["clarify_resolved"]})
}

func TestEffortMetrics(t *testing.T) {
	t.Parallel()
	s := Suite{Cases: []Case{
		{ID: "again", Question: "again", Decision: bot.Handoff, Tags: []string{"effort"}},
		{ID: "missed", Question: "missed", Decision: bot.Handoff, Tags: []string{"effort"}},
		{ID: "calm", Question: "calm", Decision: bot.Answer, Tags: []string{"calm"}},
		{ID: "other", Question: "again", Decision: bot.Handoff},
	}}
	report := run(t, s, replies{"again": {Decision: bot.Handoff, Reason: bot.ReasonRepeated},
		"missed": {Decision: bot.Handoff, Reason: bot.ReasonLowConfidence}, "calm": {Decision: bot.Handoff, Reason: bot.ReasonAnger}})
	require.Equal(t, []any{0.5, 0.5}, []any{report.Metrics["effort_recall"], report.Metrics["effort_precision"]})
}

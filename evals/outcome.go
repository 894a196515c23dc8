package evals

import (
	"maps"

	"handrail/bot"
)

// Outcome is what a baseline remembers of one question: all that the metrics are made of, and nothing that was said.
type Outcome struct {
	ID         string             `json:"id"`
	Dialogue   string             `json:"dialogue,omitempty"` // "" for a single question
	Pass       bool               `json:"pass"`
	Scores     map[string]float64 `json:"scores"`
	Intent     string             `json:"intent,omitempty"`
	WantIntent string             `json:"want_intent,omitempty"`
	Confidence *float64           `json:"confidence,omitempty"` // nil where it says nothing that the case can judge
	Right      bool               `json:"right,omitempty"`      // what the confidence predicts

	ms float64 // of this run only: times do not travel between machines
}

func outcomesOf(results []Result) []Outcome {
	out := make([]Outcome, len(results))
	for i, r := range results {
		o := Outcome{ID: r.ID, Pass: r.Pass, Scores: maps.Clone(r.Scores), ms: r.Ms}
		if r.Dialogue != r.ID {
			o.Dialogue = r.Dialogue
		}
		if r.WantIntent != "" {
			o.Intent, o.WantIntent = r.Intent, r.WantIntent
		}
		if predictsRight(r) {
			o.Confidence, o.Right = &r.Confidence, r.Right
		}
		out[i] = o
	}
	return out
}

// clusters groups outcomes that depend on each other, the turns of one dialogue, in the order of their first turn.
func clusters(outcomes []Outcome) [][]Outcome {
	place := map[string]int{}
	var out [][]Outcome
	for _, o := range outcomes {
		key := o.Dialogue
		if key == "" {
			key = o.ID
		}
		i, ok := place[key]
		if !ok {
			i = len(out)
			place[key] = i
			out = append(out, nil)
		}
		out[i] = append(out[i], o)
	}
	return out
}

// predictsRight reports whether the result's confidence says something that the case can judge: that the best passage
// answers the question.
func predictsRight(r Result) bool {
	has := func(tag string) bool { return tagged(Case{Tags: r.Tags}, tag) }
	return r.Confidence > 0 && r.Reason != bot.ReasonFixedReply &&
		(has("answerable") || has("unanswerable") || has("out_of_scope"))
}

func riskCoverage(results []Result) []Coverage {
	var conf []float64
	var right []bool
	for _, r := range results {
		if predictsRight(r) {
			conf, right = append(conf, r.Confidence), append(right, r.Right)
		}
	}
	return RiskCoverage(conf, right)
}

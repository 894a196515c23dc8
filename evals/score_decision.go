package evals

import (
	"fmt"
	"slices"
	"strings"

	"handrail/bot"
)

// scoreDecision scores who answers: the bot, or a person.
func scoreDecision(c Case, r bot.Reply) Score {
	s := Score{Scores: map[string]float64{}}
	if r.Decision == bot.Handoff {
		s.Scores["escalation_precision"] = truth(c.Decision == bot.Handoff)
	}
	if c.Decision == bot.Handoff {
		s.Scores["escalation_recall"] = truth(r.Decision == bot.Handoff)
	}
	if tagged(c, "answerable") {
		s.Scores["answered_right"] = truth(r.Decision == bot.Answer && bestIsExpected(c, r))
		s.Scores["needless_handoffs"] = truth(r.Decision == bot.Handoff)
	}
	if tagged(c, "unanswerable") || tagged(c, "out_of_scope") {
		s.Scores["refusal"] = truth(r.Decision != bot.Answer)
	}
	if r.Decision != c.Decision {
		s.Failures = append(s.Failures,
			fmt.Sprintf("decided %s (%s, confidence %.2f), expected %s", r.Decision, r.Reason, r.Confidence, c.Decision))
	}
	if c.Reason != "" && r.Reason != c.Reason {
		s.Failures = append(s.Failures, fmt.Sprintf("reason %s, expected %s", r.Reason, c.Reason))
	}
	return s
}

// scoreClarification scores whether the bot asks back where it should, nowhere else, and offers what was meant.
func scoreClarification(c Case, r bot.Reply) Score {
	asked := truth(r.Decision == bot.Clarify)
	if c.Decision != bot.Clarify {
		return Score{Scores: map[string]float64{"clarify_rate_clear": asked}}
	}
	s := Score{Scores: map[string]float64{"clarify_recall": asked}}
	if share := offered(c, r); share != nil {
		s.Scores["clarify_offered"] = *share
	}
	if r.Decision != bot.Clarify || len(c.Choices) == 0 {
		return s
	}
	var offered float64
	for _, want := range c.Choices {
		if slices.ContainsFunc(r.Choices, func(x bot.Choice) bool { return x.ID == want || contains(x.Label, want) }) {
			offered++
			continue
		}
		s.Failures = append(s.Failures, fmt.Sprintf("does not offer %q, but %s", want, labels(r.Choices)))
	}
	s.Scores["clarify_choices"] = offered / float64(len(c.Choices))
	return s
}

func labels(choices []bot.Choice) string {
	if len(choices) == 0 {
		return "nothing"
	}
	return `"` + strings.Join(labelsOf(choices), `", "`) + `"`
}

func labelsOf(choices []bot.Choice) (out []string) {
	for _, c := range choices {
		out = append(out, c.Label)
	}
	return out
}

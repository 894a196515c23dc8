package evals

import (
	"context"
	"slices"

	"handrail/bot"
	"handrail/knowledge"
)

// offered returns the share of the case's readings that the reply's choices offer, nil where one of the two has none. A
// reading is a list of which any one will do: the end of a document's path, or intent:NAME.
func offered(c Case, reply bot.Reply) *float64 {
	if len(reply.Choices) == 0 || len(c.Readings) == 0 {
		return nil
	}
	var found float64
	for _, reading := range c.Readings {
		found += truth(choiceOf(reading, reply) != nil)
	}
	return number(found / float64(len(c.Readings)))
}

// choiceOf returns the choice that stands for a reading, nil for none.
func choiceOf(reading []string, reply bot.Reply) *bot.Choice {
	for _, choice := range reply.Choices {
		if slices.Contains(reading, choice.ID) || slices.ContainsFunc(reply.Passages, func(h knowledge.Hit) bool {
			return choice.ID == "document:"+h.DocumentID.String() && matchesAny(h.URI, reading)
		}) {
			return &choice
		}
	}
	return nil
}

// resolved takes each choice that stands for a reading of the case and returns the share of these that the bot answers
// then, nil where there is none.
func resolved(ctx context.Context, r Responder, t bot.Turn, c Case, reply bot.Reply) (*float64, error) {
	var taken, answered float64
	for _, reading := range c.Readings {
		choice := choiceOf(reading, reply)
		if choice == nil {
			continue
		}
		next := t
		next.History = append(slices.Clone(t.History), bot.Utterance{FromVisitor: true, Text: t.Text},
			bot.Utterance{Text: reply.Text, Choices: reply.Choices})
		next.Text = choice.Label
		got, err := r.Respond(ctx, next)
		if err != nil {
			return nil, err
		}
		taken++
		answered += truth(got.Decision == bot.Answer)
	}
	return number(answered / taken), nil
}

// scoreEffort scores whether the bot notices visitors who are angry or have tried in vain (tag "effort"), and no others
// (tag "calm").
func scoreEffort(c Case, r bot.Reply) Score {
	s := Score{Scores: map[string]float64{}}
	noticed := slices.Contains([]string{bot.ReasonAnger, bot.ReasonFrustrated, bot.ReasonRepeated}, r.Reason)
	if tagged(c, "effort") {
		s.Scores["effort_recall"] = truth(noticed)
	}
	if noticed && (tagged(c, "effort") || tagged(c, "calm")) {
		s.Scores["effort_precision"] = truth(tagged(c, "effort"))
	}
	return s
}

package bot

import "context"

const (
	// Two readings are "about as likely" when the weaker has at least this share of the stronger's weight.
	nearShare = 0.7
	// clarifyFrom is the least confidence at which asking back about a message that says something is worth it: below,
	// the base does not seem to know.
	clarifyFrom = 0.3
	// vague is the specificity up to which a message can be meant in several ways, whatever fits it best: one thing and
	// nothing about it, or something about no thing.
	vague = 1
	// maxChoices bounds the buttons of a clarifying question.
	maxChoices = 4
)

// clarify asks one question with choices if the message does not say what it is about, or if the visitor was asked
// nothing yet and two intents are about as likely. It never asks twice in a row, and not about what was chosen. It reports
// whether it asked.
func (b *Bot) clarify(ctx context.Context, t Turn, r *Reply, confidence float64) (bool, error) {
	if t.chosen != nil || lastClarification(t) != nil {
		return false, nil
	}
	said := specificityOf(t.Text)
	switch {
	case said.total() > vague:
		return false, nil
	case len(t.History) > 0 && (confidence < clarifyFrom || confidence >= r.Threshold):
		return false, nil // it leans on what was said before, and either that makes it clear or nothing does
	case said.things > 0 && r.Features.get("unknown") > 0.5:
		return false, nil // what it names is not known here
	}
	choices, err := b.choices(ctx, t, r, said)
	if err != nil || len(choices) < 2 {
		return false, err
	}
	r.Decision, r.Reason = Clarify, ReasonAmbiguous
	r.Text, r.Choices, r.Confidence = phrases(r.Lang).clarify, choices, confidence
	return true, nil
}

// lastClarification returns the choices of the message just before this one, if it was a clarifying question.
func lastClarification(t Turn) []Choice {
	for i := len(t.History) - 1; i >= 0; i-- {
		if !t.History[i].FromVisitor {
			return t.History[i].Choices
		}
	}
	return nil
}

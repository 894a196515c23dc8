package bot

import (
	"context"

	"github.com/google/uuid"

	"handrail/intent"
)

// leastLikely is the share that another intent must have of what the vague intent leaves to the others, before it is
// offered as what may be meant.
const leastLikely = 0.1

// clarifyPolicy asks what exactly is meant where the likely intent's policy is to ask, and reports whether it did. It
// never asks twice in a row, and not without two things to choose from: such a message is answered like any other.
func (b *Bot) clarifyPolicy(ctx context.Context, t Turn, r *Reply) (bool, error) {
	in := r.Intent.Intent
	if in == nil || in.Policy != intent.PolicyClarify || r.Intent.Probability < policyLimit || t.chosen != nil || lastClarification(t) != nil {
		return false, nil
	}
	choices, err := b.meantChoices(ctx, t.Workspace, r)
	if err != nil {
		return false, err
	}
	if len(choices) < 2 {
		choices = nil
		for _, found := range documentReadings(r, nil) {
			if len(choices) < maxChoices {
				choices = append(choices, found.choice)
			}
		}
	}
	if len(choices) < 2 {
		return false, nil
	}
	r.Decision, r.Reason, r.Confidence = Clarify, ReasonAmbiguous, b.confidence(t, r)
	r.Text, r.Choices = cmpOr(inLanguage(in.Reply, r.Lang), phrases(r.Lang).clarify), choices
	return true, nil
}

// meantChoices offers the intents that are likely if the vague one is not what is meant.
func (b *Bot) meantChoices(ctx context.Context, ws uuid.UUID, r *Reply) ([]Choice, error) {
	var choices []Choice
	for _, a := range r.Intent.Alternatives {
		if a.Name == r.Intent.Name || a.Probability < leastLikely*(1-r.Intent.Probability) {
			continue
		}
		in, err := b.c.Classifier.Intent(ctx, ws, a.Name)
		if err != nil {
			return nil, err
		}
		if in == nil || in.Label[r.Lang] == "" || in.Policy == intent.PolicyClarify || in.Policy == intent.PolicyReply {
			continue
		}
		if choices = append(choices, Choice{ID: "intent:" + a.Name, Label: in.Label[r.Lang]}); len(choices) == maxChoices {
			break
		}
	}
	return choices, nil
}

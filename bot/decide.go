package bot

import (
	"context"
	"slices"
	"unicode/utf8"

	"github.com/google/uuid"

	"handrail/internal/text"
)

const (
	// Two readings are "about as likely" when the weaker has at least this share of the stronger's weight.
	nearShare = 0.7
	// A message with more content terms than this says what it means; asking back would annoy.
	vagueTerms = 3
	// clarifyFrom is the least confidence at which asking back is worth it: below, the base does not seem to know.
	clarifyFrom = 0.3
	// bareWords is the length of a message, in words or ideographs, that cannot say what it is about unless it is all
	// content.
	bareWords = 3
	// bareShare takes the place of nearShare where the message says so little that scores mean little.
	bareShare = 0.3
	// maxChoices bounds the buttons of a clarifying question.
	maxChoices = 4
)

// answer writes an answer, weighs it, and decides. The error is the database's.
func (b *Bot) answer(ctx context.Context, t Turn, r *Reply) error {
	before := b.confidence(t, r)
	if asked, err := b.clarify(ctx, t, r, before); asked || err != nil {
		return err
	}
	var ok bool
	if b.c.Model == nil {
		ok = b.quote(t, r)
	} else {
		ok = b.write(ctx, t, r, before >= r.Threshold)
	}
	if !ok {
		return nil
	}
	r.Confidence = b.confidence(t, r)
	if r.Confidence < r.Threshold {
		r.Withheld = &Withheld{Text: r.Text, Citations: r.Citations}
	}
	switch {
	case r.Confidence >= r.Threshold:
		r.Decision, r.Reason = Answer, ReasonConfident
	case r.Intent.OutOfScope > 0.5 && r.Intent.Intent == nil:
		b.handOff(r, ReasonOutOfScope)
	default:
		b.handOff(r, ReasonLowConfidence)
	}
	return nil
}

// confidence is what the calibrator says, and no more than the share of the question that the base knows at all where
// that is less than half: in a base of a few pages everything else that evidence rests on, such as the lead of the best
// document, may be due to there being no other. A message that follows others is no whole question, and is spared.
func (b *Bot) confidence(t Turn, r *Reply) float64 {
	c := r.tuning.calibrator
	if r.tuning.version == 0 {
		c = b.calibrator(r.Features)
	}
	p := c.Probability(r.Features)
	if unknown := r.Features.get("unknown"); unknown > 0.5 && len(t.History) == 0 {
		return min(p, 1-unknown)
	}
	return p
}

// clarify asks one question with choices if the message says too little, or is short and has two readings about as
// likely. It never asks twice in a row. It reports whether it asked.
func (b *Bot) clarify(ctx context.Context, t Turn, r *Reply, confidence float64) (bool, error) {
	bare := isBare(t)
	unsure := r.Features.get("terms") <= vagueTerms && confidence >= clarifyFrom && confidence < r.Threshold
	if lastClarification(t) != nil || !(bare || unsure) {
		return false, nil
	}
	near := nearShare
	if bare {
		near = bareShare
	}
	choices, err := b.intentChoices(ctx, t.Workspace, r)
	if err != nil {
		return false, err
	}
	if len(choices) < 2 {
		choices = documentChoices(r, near)
	}
	if len(choices) < 2 {
		return false, nil
	}
	r.Decision, r.Reason = Clarify, ReasonAmbiguous
	r.Text, r.Choices, r.Confidence = phrases(r.Lang).clarify, choices, confidence
	return true, nil
}

// isBare reports whether a first message names at most one thing and does not say what about it ("card", "is it free?",
// "退款"): whatever passage fits it, it may be meant otherwise. Later messages lean on what was said before.
func isBare(t Turn) bool {
	words := text.Words(t.Text)
	if len(t.History) > 0 || len(words) > bareWords && !slices.Contains(words, "it") {
		return false
	}
	var content float64
	for _, term := range text.Terms(t.Text) {
		switch {
		case text.IsFunction(term.Text):
		case term.Text[0] < utf8.RuneSelf:
			content++
		case utf8.RuneCountInString(term.Text) == 1:
			content += 0.5 // two ideographs make about one word; their pairs are the same characters again
		}
	}
	return content <= 1
}

// intentChoices offers the likely intents that have a label in the visitor's language.
func (b *Bot) intentChoices(ctx context.Context, ws uuid.UUID, r *Reply) ([]Choice, error) {
	alternatives := r.Intent.Alternatives
	if len(alternatives) < 2 || r.Intent.OutOfScope > 0.5 {
		return nil, nil
	}
	var choices []Choice
	for _, a := range alternatives[:min(maxChoices, len(alternatives))] {
		if a.Probability < nearShare*alternatives[0].Probability {
			break
		}
		in, err := b.c.Classifier.Intent(ctx, ws, a.Name)
		if err != nil {
			return nil, err
		}
		if in != nil && in.Label[r.Lang] != "" {
			choices = append(choices, Choice{ID: "intent:" + a.Name, Label: in.Label[r.Lang]})
		}
	}
	return choices, nil
}

// documentChoices offers the titles of different documents that match about as well.
func documentChoices(r *Reply, near float64) []Choice {
	if r.Features.get("unknown") > 0.5 {
		return nil
	}
	seen := map[uuid.UUID]bool{}
	var choices []Choice
	for _, h := range r.Passages {
		if seen[h.DocumentID] || h.Title == "" || h.Score < near*r.Passages[0].Score {
			continue
		}
		seen[h.DocumentID] = true
		if choices = append(choices, Choice{ID: "document:" + h.DocumentID.String(), Label: h.Title}); len(choices) == maxChoices {
			break
		}
	}
	return choices
}

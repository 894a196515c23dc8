package bot

import "context"

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

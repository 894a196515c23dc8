package bot

import (
	"context"
	"unicode/utf8"

	"handrail/intent"
	"handrail/internal/text"
	"handrail/knowledge"
)

const (
	// dissatisfiedLimit is the least score of a message that says that the last answer was of no use.
	dissatisfiedLimit = 0.5
	// saidAgain is the share of what a message says, above which it says it again.
	saidAgain = 0.75
	// perhapsAgain is the share from which on it says it again if it also finds the same passage first.
	perhapsAgain = 0.4
	// strainLimit is what the signs of a conversation may add up to before a person takes over, and strainFrom the least
	// sign in the present message that may tip it over.
	strainLimit, strainFrom = 1.5, 0.3
	// strainTurns is how many of the visitor's messages are counted, the present one included.
	strainTurns = 6
)

// effort reports why the visitor should not have to try on with the bot, "" if they may: the message says that the
// answer was of no use, asks again what was asked before, or signs of trouble have added up over the last messages. A
// reply to a clarifying question is no such sign: the bot has asked for it.
func (b *Bot) effort(ctx context.Context, t Turn, r *Reply) (string, error) {
	earlier := visitorMessages(t)
	if len(earlier) == 0 || t.chosen != nil || lastClarification(t) != nil {
		return "", nil
	}
	if intent.Dissatisfied(t.Text) >= dissatisfiedLimit {
		return ReasonFrustrated, nil
	}
	again, err := b.asksAgain(ctx, t, r, earlier)
	if err != nil || again {
		return ReasonRepeated, err
	}
	if strained(append(earlier, t.Text)) {
		return ReasonFrustrated, nil
	}
	return "", nil
}

// urgent reports whether a handoff goes before others: for its reason, or because whoever asks for a person, or cannot be
// answered, is angry or had tried in vain before.
func urgent(t Turn, reason string) bool {
	switch reason {
	case ReasonAnger, ReasonFrustrated, ReasonRepeated:
		return true
	}
	return intent.Anger(t.Text) >= angerLimit || strained(append(visitorMessages(t), t.Text))
}

func visitorMessages(t Turn) []string {
	var said []string
	for _, u := range t.History {
		if u.FromVisitor {
			said = append(said, u.Text)
		}
	}
	return said
}

// asksAgain reports whether the message says what an earlier one said: in nearly the same words, or in part of them, with
// the same passage found first and without a new word that this passage knows.
func (b *Bot) asksAgain(ctx context.Context, t Turn, r *Reply, earlier []string) (bool, error) {
	if specificityOf(t.Text).total() <= vague {
		return false, nil // "and that?" leans on what was said and is no question of its own
	}
	for _, before := range earlier {
		share, was, is := sharedMeaning(before, t.Text), expected(before), expected(t.Text)
		if share < perhapsAgain || was != nil && is != nil && was.asks != is.asks {
			continue // of the same thing, "how long" and "how much" ask for different answers
		}
		if share >= saidAgain {
			return true, nil
		}
		if (was == nil) != (is == nil) {
			continue // one of the two asks for less than the other
		}
		if again, err := b.findsAgain(ctx, t, r, before); again || err != nil {
			return again, err
		}
	}
	return false, nil
}

// findsAgain reports whether an earlier message finds the passage that the present one found, which answers nothing more
// to the latter.
func (b *Bot) findsAgain(ctx context.Context, t Turn, r *Reply, before string) (bool, error) {
	if len(r.Passages) == 0 || newThings(t.Text, before, passageText(r.Passages[0])) >= 1 {
		return false, nil
	}
	found, err := b.c.Base.Search(ctx, t.Workspace, knowledge.Query{Text: before, Lang: r.Lang})
	if err != nil {
		return false, err
	}
	return len(found.Hits) > 0 && found.Hits[0].ID == r.Passages[0].ID, nil
}

// newThings counts the words for things in a message that an earlier one does not hold and the passage does, two
// ideographs for a word.
func newThings(message, before, passage string) (n float64) {
	said, known := termSet(before), termSet(passage)
	for term := range termSet(message) {
		if said[term] || !known[term] || kindOf(term) != thing {
			continue
		}
		switch utf8.RuneCountInString(term) * int(truth(term[0] >= utf8.RuneSelf)) {
		case 0:
			n++
		case 1:
			n += 0.5
		}
	}
	return n
}

// strained adds up the signs of trouble in the latest messages: anger and dissatisfaction, each by its score.
func strained(said []string) bool {
	said = said[max(0, len(said)-strainTurns):]
	var sum, last float64
	for _, s := range said {
		last = max(intent.Dissatisfied(s), intent.Anger(s))
		sum += last
	}
	return last >= strainFrom && sum >= strainLimit
}

// sharedMeaning is the share of content that two messages have in common, in [0, 1]: their words, or what the lexicon of
// paraphrases takes for the same.
func sharedMeaning(a, b string) float64 {
	x, y := meaningOf(a), meaningOf(b)
	var common float64
	for m := range x {
		common += truth(y[m])
	}
	if n := float64(max(len(x), len(y))); n > 0 {
		return common / n
	}
	return 0
}

// meaningOf is the set of a message's content: a word's concept where the lexicon knows it, else the word.
func meaningOf(s string) map[string]bool {
	set := map[string]bool{}
	for _, u := range unitsOf(s) {
		switch {
		case u.concept != "":
			set[u.concept] = true
		case !text.IsFunction(u.text) && kindOf(u.text) != frame:
			set[u.text] = true
		}
	}
	return set
}

package evals

import (
	"handrail/bot"
	"handrail/intent"
	"handrail/internal/errs"
)

// Talk is a past conversation, to make a dialogue of.
type Talk struct {
	ID    string // stays the same; the case is named "conversation-" and this
	Lang  string // ISO 639-1; "" if unknown
	Turns []TalkTurn
}

// TalkTurn is what a visitor said and what the bot did about it.
type TalkTurn struct {
	Text     string
	Decision bot.Decision
	Reason   string
	Intent   string
	Sources  []string // that the answer cited
}

// ImportTalks makes a dialogue of every conversation: it expects what the bot did, so that a person has only to correct
// what it should have done instead. Personal data is masked as far as [intent.Mask] knows it; names are not recognised,
// so the suite must be read before it is shared. Conversations without a turn of the bot are left out.
func ImportTalks(name string, talks []Talk) (Suite, error) {
	s := Suite{Name: name}
	for _, t := range talks {
		c := Case{ID: "conversation-" + t.ID, Tags: []string{"conversation"}}
		if len(t.Lang) == 2 {
			c.Lang = t.Lang
		}
		for _, said := range t.Turns {
			if said.Text == "" {
				continue
			}
			c.Turns = append(c.Turns, turnOfTalk(said))
		}
		if len(c.Turns) > 0 {
			s.Cases = append(s.Cases, c)
		}
	}
	if len(s.Cases) == 0 {
		return Suite{}, errs.New(errs.NotFound, "there is no conversation yet in which the bot took a turn")
	}
	return s, nil
}

func turnOfTalk(said TalkTurn) Case {
	c := Case{Question: intent.Mask(said.Text), Decision: said.Decision, Intent: said.Intent}
	switch said.Decision {
	case bot.Answer:
		c.Sources = said.Sources
		if len(c.Sources) > 0 {
			c.Tags = []string{"answerable"}
		}
	case bot.Handoff:
		c.Reason = said.Reason
	}
	return c
}

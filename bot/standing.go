package bot

import (
	"handrail/internal/text"
	"handrail/knowledge"
)

const (
	// standingDepth is how many of the best passages are looked at: further ones merely share words with the question.
	standingDepth = 6
	// clearLead is the lead, in units of a hit's score, with which a document stands alone.
	clearLead = 0.5
	// fifth is where scores have settled.
	fifth = 4
)

// standing tells how the best passage stands among the others found. What the likely intent adds to a score is taken
// out: it speaks for a document as such, and has a feature of its own.
func (f *Features) standing(question string, hits []knowledge.Hit) {
	var lexical, lead, drop, siblings, rest float64
	if hits = hits[:min(standingDepth, len(hits))]; len(hits) > 0 {
		own, best := unfavoured(hits[0]), 0.0
		lexical, drop, rest = hits[0].Parts.Lexical, own, restHeld(question, hits[0].Passage)
		for _, h := range hits[1:] {
			if h.DocumentID == hits[0].DocumentID {
				siblings++
			} else {
				best = max(best, unfavoured(h))
			}
		}
		lead = own - best
		if len(hits) > fifth {
			drop -= unfavoured(hits[fifth])
		}
	}
	f.add("lexical", clamp(lexical))
	f.add("lead", clamp(lead))
	f.add("drop", clamp(drop))
	// Both speak for the document, and only as far as its best passage holds what was asked.
	f.add("siblings", f.get("coverage")*siblings/(standingDepth-1))
	f.add("distinct", min(clamp(lead)/clearLead, f.get("coverage")))
	f.add("rest", rest)
}

func unfavoured(h knowledge.Hit) float64 { return h.Score - h.Parts.Favoured }

func clamp(x float64) float64 { return min(1, max(0, x)) }

// restHeld is the share of what the question asks beyond the passage's title and heading that the passage's text
// holds. "Does the Pinewood lantern have a red light?" finds the article on that lantern by its title; whether it
// answers shows in the rest. A question that the label holds whole leaves no rest, and all of it is held.
func restHeld(question string, p knowledge.Passage) float64 {
	label := p.Title + "\n" + p.Question
	if n := len(p.HeadingPath); n > 0 {
		label += "\n" + p.HeadingPath[n-1]
	}
	named, body := termSet(label), termSet(p.Text)
	var rest, held float64
	for term := range termSet(question) {
		if named[term] || text.IsFunction(term) {
			continue
		}
		rest++
		if body[term] {
			held++
		}
	}
	if rest == 0 {
		return 1
	}
	return held / rest
}

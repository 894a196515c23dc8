package knowledge

import (
	"slices"

	"handrail/internal/text"
)

const (
	// focusDepth is how many of the best hits are read in full: splitting whole passages is the dearest step of ranking.
	focusDepth = 10
	// focusWindow is the stretch of text, in terms, in which an answer is expected to stand: a few sentences.
	focusWindow = 80
	focusWeight = 0.3
)

// focus raises, among the first of the sorted hits, those that hold much of the message within one window. A long
// passage gathers the words of a question from all over; the one that answers has them in one place. Passages of about
// the length of the window hold everything in one place anyway, so the signal fades out as passages get shorter: it
// counts in full for very long ones, and not at all where the hits are two windows long on average.
func (p *parsed) focus(hits []Hit, bodies [][]text.Term, average float64) {
	hits = hits[:len(bodies)]
	mass, _, _ := p.ownMass()
	if mass == 0 || average <= 2*focusWindow {
		return
	}
	share := 1 - 2*focusWindow/average
	for i := range hits {
		hits[i].Parts.Focus = focusWeight * share * p.densest(bodies[i], focusWindow) / mass
		hits[i].Score = hits[i].Parts.sum()
	}
	slices.SortFunc(hits, bestFirst)
}

// readBest splits the first of the sorted hits into terms, and returns their average length as well.
func readBest(hits []Hit) (bodies [][]text.Term, average float64) {
	for _, h := range hits[:min(focusDepth, len(hits))] {
		body := text.Terms(h.Text)
		bodies = append(bodies, body)
		average += float64(len(body))
	}
	return bodies, average / float64(max(1, len(bodies)))
}

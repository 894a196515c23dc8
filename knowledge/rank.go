package knowledge

import (
	"cmp"
	"math"
	"slices"
)

// How much each signal counts in the score of a passage; docs/adr/002-lexical-search.md has the measurements.
const (
	labelWeight    = 0.25 // likeness of the query to the title, heading or FAQ question
	contrastWeight = 0.15 // taken off where the label names an alternative to what was asked for
	languageWeight = 0.02 // being in the preferred language: it breaks near-ties and no more
	favourWeight   = 0.25 // of a document that is most likely to deal with the topic
	denseWeight    = 0.5  // of the dense signal beside the lexical one
)

// rank scores the candidates and puts the best first.
func rank(p *parsed, hits []Hit) {
	ceiling := p.ceiling()
	if ceiling == 0 {
		ceiling = 1 // Nothing is known of the terms, and the lexical scores are all zero.
	}
	lowest, highest := denseRange(hits)
	asked := p.contrasts.asked(p)
	labels := make(map[int64]label, len(hits))
	for i := range hits {
		h := &hits[i]
		l := readLabel(h.Passage)
		labels[h.ID] = l
		h.Parts = Parts{Lexical: h.Lexical / ceiling, Label: labelWeight * p.labelLikeness(l),
			Contrast: 0 - contrastWeight*p.contrasts.clash(asked, l.all()), Favoured: favourWeight * p.Favoured[h.DocumentID]}
		if highest > lowest && h.DenseRank > 0 {
			h.Parts.Dense = denseWeight * (h.Dense - lowest) / (highest - lowest)
		}
		if p.Lang != "" && h.Lang == p.Lang {
			h.Parts.Language = languageWeight
		}
		h.Score = h.Parts.sum()
	}
	slices.SortFunc(hits, bestFirst)
	bodies, average := readBest(hits)
	p.focus(hits, bodies, average)
	p.wording(hits, labels, average)
}

func bestFirst(a, b Hit) int { return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(a.ID, b.ID)) }

// denseRange returns the lowest and highest similarity found. Models differ in where their similarities lie, so only
// the place within this range is comparable with a lexical score.
func denseRange(hits []Hit) (lowest, highest float64) {
	lowest, highest = math.Inf(1), math.Inf(-1)
	for _, h := range hits {
		if h.DenseRank > 0 {
			lowest, highest = min(lowest, h.Dense), max(highest, h.Dense)
		}
	}
	return lowest, highest
}

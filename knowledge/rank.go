package knowledge

import (
	"cmp"
	"math"
	"slices"

	"handrail/internal/text"
)

// How much each signal counts in the score of a passage; docs/adr/002-lexical-search.md has the measurements.
const (
	labelWeight    = 0.25 // likeness of the query to the title, heading or FAQ question
	contrastWeight = 0.15 // taken off where the label names an alternative to what was asked for
	languageWeight = 0.02 // being in the preferred language: it breaks near-ties and no more
	favourWeight   = 0.25 // of a document that is most likely to deal with the topic
	denseWeight    = 0.5  // of the dense signal beside the lexical one
	// otherTermIDF stands in for the idf of a label's term that is not in the query, as a share of the largest idf
	// possible. Labels consist of common and rare words alike, and looking each one up would cost more than it tells.
	otherTermIDF     = 0.45
	otherFunctionIDF = 0.1
)

// rank scores the candidates and puts the best first.
func rank(p *parsed, hits []Hit) {
	ceiling := p.ceiling()
	if ceiling == 0 {
		ceiling = 1 // Nothing is known of the terms, and the lexical scores are all zero.
	}
	lowest, highest := denseRange(hits)
	asked := p.contrasts.asked(p)
	for i := range hits {
		h := &hits[i]
		h.Score = h.Lexical/ceiling + labelWeight*p.labelLikeness(h.Passage)
		h.Score -= contrastWeight * p.contrasts.clash(asked, labelOf(h.Passage))
		if highest > lowest && h.DenseRank > 0 {
			h.Score += denseWeight * (h.Dense - lowest) / (highest - lowest)
		}
		h.Score += favourWeight * p.Favoured[h.DocumentID]
		if p.Lang != "" && h.Lang == p.Lang {
			h.Score += languageWeight
		}
	}
	slices.SortFunc(hits, func(a, b Hit) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(a.ID, b.ID))
	})
}

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

// labelLikeness is the likeness, in [0,1], of the query to whatever names the passage best.
func (p *parsed) labelLikeness(passage Passage) float64 {
	best := p.cosine(passage.Title)
	if passage.Question != "" {
		best = max(best, p.cosine(passage.Question))
	}
	if n := len(passage.HeadingPath); n > 0 {
		best = max(best, p.cosine(passage.Title+"\n"+passage.HeadingPath[n-1]))
	}
	return best
}

// cosine compares the query with a short text, both weighted by idf.
func (p *parsed) cosine(label string) float64 {
	counts, function := make(map[int32]float64), make(map[int32]bool)
	for _, t := range termsOf(label) {
		id := termID(t.Text)
		counts[id] += kindWeight(t.Kind)
		function[id] = text.IsFunction(t.Text)
	}
	largest := math.Log(1 + float64(p.passages))
	var dot, labelNorm, queryNorm float64
	for id, n := range counts {
		t, ok := p.terms[id]
		if !ok {
			other := otherTermIDF * largest
			if function[id] {
				other = otherFunctionIDF * largest
			}
			labelNorm += n * other * other
			continue
		}
		labelNorm += n * t.idf * t.idf
		dot += math.Sqrt(n*t.weight*kindWeight(t.kind)) * t.idf * t.idf
	}
	for _, t := range p.terms {
		queryNorm += t.weight * kindWeight(t.kind) * t.idf * t.idf
	}
	if dot == 0 {
		return 0
	}
	return min(1, dot/math.Sqrt(labelNorm*queryNorm))
}

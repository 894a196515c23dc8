package knowledge

import (
	"math"
	"slices"

	"handrail/internal/text"
)

const (
	// Where passages are short, the label is the question that the passage answers and says more than the answer's words:
	// labels gain weight and the lexical score loses some, which keeps scores comparable with those of long passages.
	shortLabelWeight   = 0.25 // more
	wordingWeight      = 0.15
	shortLexicalWeight = 0.7 // of the full lexical score
	// maxWording bounds the work for a message or a label that is really a text, in words or ideographs.
	maxWording = 64
)

// wordingOf lists words and ideographs in their order, with every phrase of the lexicon as its one concept. It takes
// what termsOf returns.
func wordingOf(terms []text.Term) []int32 {
	first := slices.IndexFunc(terms, func(t text.Term) bool { return t.Kind == text.Concept })
	if first < 0 {
		first = len(terms)
	}
	concepts := terms[first:]
	var ids []int32
	for _, t := range terms[:first] {
		for len(concepts) > 0 && concepts[0].End <= t.Start {
			concepts = concepts[1:]
		}
		switch {
		case t.Kind == text.Pair:
		case len(concepts) == 0 || t.Start < concepts[0].Start:
			ids = append(ids, termID(t.Text))
		case t.Start == concepts[0].Start:
			ids = append(ids, termID(concepts[0].Text))
		}
	}
	return ids[:min(len(ids), maxWording)]
}

// wording raises, where passages are short, those that have a label like the message: by the words of the label, and by
// how many of them stand in the order of the message. It fades in where focus fades out, and counts in full where the
// best hits are one window long on average. A message that follows others is no whole question to compare with.
func (p *parsed) wording(hits []Hit, labels map[int64]label, average float64) {
	share := min(1, 2-average/focusWindow)
	if len(p.History) > 0 || share <= 0 {
		return
	}
	asked := wordingOf(termsOf(p.Text))
	for i := range hits {
		h := &hits[i]
		h.Parts.Lexical *= 1 - share*(1-shortLexicalWeight)
		h.Parts.Label *= 1 + share*shortLabelWeight/labelWeight
		for _, w := range labels[h.ID].wordings {
			h.Parts.Wording = max(h.Parts.Wording, share*wordingWeight*p.sameOrder(asked, w))
		}
		h.Score = h.Parts.sum()
	}
	slices.SortFunc(hits, bestFirst)
}

// sameOrder is the weight of the heaviest common subsequence of two wordings as a share of their mean weight.
func (p *parsed) sameOrder(a, b []int32) float64 {
	weigh := p.weigher()
	var mass float64
	for _, id := range b {
		mass += weigh(id)
	}
	heaviest := make([]float64, len(b)+1) // by length of the beginning of b
	for _, id := range a {
		w := weigh(id)
		mass += w
		var before float64 // what stood at j before this round
		for j, other := range b {
			next := max(heaviest[j], heaviest[j+1])
			if id == other {
				next = before + w
			}
			before, heaviest[j+1] = heaviest[j+1], next
		}
	}
	if mass == 0 {
		return 0
	}
	return 2 * heaviest[len(b)] / mass
}

// weigher returns the idf of a term, or what stands in for it where the query lacks the term. "I want to" stands in any
// order of anything, so function words count less.
func (p *parsed) weigher() func(id int32) float64 {
	other := otherTermIDF * math.Log(1+float64(p.passages))
	return func(id int32) float64 {
		t, ok := p.terms[id]
		switch {
		case !ok:
			return other
		case t.function:
			return functionWeight * t.idf
		default:
			return t.idf
		}
	}
}

package knowledge

import (
	"math"
	"slices"

	"handrail/internal/text"
)

const (
	// otherTermIDF stands in for the idf of a label's term that is not in the query, as a share of the largest idf
	// possible. Labels consist of common and rare words alike, and looking each one up would cost more than it tells.
	otherTermIDF     = 0.45
	otherFunctionIDF = 0.1
)

// labelTerm is one term of a label.
type labelTerm struct {
	id       int32
	kind     text.Kind
	function bool
}

func labelTerms(s string) []labelTerm {
	return labelled(termsOf(s))
}

func labelled(terms []text.Term) []labelTerm {
	out := make([]labelTerm, len(terms))
	for i, t := range terms {
		out[i] = labelTerm{termID(t.Text), t.Kind, text.IsFunction(t.Text)}
	}
	return out
}

// label is what names a passage, split into terms once because several signals look at it.
type label struct {
	title, question []labelTerm
	headings        [][]labelTerm // outermost first
	wordings        [][]int32     // of each of them; see wordingOf
}

func readLabel(p Passage) label {
	var l label
	l.title, l.question = l.read(p.Title), l.read(p.Question)
	for _, h := range p.HeadingPath {
		l.headings = append(l.headings, l.read(h))
	}
	return l
}

func (l *label) read(s string) []labelTerm {
	if s == "" {
		return nil
	}
	terms := termsOf(s)
	l.wordings = append(l.wordings, wordingOf(terms))
	return labelled(terms)
}

func (l label) all() []labelTerm { return slices.Concat(append(l.headings, l.title, l.question)...) }

// labelLikeness is the likeness, in [0,1], of the query to whatever names the passage best.
func (p *parsed) labelLikeness(l label) float64 {
	best := max(p.cosine(l.title), p.cosine(l.question))
	if n := len(l.headings); n > 0 {
		best = max(best, p.cosine(slices.Concat(l.title, l.headings[n-1])))
	}
	return best
}

// cosine compares the query with the terms of a short text, both weighted by idf.
func (p *parsed) cosine(terms []labelTerm) float64 {
	counts := make(map[labelTerm]float64, len(terms))
	for _, t := range terms {
		counts[t] += kindWeight(t.kind)
	}
	largest := math.Log(1 + float64(p.passages))
	var dot, labelNorm float64
	for lt, n := range counts {
		t, ok := p.terms[lt.id]
		if !ok {
			other := otherTermIDF * largest
			if lt.function {
				other = otherFunctionIDF * largest
			}
			labelNorm += n * other * other
			continue
		}
		labelNorm += n * t.idf * t.idf
		dot += math.Sqrt(n*t.weight*kindWeight(t.kind)) * t.idf * t.idf
	}
	if dot == 0 {
		return 0
	}
	return min(1, dot/math.Sqrt(labelNorm*p.norm()))
}

// norm is the squared length of the query as a vector of weighted idf.
func (p *parsed) norm() (sum float64) {
	for _, t := range p.terms {
		sum += t.weight * kindWeight(t.kind) * t.idf * t.idf
	}
	return sum
}

package curation

import (
	"cmp"
	"math"
	"regexp"
	"slices"
	"unicode/utf8"

	"handrail/internal/text"
)

const (
	// functionWeight is what a function word counts beside a content word: "how long" and "how much" are told apart by
	// nothing else, and "please" says nothing.
	functionWeight = 0.3
	// ideographWeight is what a single ideograph counts: the pairs it stands in are terms of their own.
	ideographWeight = 0.7
	// pairWeight is what a pair of ideographs counts of which one is a function word: it mostly spans two words.
	pairWeight = 0.5
	// maxTerms bounds what a long message is compared by: its most telling terms.
	maxTerms = 24
)

// weighted is a term of one question. Terms are numbered by rarity, the rarest first.
type weighted struct {
	term   int
	weight float64
}

// vectors turns texts into vectors of length 1, their terms weighted by how few of the texts hold them. The outcome
// depends on the texts alone, not on the time or the base.
func vectors(texts []string) [][]weighted {
	counts := make([]map[string]float64, len(texts))
	df := map[string]int{}
	for i, s := range texts {
		counts[i] = termWeights(s)
		for t := range counts[i] {
			df[t]++
		}
	}
	number := rarestFirst(df)
	out := make([][]weighted, len(texts))
	for i, count := range counts {
		v := make([]weighted, 0, len(count))
		for t, w := range count {
			// The one keeps a term that all of a few texts share from counting nothing.
			idf := 1 + math.Log(float64(len(texts)+1)/float64(df[t]+1))
			v = append(v, weighted{number[t], w * idf})
		}
		out[i] = unit(v)
	}
	return out
}

// termWeights is what each distinct term of s counts, apart from its rarity. Repeating a word says nothing new.
func termWeights(s string) map[string]float64 {
	weights := map[string]float64{}
	for _, t := range text.Terms(masks.ReplaceAllString(s, " ")) {
		weights[t.Text] = termWeight(t.Text)
	}
	return weights
}

// masks matches what stands in place of personal data: to have an order number does not make two questions alike.
var masks = regexp.MustCompile(`\[[^\[\]]*\]`)

// termWeight is what a term counts, however rare it is.
func termWeight(term string) float64 {
	r := []rune(term)
	switch {
	case text.IsFunction(term):
		return functionWeight
	case r[0] < utf8.RuneSelf || len(r) > 2:
		return 1
	case len(r) == 1:
		return ideographWeight
	case text.IsFunction(string(r[:1])) || text.IsFunction(string(r[1:])):
		return pairWeight
	}
	return 1
}

// rarestFirst numbers the terms.
func rarestFirst(df map[string]int) map[string]int {
	terms := make([]string, 0, len(df))
	for t := range df {
		terms = append(terms, t)
	}
	slices.SortFunc(terms, func(a, b string) int { return cmp.Or(cmp.Compare(df[a], df[b]), cmp.Compare(a, b)) })
	number := make(map[string]int, len(terms))
	for i, t := range terms {
		number[t] = i
	}
	return number
}

// unit keeps the heaviest terms, orders them by number, and brings the vector to length 1.
func unit(v []weighted) []weighted {
	byNumber := func(a, b weighted) int { return cmp.Compare(a.term, b.term) }
	if len(v) > maxTerms {
		slices.SortFunc(v, func(a, b weighted) int { return cmp.Or(cmp.Compare(b.weight, a.weight), byNumber(a, b)) })
		v = v[:maxTerms]
	}
	slices.SortFunc(v, byNumber) // a fixed order, so that sums of floats come out the same every time
	var norm float64
	for _, t := range v {
		norm += t.weight * t.weight
	}
	norm = math.Sqrt(norm)
	for i := range v {
		v[i].weight /= norm
	}
	return v
}

// likeness is the cosine, in [0,1], of two vectors of length 1, one of them spread out by term.
func likeness(spread []float64, v []weighted) float64 {
	var sum float64
	for _, t := range v {
		sum += spread[t.term] * t.weight
	}
	return min(1, sum)
}

// terms is how many terms the vectors have numbers for.
func terms(vs [][]weighted) int {
	n := 0
	for _, v := range vs {
		if len(v) > 0 {
			n = max(n, v[len(v)-1].term+1)
		}
	}
	return n
}

// neighbour is a text at least as like as asked for.
type neighbour struct {
	index    int
	likeness float64
}

// neighbours finds for every vector the others whose likeness is at least least. Two vectors that are so alike share a
// term among the rarest of each (prefix filtering), so common words bring nobody together that would have to be
// compared: the work grows with the pairs that share something rare, not with all pairs.
func neighbours(vs [][]weighted, least float64) [][]neighbour {
	out := make([][]neighbour, len(vs))
	holders := map[int][]int{} // by term, the earlier vectors that have it in their prefix
	seen := make([]int, len(vs))
	spread := make([]float64, terms(vs)) // the vector at hand, by term
	for i, v := range vs {
		for _, t := range v {
			spread[t.term] = t.weight
		}
		for _, t := range prefix(v, least) {
			for _, j := range holders[t.term] {
				if seen[j] == i+1 {
					continue
				}
				seen[j] = i + 1
				if l := likeness(spread, vs[j]); l >= least {
					out[i] = append(out[i], neighbour{j, l})
					out[j] = append(out[j], neighbour{i, l})
				}
			}
			holders[t.term] = append(holders[t.term], i)
		}
		for _, t := range v {
			spread[t.term] = 0
		}
	}
	for _, list := range out {
		slices.SortFunc(list, func(a, b neighbour) int { return cmp.Compare(a.index, b.index) })
	}
	return out
}

// prefix returns the rarest terms of v, so many that the rest alone could not make a likeness of least.
func prefix(v []weighted, least float64) []weighted {
	var rest float64
	for n := len(v); n > 0; n-- {
		rest += v[n-1].weight * v[n-1].weight
		if math.Sqrt(rest) >= least-1e-9 {
			return v[:n]
		}
	}
	return nil
}

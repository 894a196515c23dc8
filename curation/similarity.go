package curation

import (
	"cmp"
	"math"
	"slices"

	"handrail/internal/text"
)

const (
	// functionWeight is what a function word counts beside a content word: "how long" and "how much" are told apart by
	// nothing else, and "please" says nothing.
	functionWeight = 0.3
	// ideographWeight is what a single ideograph counts: the pairs it stands in are terms of their own.
	ideographWeight = 0.4
	// maxTerms bounds what a long message is compared by: its most telling terms.
	maxTerms = 48
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
	for _, t := range text.Terms(s) {
		w := 1.0
		switch r := []rune(t.Text); {
		case text.IsFunction(t.Text):
			w = functionWeight
		case len(r) == 1 && r[0] > 0x7F:
			w = ideographWeight
		}
		weights[t.Text] = w
	}
	return weights
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

// cosine is the likeness of two vectors of length 1, in [0,1].
func cosine(a, b []weighted) float64 {
	var sum float64
	for i, j := 0, 0; i < len(a) && j < len(b); {
		switch {
		case a[i].term < b[j].term:
			i++
		case a[i].term > b[j].term:
			j++
		default:
			sum += a[i].weight * b[j].weight
			i++
			j++
		}
	}
	return min(1, sum)
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
	for i, v := range vs {
		for _, t := range prefix(v, least) {
			for _, j := range holders[t.term] {
				if seen[j] == i+1 {
					continue
				}
				seen[j] = i + 1
				if c := cosine(v, vs[j]); c >= least {
					out[i] = append(out[i], neighbour{j, c})
					out[j] = append(out[j], neighbour{i, c})
				}
			}
			holders[t.term] = append(holders[t.term], i)
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

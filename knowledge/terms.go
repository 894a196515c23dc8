package knowledge

import (
	"math"
	"strings"

	"github.com/pgvector/pgvector-go"

	"handrail/internal/text"
)

// The parameters of BM25 and the weight of each field. docs/adr/002-lexical-search.md says how they were chosen.
const (
	saturation     = 1.2 // k1
	lengthPenalty  = 0.6 // b
	titleWeight    = 3
	questionWeight = 3
	headingWeight  = 2
)

// termSpace is the number of term ids, and the largest dimension that pgvector allows. At a million distinct terms
// about one in a thousand shares its id with another, which costs those two some precision and nothing else.
const termSpace = 1_000_000_000

// maxDistinctTerms is the largest number of non-zero elements in a sparsevec.
const maxDistinctTerms = 16_000

// termID returns the id of a term, from 1 to termSpace.
func termID(term string) int32 {
	const offset, prime = 14695981039346656037, 1099511628211 // FNV-1a, written out because hash/fnv allocates
	h := uint64(offset)
	for i := range len(term) {
		h = (h ^ uint64(term[i])) * prime
	}
	return int32(h%termSpace) + 1
}

// bag holds how often each term occurs in a passage, fields weighted, and the weighted length.
type bag struct {
	counts map[int32]float64
	length float64
}

func bagOf(p Passage) bag {
	b := bag{counts: make(map[int32]float64)}
	b.add(p.Title, titleWeight)
	for _, h := range p.HeadingPath {
		b.add(h, headingWeight)
	}
	b.add(p.Question, questionWeight)
	b.add(p.Text, 1)
	return b
}

func (b *bag) add(s string, weight float64) {
	for _, t := range termsOf(s) {
		b.counts[termID(t.Text)] += weight
		if t.Kind != text.Concept {
			b.length += weight // A concept says once more what the words that it stands for have said.
		}
	}
}

// termsOf lists everything by which a text can be found: its terms, then the concepts that they express.
func termsOf(s string) []text.Term {
	terms := text.Terms(s)
	return append(terms, text.Concepts(terms)...)
}

// damping is the BM25 term that grows with the length of the passage: a count c weighs c / (c + damping).
func damping(length, pivot float64) float64 {
	if pivot <= 0 {
		return saturation
	}
	return saturation * (1 - lengthPenalty + lengthPenalty*length/pivot)
}

// weights returns the document side of BM25 for passages that are pivot long on average.
func (b bag) weights(pivot float64) pgvector.SparseVector {
	k := damping(b.length, pivot)
	w := make(map[int32]float32, len(b.counts))
	for id, c := range b.counts {
		w[id-1] = float32(c / (c + k))
	}
	return pgvector.NewSparseVectorFromMap(w, termSpace)
}

// bagFrom recovers the counts from stored weights.
func bagFrom(v storedWeights, length, pivot float64) bag {
	k := damping(length, pivot)
	b := bag{counts: make(map[int32]float64, len(v.Indices())), length: length}
	for i, index := range v.Indices() {
		b.counts[index+1] = countFrom(float64(v.Values()[i]), k)
	}
	return b
}

// storedWeights are the weights of a passage as they are read back. A passage of punctuation alone has none, which
// pgvector's own type refuses to read.
type storedWeights struct{ pgvector.SparseVector }

// Scan reads the text form, such as {1:0.5}/1000000000.
func (w *storedWeights) Scan(src any) error {
	if s, ok := src.(string); ok && strings.HasPrefix(s, "{}/") {
		w.SparseVector = pgvector.SparseVector{}
		return nil
	}
	return w.SparseVector.Scan(src)
}

// countFrom inverts the weight of a count. Counts are whole numbers, so rounding makes it exact.
func countFrom(weight, damping float64) float64 { return math.Round(weight * damping / (1 - weight)) }

// idfPrior is how many passages a base must hold before its own frequencies count as much as the prior opinion that
// all terms matter alike. In a base of fifty passages chance decides whether three of them hold a word or one.
const idfPrior = 30

// inverseFrequency is the idf of a term that df of n passages hold: how much finding it says. The prior is half of the
// largest idf possible. scanSQL computes the same.
func inverseFrequency(df, n float64) float64 {
	return (n*math.Log(1+(n-df+0.5)/(df+0.5)) + idfPrior*math.Log(1+n)/2) / (n + idfPrior)
}

package knowledge

import (
	"github.com/google/uuid"

	"handrail/internal/text"
)

// Query says what to look for.
type Query struct {
	Text        string
	History     []string              // earlier messages of the visitor, oldest first; they count less than Text
	Topic       string                // what the message is about, in a few words of its language; "" if unknown
	Favoured    map[uuid.UUID]float64 // documents that are likely to deal with the topic, in [0,1]; nil if unknown
	Collections []string              // empty means all
	Lang        string                // ISO 639-1: a preference, not a filter
	Limit       int                   // number of hits wanted; 0 means 10
}

// Hit is one passage found.
type Hit struct {
	Passage
	Score                  float64 // the order of the hits: higher is better; comparable within one result only
	Parts                  Parts   // what Score is made of
	Lexical, Dense         float64 // BM25 score and cosine similarity; 0 where the signal did not find the passage
	LexicalRank, DenseRank int     // from 1; 0 where the signal did not find the passage
}

// Result is what a search found, best first.
type Result struct {
	Hits     []Hit
	Evidence Evidence
}

const (
	defaultLimit = 10
	// maxQueryTerms bounds the work for a query that is really a document, such as a pasted e-mail.
	maxQueryTerms = 512
	// historyWeight is what a term of the previous message counts beside one of the message itself; each message
	// further back counts historyWeight times the one after it.
	historyWeight = 0.3
	// topicWeight is what a term of the topic counts. In a base that is all about delivery the word itself is no rarity,
	// and only the topic says that it matters more than "how long".
	topicWeight = 0.6
	// functionWeight is what a function word counts beside a content word.
	functionWeight = 0.5
	// restatedWeight is what the words count whose concept is in the query as well.
	restatedWeight = 0.7
)

// queryTerm is one distinct term of a query.
type queryTerm struct {
	weight float64 // occurrences, those of the history weighed down
	own    bool    // stands in Query.Text, not only in the history
	kind   text.Kind
	df     int // passages of the workspace that hold the term
	idf    float64

	function bool
}

// lexicalWeight is what the term counts in the lexical score. The likeness to a heading counts function words in full:
// there they tell "how long" from "how much".
func (t *queryTerm) lexicalWeight() float64 {
	if t.function {
		return functionWeight * t.weight * kindWeight(t.kind)
	}
	return t.weight * kindWeight(t.kind)
}

// evident reports whether the term tells what the base holds of the message itself. Function words and the history do
// not, and a concept would count its words twice.
func (t *queryTerm) evident() bool { return t.own && !t.function && t.kind != text.Concept }

// kindWeight is what a term of a kind counts beside a word. Two characters and their pair speak of the same place.
func kindWeight(k text.Kind) float64 {
	switch k {
	case text.Character:
		return 0.8
	case text.Pair:
		return 0.6
	default:
		return 1
	}
}

// parsed is a query as search compares it.
type parsed struct {
	Query
	terms    map[int32]*queryTerm
	order    []int32 // of first appearance
	passages int64   // of the workspace

	contrasts *contrasts // of the workspace; nil if unknown
}

func parse(q Query) *parsed {
	if q.Limit <= 0 {
		q.Limit = defaultLimit
	}
	p := &parsed{Query: q, terms: make(map[int32]*queryTerm)}
	p.add(q.Text, 1)
	p.add(q.Topic, topicWeight)
	weight := 1.0
	for i := len(q.History) - 1; i >= 0; i-- {
		weight *= historyWeight
		p.add(q.History[i], weight)
	}
	return p
}

// add takes in a text of which every word counts weight.
func (p *parsed) add(s string, weight float64) {
	terms := text.Terms(s)
	concepts := text.Concepts(terms)
	for _, t := range terms {
		for len(concepts) > 0 && concepts[0].End <= t.Start {
			p.addTerm(concepts[0], weight, 1)
			concepts = concepts[1:]
		}
		if len(concepts) > 0 && concepts[0].Start <= t.Start && t.End <= concepts[0].End {
			p.addTerm(t, weight, restatedWeight)
		} else {
			p.addTerm(t, weight, 1)
		}
	}
	for _, c := range concepts {
		p.addTerm(c, weight, 1)
	}
}

// addTerm takes in a term that counts share of the weight of its text.
func (p *parsed) addTerm(t text.Term, weight, share float64) {
	id := termID(t.Text)
	known, ok := p.terms[id]
	switch {
	case !ok && len(p.order) < maxQueryTerms:
		p.terms[id] = &queryTerm{weight: weight * share, own: weight == 1, kind: t.Kind, function: text.IsFunction(t.Text)}
		p.order = append(p.order, id)
	case ok && (weight == 1 || weight == topicWeight):
		known.weight += weight * share
	}
}

// learn takes in what the base knows about one term.
func (p *parsed) learn(id int32, df int) {
	t := p.terms[id]
	t.df = df
	t.idf = inverseFrequency(float64(df), float64(p.passages))
}

// candidates is how many passages each signal hands to re-ranking.
func (p *parsed) candidates() int { return max(candidates, p.Limit) }

// collections returns the filter as a parameter, which must not be NULL.
func (p *parsed) collections() []string {
	if p.Collections == nil {
		return []string{}
	}
	return p.Collections
}

// ceiling is the score that no passage can exceed, as every weight of a passage is below one.
func (p *parsed) ceiling() float64 {
	var sum float64
	for _, t := range p.terms {
		sum += t.lexicalWeight() * t.idf
	}
	return sum
}

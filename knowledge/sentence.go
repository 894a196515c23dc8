package knowledge

import (
	"math"

	"handrail/internal/text"
)

// rankDiscount is what each rank costs a sentence: an equal one in a better passage is taken.
const rankDiscount = 0.05

// support says how well one sentence alone bears a question out. A question that only looks like what the base holds
// finds all its words, but in different sentences, or all but the one name that matters.
type support struct {
	covered      float64 // share of the question's weight that the sentence and the labels of its passage hold, in [0,1]
	missing      float64 // weight of what they do not hold, in units of a term that occurs once in the base
	namesMissing float64 // share of the weight that is in names and numbers they do not hold, in [0,1]
	negated      bool    // the question is negated and the sentence is not
}

// tokens is a passage as it is compared.
type tokens struct {
	body  []text.Term
	ids   []int32        // of body
	label map[int32]bool // terms of what names the passage
}

func tokensOf(p Passage) tokens {
	t := tokens{body: text.Terms(p.Text), label: termSet(labelOf(p))}
	t.ids = make([]int32, len(t.body))
	for i, term := range t.body {
		t.ids[i] = termID(term.Text)
	}
	return t
}

// all returns the terms of the passage and of its label.
func (t tokens) all() map[int32]bool {
	set := make(map[int32]bool, len(t.ids)+len(t.label))
	for id := range t.label {
		set[id] = true
	}
	for _, id := range t.ids {
		set[id] = true
	}
	return set
}

// support finds the sentence of the passages that holds most of the question and weighs it.
func (p *parsed) support(hits []Hit, passages []tokens) support {
	units, total := p.units()
	if total == 0 {
		return support{}
	}
	best, bestScore := support{}, math.Inf(-1)
	var sentence string
	for rank, passage := range passages {
		next := 0
		for _, span := range text.Sentences(hits[rank].Text) {
			found := make(map[int32]bool)
			for ; next < len(passage.body) && passage.body[next].Start < span.End; next++ {
				found[passage.ids[next]] = true
			}
			s := weigh(units, total, func(id int32) bool { return found[id] || passage.label[id] })
			if score := s.covered - rankDiscount*float64(rank); score > bestScore {
				best, bestScore, sentence = s, score, hits[rank].Text[span.Start:span.End]
			}
		}
	}
	best.missing /= math.Log(1 + float64(p.passages))
	best.negated = negation.MatchString(text.Normalize(p.Text)) && !negation.MatchString(text.Normalize(sentence))
	return best
}

func weigh(units []unit, total float64, holds func(int32) bool) (s support) {
	for _, u := range units {
		switch {
		case holds(u.id):
			s.covered += u.weight / total
		case u.name:
			s.namesMissing += u.weight / total
			fallthrough
		default:
			s.missing += u.weight
		}
	}
	return s
}

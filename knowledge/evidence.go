package knowledge

import (
	"maps"
	"math"
	"strings"

	"handrail/internal/text"
)

// Evidence holds features of a result that tell an answerable question from an unanswerable one. All lie in [0,1]
// except Terms. Only the terms of the message itself count, not those of the history.
type Evidence struct {
	Coverage    float64 // share of the query's idf mass found in the best passage
	CoverageTop float64 // the same over the union of the best three passages
	Unknown     float64 // share of the query's idf mass whose terms occur nowhere in the base
	Score       float64 // best lexical score / the highest score that the message could reach
	Margin      float64 // (s1-s2)/s1 over the best passages of two different documents; 0 for a single document
	TitleMatch  float64 // share of the query's idf mass in title, headings and FAQ question of the best passage
	Proximity   float64 // how close together the matched terms stand in the best passage
	Agreement   float64 // overlap of the lexical and the dense top five; 0 without an embedder
	Terms       int     // number of distinct content terms of the query

	// What follows tells a question that the base answers from one that only looks like it: all of its words may occur
	// in the best passage, but no one sentence bears it out. docs/adr/006-answerability.md compares them with others.

	Gap          float64 // score of the best hit less that of the fifth: what the base answers stands out
	Sentence     float64 // share of the query's weight in the best sentence of the best three passages or in their labels
	Complete     float64 // e^-m, where m is the weight that this sentence lacks, 1 being that of the rarest term possible
	NamesMissing float64 // share of the query's weight in names and numbers that it lacks; 1 if nothing was found
	Negated      float64 // 1 if the query is negated and this sentence is not, else 0
}

const (
	coverageDepth  = 3
	agreementDepth = 5
	// proximityWindow is the stretch of text, in terms, in which matched terms count as standing together: about two
	// sentences.
	proximityWindow = 30
	// contentShare is the share of all passages above which a term is taken for a function word.
	contentShare = 0.25
)

// evidenceOf reads the features off the ranked hits.
func evidenceOf(p *parsed, hits []Hit) Evidence {
	mass, unknown, terms := p.ownMass()
	e := Evidence{Terms: terms}
	if mass == 0 { // The workspace has no knowledge at all.
		e.Unknown, e.NamesMissing = 1, 1
		return e
	}
	e.Unknown = unknown / mass
	if len(hits) == 0 {
		e.NamesMissing = 1
		return e
	}
	var top []tokens
	for _, h := range hits[:min(len(hits), coverageDepth)] {
		top = append(top, tokensOf(h.Passage))
	}
	e.TitleMatch = p.matched(top[0].label) / mass
	found := top[0].all()
	e.Coverage = p.matched(found) / mass
	for _, t := range top[1:] {
		maps.Copy(found, t.all())
	}
	e.CoverageTop = p.matched(found) / mass
	e.Score = bestLexical(hits) / p.ownCeiling()
	e.Margin = margin(hits)
	e.Proximity = p.proximity(top[0].body)
	e.Agreement = agreement(hits)
	e.Gap = gap(hits)
	e.bearOut(p.support(hits, top))
	return e.clamped()
}

// bearOut takes in how well the best sentence bears the question out.
func (e *Evidence) bearOut(s support) {
	e.Sentence, e.Complete, e.NamesMissing = s.covered, math.Exp(-s.missing), s.namesMissing
	if s.negated {
		e.Negated = 1
	}
}

// gapDepth is where the scores have settled to what passages reach that merely share words with the query.
const gapDepth = 5

// gap compares the best hit with the fifth, or with nothing where fewer were found.
func gap(hits []Hit) float64 {
	if len(hits) < gapDepth {
		return hits[0].Score
	}
	return hits[0].Score - hits[gapDepth-1].Score
}

// ownCeiling is the score that a passage could reach by the message alone. What was said before may lift the best
// passage above it; that is what history is for.
func (p *parsed) ownCeiling() (sum float64) {
	for _, t := range p.terms {
		if t.own {
			sum += t.lexicalWeight() * t.idf
		}
	}
	return sum
}

// clamped absorbs rounding: sums of the same terms in another order may differ in the last bit.
func (e Evidence) clamped() Evidence {
	for _, f := range []*float64{&e.Coverage, &e.CoverageTop, &e.Unknown, &e.Score, &e.Margin, &e.TitleMatch,
		&e.Proximity, &e.Agreement, &e.Gap, &e.Sentence, &e.Complete, &e.NamesMissing} {
		*f = min(1, max(0, *f))
	}
	return e
}

// ownMass sums the idf of the message's own terms, and counts those that carry content. Pairs of ideographs are not
// counted, as their characters are.
func (p *parsed) ownMass() (mass, unknown float64, terms int) {
	for _, t := range p.terms {
		if !t.evident() {
			continue
		}
		mass += t.idf
		if t.df == 0 {
			unknown += t.idf
		}
		if t.kind != text.Pair && float64(t.df) <= contentShare*float64(p.passages) {
			terms++
		}
	}
	return mass, unknown, terms
}

// matched sums the idf of the message's own terms that are in found.
func (p *parsed) matched(found map[int32]bool) (mass float64) {
	for id, t := range p.terms {
		if t.evident() && found[id] {
			mass += t.idf
		}
	}
	return mass
}

// proximity is the largest share of the matched mass that one window of the text holds.
func (p *parsed) proximity(body []text.Term) float64 {
	total := p.matched(setOf(body))
	if total == 0 {
		return 0
	}
	return p.densest(body, proximityWindow) / total
}

// densest is the largest mass of the message's terms that one window of so many terms holds.
func (p *parsed) densest(body []text.Term, window int) (best float64) {
	inside := make(map[int32]int)
	ids := make([]int32, len(body))
	var sum float64
	for i, term := range body {
		ids[i] = termID(term.Text)
		if i >= window {
			sum -= p.leave(inside, ids[i-window])
		}
		sum += p.enter(inside, ids[i])
		best = max(best, sum)
	}
	return best
}

// enter counts a term into the window and returns the mass that is new in it.
func (p *parsed) enter(inside map[int32]int, id int32) float64 {
	t, ok := p.terms[id]
	if !ok || !t.evident() {
		return 0
	}
	inside[id]++
	if inside[id] > 1 {
		return 0
	}
	return t.idf
}

// leave counts a term out of the window and returns the mass that is gone with it.
func (p *parsed) leave(inside map[int32]int, id int32) float64 {
	t, ok := p.terms[id]
	if !ok || !t.evident() {
		return 0
	}
	inside[id]--
	if inside[id] > 0 {
		return 0
	}
	return t.idf
}

func bestLexical(hits []Hit) (best float64) {
	for _, h := range hits {
		best = max(best, h.Lexical)
	}
	return best
}

// margin compares the best hit with the best one of another document. Without another one there is no lead.
func margin(hits []Hit) float64 {
	if hits[0].Score <= 0 {
		return 0
	}
	for _, h := range hits[1:] {
		if h.DocumentID != hits[0].DocumentID {
			return (hits[0].Score - h.Score) / hits[0].Score
		}
	}
	return 0
}

// agreement is the share of the lexical top five that the dense top five holds as well.
func agreement(hits []Hit) float64 {
	both, lexical := 0, 0
	for _, h := range hits {
		if h.LexicalRank == 0 || h.LexicalRank > agreementDepth {
			continue
		}
		lexical++
		if h.DenseRank > 0 && h.DenseRank <= agreementDepth {
			both++
		}
	}
	if lexical == 0 {
		return 0
	}
	return float64(both) / float64(lexical)
}

// labelOf joins what names a passage.
func labelOf(p Passage) string {
	return p.Title + "\n" + strings.Join(p.HeadingPath, "\n") + "\n" + p.Question
}

func termSet(s string) map[int32]bool { return setOf(text.Terms(s)) }

func setOf(terms []text.Term) map[int32]bool {
	set := make(map[int32]bool, len(terms))
	for _, t := range terms {
		set[termID(t.Text)] = true
	}
	return set
}

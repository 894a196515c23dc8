package bot

import (
	"math"
	"slices"

	"handrail/internal/text"
)

// passageContext is the passages' text, ready to be aligned with.
type passageContext struct {
	units   []unit
	ends    []int            // of each sentence, as indices into units
	clauses []window         // of all sentences
	at      map[string][]int // where a unit's text or concept stands
	in      map[string]int   // how many sentences hold it
	stems   map[string][]int // where words with the same first letters stand
}

// stemLetters is how many first letters two words share at least if one is taken for a form of the other
// ("Romania", "Romanian").
const stemLetters = 5

func newContext(passages []string) *passageContext {
	c := &passageContext{at: map[string][]int{}, in: map[string]int{}, stems: map[string][]int{}}
	for _, p := range passages {
		for _, s := range text.Sentences(p) {
			c.add(unitsOf(p[s.Start:s.End]))
		}
	}
	return c
}

func (c *passageContext) add(sentence []unit) {
	if len(sentence) == 0 {
		return
	}
	seen := map[string]bool{}
	for i, u := range sentence {
		at := len(c.units) + i
		sentence[i].sentence = len(c.ends)
		for _, key := range []string{u.text, u.concept} {
			if key == "" {
				continue
			}
			c.at[key] = append(c.at[key], at)
			if !seen[key] {
				seen[key] = true
				c.in[key]++
			}
		}
		if len(u.text) >= stemLetters {
			c.stems[u.text[:stemLetters]] = append(c.stems[u.text[:stemLetters]], at)
		}
	}
	for _, w := range clausesOf(sentence) {
		c.clauses = append(c.clauses, window{len(c.units) + w.from, len(c.units) + w.to})
	}
	c.units = append(c.units, sentence...)
	c.ends = append(c.ends, len(c.units))
}

// functionWeight is what a function word counts: little, but "before" and "after" are not the same.
const functionWeight = 0.15

// weight is how much a unit tells: its rarity among the context's sentences.
func (c *passageContext) weight(u unit) float64 {
	w := math.Log(1 + float64(len(c.ends)+1)/float64(c.in[u.text]+1))
	if !u.content {
		return functionWeight * w
	}
	return w
}

// alignment says where in the context each unit of a sentence stands.
type alignment struct {
	said  []unit
	in    *passageContext
	at    [][]int   // positions of each unit, in order
	match []float64 // how well: 1 the word itself, less for a paraphrase or another form, 0 nowhere
}

// What counts as a match, if not the word itself.
const (
	paraphraseMatch = 0.8
	formMatch       = 0.6
)

func (c *passageContext) align(said []unit) alignment {
	a := alignment{said: said, in: c, at: make([][]int, len(said)), match: make([]float64, len(said))}
	for i, u := range said {
		switch {
		case c.at[u.text] != nil:
			a.at[i], a.match[i] = c.at[u.text], 1
		case u.concept != "" && c.at[u.concept] != nil:
			a.at[i], a.match[i] = c.at[u.concept], paraphraseMatch
		case len(u.text) >= stemLetters && c.stems[u.text[:stemLetters]] != nil && !u.number:
			a.at[i], a.match[i] = c.stems[u.text[:stemLetters]], formMatch
		}
	}
	return a
}

// window is a stretch of the context, as indices of units.
type window struct{ from, to int }

// bestWindow returns the sentence, or the two that follow each other, which cover the most.
func (a alignment) bestWindow() window {
	best, score := window{}, -1.0
	from := 0
	for i, end := range a.in.ends {
		if s := a.coverage(from, end); s > score {
			best, score = window{from, end}, s
		}
		if i+1 < len(a.in.ends) {
			// Two sentences must cover clearly more than one to be the better window.
			if s := 0.95 * a.coverage(from, a.in.ends[i+1]); s > score {
				best, score = window{from, a.in.ends[i+1]}, s
			}
		}
		from = end
	}
	return best
}

// coverage is the weight of the units that stand between from and to, as a share.
func (a alignment) coverage(from, to int) float64 {
	var found, all float64
	for i, u := range a.said {
		w := a.in.weight(u)
		all += w
		if k, _ := slices.BinarySearch(a.at[i], from); k < len(a.at[i]) && a.at[i][k] < to {
			found += w * a.match[i]
		}
	}
	return found / all
}

// order is the longest common subsequence of the content units and the window, as a share of the former.
func (a alignment) order(w window) float64 {
	content := a.content()
	if len(content) == 0 {
		return a.coverage(0, len(a.in.units))
	}
	row := make([]int, w.to-w.from+1)
	for _, i := range content {
		diagonal := 0
		here := map[int]bool{}
		for _, p := range a.at[i] {
			here[p] = true
		}
		for k := 1; k < len(row); k++ {
			above := row[k]
			switch {
			case here[w.from+k-1]:
				row[k] = diagonal + 1
			case row[k-1] > row[k]:
				row[k] = row[k-1]
			}
			diagonal = above
		}
	}
	return float64(row[len(row)-1]) / float64(len(content))
}

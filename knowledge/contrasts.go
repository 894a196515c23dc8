package knowledge

import (
	"cmp"
	"slices"

	"handrail/internal/text"
)

const (
	// contrastTerms is how many of the commonest terms of labels are compared with each other. The table of a workspace
	// takes 2 x contrastTerms^2 bytes, and learning costs the square of such terms per label.
	contrastTerms = 256
	// contrastExpected is how often two terms must be expected together before their absence says anything.
	contrastExpected = 15
	// contrastLift is the share of the expected number below which two terms count as a contrast.
	contrastLift = 0.1
)

// contrasts knows which terms name alternatives: both are common in the labels of a base, yet no label holds both, such
// as two products or "how" and "why". A label that names the alternative to what was asked for is about something else,
// which BM25 cannot see: terms that common have hardly any idf.
type contrasts struct {
	passages int64 // of the workspace when this was learned
	labels   float64
	rows     map[int32]int // by term
	counts   []uint16      // labels that hold both terms of a row and a column; a term alone on the diagonal
}

// learnContrasts counts over labels, each given once.
func learnContrasts(labels []string) *contrasts {
	df := make(map[int32]int)
	bags := make([][]int32, len(labels))
	for i, label := range labels {
		bags[i] = contrastable(labelTerms(label))
		for _, id := range bags[i] {
			df[id]++
		}
	}
	c := &contrasts{labels: float64(len(labels)), rows: commonest(df)}
	c.counts = make([]uint16, len(c.rows)*len(c.rows))
	for _, ids := range bags {
		rows := c.rowsOf(ids)
		for _, i := range rows {
			for _, j := range rows {
				c.counts[i*len(c.rows)+j]++
			}
		}
	}
	return c
}

// contrastable lists the distinct terms of a label. Single characters are too ambiguous to stand against each other.
func contrastable(label []labelTerm) []int32 {
	ids := make([]int32, 0, len(label))
	for _, t := range label {
		if t.kind != text.Character {
			ids = append(ids, t.id)
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// commonest numbers the terms that occur most.
func commonest(df map[int32]int) map[int32]int {
	ids := make([]int32, 0, len(df))
	for id := range df {
		ids = append(ids, id)
	}
	slices.SortFunc(ids, func(a, b int32) int { return cmp.Or(df[b]-df[a], cmp.Compare(a, b)) })
	rows := make(map[int32]int)
	for row, id := range ids[:min(len(ids), contrastTerms)] {
		rows[id] = row
	}
	return rows
}

func (c *contrasts) rowsOf(ids []int32) []int {
	var rows []int
	for _, id := range ids {
		if row, ok := c.rows[id]; ok {
			rows = append(rows, row)
		}
	}
	return rows
}

// strength says, in [0,1], how surely two terms are alternatives.
func (c *contrasts) strength(i, j int) float64 {
	n := len(c.rows)
	expected := float64(c.counts[i*n+i]) * float64(c.counts[j*n+j]) / c.labels
	if expected < contrastExpected {
		return 0
	}
	lift := (float64(c.counts[i*n+j]) + 1) / (expected + 1)
	return max(0, 1-lift/contrastLift)
}

// asked returns which rows the query names: true if the message itself does, false if only what was said before.
func (c *contrasts) asked(p *parsed) map[int]bool {
	asked := make(map[int]bool)
	if c == nil {
		return asked
	}
	for id, t := range p.terms {
		if row, ok := c.rows[id]; ok {
			asked[row] = t.own
		}
	}
	return asked
}

// clash says, in [0,1], how surely a label names an alternative to something that was asked for and that it lacks.
func (c *contrasts) clash(asked map[int]bool, label []labelTerm) (strongest float64) {
	if len(asked) == 0 {
		return 0
	}
	named := c.rowsOf(contrastable(label))
	for row, own := range asked {
		if !own || slices.Contains(named, row) {
			continue
		}
		for _, other := range named {
			if _, ok := asked[other]; !ok {
				strongest = max(strongest, c.strength(row, other))
			}
		}
	}
	return strongest
}

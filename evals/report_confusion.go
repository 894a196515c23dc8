package evals

import (
	"cmp"
	"maps"
	"slices"
)

const (
	// maxIntents is how many intents the drawing holds before its labels cannot be read.
	maxIntents = 14
	cellSize   = 34.0
	gutter     = 170.0 // for the labels
	slant      = 80.0  // by which the labels of the last columns lean to the right
)

// confusionChart shows which intent was recognised for which, in the cases that expect one.
type confusionChart struct {
	Width, Height float64
	Rows          []confusionLabel // expected
	Columns       []confusionLabel // recognised
	Cells         []confusionCell  // that are not empty
	Pairs         []confusionPair  // what was taken for something else, the most frequent first
	Cases, Right  int
	LeftOut       int // intents that do not fit
}

type confusionLabel struct {
	Name string
	At   float64 // middle of the row or column, in pixels
}

type confusionCell struct {
	X, Y, TextX, TextY float64
	N                  int
	Strength           float64 // share of its row, in [0, 1]
	Right              bool
}

type confusionPair struct {
	Want, Got string
	N         int
}

// Size is the side of a cell, in pixels.
func (confusionChart) Size() float64 { return cellSize - 2 }

func newConfusionChart(results []Result) *confusionChart {
	counts := map[confusionPair]int{} // N is 0 in the keys
	errors := map[string]int{}
	c := &confusionChart{}
	for _, r := range results {
		if r.WantIntent == "" {
			continue
		}
		got := cmp.Or(r.Intent, "(none)")
		counts[confusionPair{Want: r.WantIntent, Got: got}]++
		c.Cases++
		errors[r.WantIntent] += 0
		if got == r.WantIntent {
			c.Right++
			continue
		}
		errors[r.WantIntent]++
		errors[got]++
	}
	if c.Cases == 0 {
		return nil
	}
	c.Pairs = pairsOf(counts)
	names := slices.SortedFunc(maps.Keys(errors), func(a, b string) int {
		return cmp.Or(cmp.Compare(errors[b], errors[a]), cmp.Compare(a, b))
	})
	c.LeftOut = max(0, len(names)-maxIntents)
	names = names[:len(names)-c.LeftOut]
	slices.Sort(names)
	c.draw(names, counts)
	return c
}

func pairsOf(counts map[confusionPair]int) []confusionPair {
	var pairs []confusionPair
	for p, n := range counts {
		if p.Want != p.Got {
			pairs = append(pairs, confusionPair{p.Want, p.Got, n})
		}
	}
	slices.SortFunc(pairs, func(a, b confusionPair) int {
		return cmp.Or(cmp.Compare(b.N, a.N), cmp.Compare(a.Want, b.Want), cmp.Compare(a.Got, b.Got))
	})
	return pairs
}

func (c *confusionChart) draw(names []string, counts map[confusionPair]int) {
	side := cellSize * float64(len(names))
	c.Width, c.Height = gutter+side+slant, gutter+side+8
	for i, want := range names {
		middle := gutter + cellSize*(float64(i)+.5)
		c.Rows, c.Columns = append(c.Rows, confusionLabel{want, middle}), append(c.Columns, confusionLabel{want, middle})
		row := 0
		for _, got := range names {
			row += counts[confusionPair{Want: want, Got: got}]
		}
		for j, got := range names {
			n := counts[confusionPair{Want: want, Got: got}]
			if n == 0 {
				continue
			}
			x, y := gutter+cellSize*float64(j), gutter+cellSize*float64(i)
			c.Cells = append(c.Cells, confusionCell{X: x, Y: y, TextX: x + cellSize/2 - 1, TextY: y + cellSize/2 + 4, N: n,
				Strength: .15 + .45*float64(n)/float64(row), Right: want == got})
		}
	}
}

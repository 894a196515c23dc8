package intent

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// table is a lexicon of expressions under labels, made from a text file:
//
//	# A comment.
//	staff = agents?|operator            a name for parts of expressions, used as {staff}
//	[request]                           the label of the lines below
//	talk to an? {staff}
//	[insult 1.2]                        a label with a weight
//
// Expressions are those of package regexp, without assertions, one on a line; they match whole words of a clause as
// [clauses] leaves it, and are folded in the same way. The signs < and > are the start and the end of the clause.
type table struct {
	*automaton
	labels  []string
	weights []float64
}

// newTable reads a table; it panics on a mistake, since tables are part of the program.
func newTable(name, source string) *table {
	t := &table{}
	var expressions []string
	names := map[string]string{}
	n := 0
	for line := range strings.Lines(source) {
		n++
		line = strings.TrimSpace(line)
		before, after, definition := strings.Cut(line, " = ")
		switch {
		case line == "" || strings.HasPrefix(line, "#"):
		case strings.HasPrefix(line, "[") && strings.HasSuffix(line, "]"):
			t.label(strings.Trim(line, "[]"))
			expressions = append(expressions, "")
		case definition:
			names[strings.TrimSpace(before)] = expand(after, names)
		case len(expressions) == 0:
			panic(fmt.Sprintf("%s:%d: an expression without a label", name, n))
		default:
			last := &expressions[len(expressions)-1]
			*last = strings.TrimPrefix(*last+"|"+expand(line, names), "|")
		}
	}
	var err error
	if t.automaton, err = newAutomaton(expressions); err != nil {
		panic(fmt.Sprintf("%s: %v", name, err))
	}
	return t
}

func (t *table) label(s string) {
	name, weight, _ := strings.Cut(s, " ")
	w, _ := strconv.ParseFloat(weight, 64)
	t.labels, t.weights = append(t.labels, name), append(t.weights, w)
}

// expand folds an expression and puts in what its names stand for.
func expand(expr string, names map[string]string) string {
	for name, value := range names {
		expr = strings.ReplaceAll(expr, "{"+name+"}", "(?:"+value+")")
	}
	return strings.Map(foldLetter, expr)
}

// bit returns the bit of a label in the sets of [match].
func (t *table) bit(label string) uint64 {
	return 1 << slices.Index(t.labels, label)
}

// tally adds the weights of what a clause contains to the sums of the labels. Of expressions that overlap the first and
// longest counts alone, so that a label of weight 0 takes the sting out of what it covers. seen counts the signs of each
// label found so far: every further one adds less.
func (t *table) tally(clause string, seen []int, sums []float64) {
	for i := 0; i < len(clause); {
		m := match{}
		if border(clause, i) {
			m = t.at(clause, i)
		}
		if m.end <= i {
			i = next(clause, i)
			continue
		}
		label := lowest(m.longest)
		if seen[label]++; seen[label] <= 4 {
			sums[label] += t.weights[label] * further(seen[label])
		}
		i = m.end
	}
}

// further is the share of its weight that the nth sign of one label adds.
func further(n int) float64 {
	if n == 1 {
		return 1
	}
	return 0.3
}

package intent

import (
	"math"
	"slices"
)

// observed is an example with its features.
type observed struct {
	intent   string
	features []feature
	words    int
	vector   []float32 // of the embedder, nil without
	hidden   bool      // out of scope only because cross-validation hid its intent
}

func observe(e Example) observed {
	fs, words := features(e.Text)
	return observed{intent: e.Intent, features: fs, words: words, vector: e.Vector}
}

// classifier scores the intents of a text, without calibration.
type classifier struct {
	names      []string // intents, sorted
	vocabulary *vocabulary
	weights    matrix
	seen       holdings
	dense      dense
	outOfScope bool // the last class of weights is OutOfScope, which is not in names
}

// scopeExamples is the number of out-of-scope examples from which they are learned as a class of their own. Fewer say
// nothing about what all the other out-of-scope messages look like.
const scopeExamples = 20

// fitClassifier trains on the given examples.
func fitClassifier(examples []observed, seed uint64) classifier {
	var c classifier
	outside := 0
	for _, e := range examples {
		if e.intent == OutOfScope {
			outside++
		} else {
			c.names = append(c.names, e.intent)
		}
	}
	slices.Sort(c.names)
	c.names = slices.Compact(c.names)
	c.outOfScope = outside >= scopeExamples
	classes := len(c.names)
	if c.outOfScope {
		classes++
	}
	var chosen []observed
	var labels []int
	for _, e := range examples {
		label, inScope := slices.BinarySearch(c.names, e.intent)
		if e.intent == OutOfScope {
			label, inScope = len(c.names), c.outOfScope
		}
		if inScope {
			chosen, labels = append(chosen, e), append(labels, label)
		}
	}
	c.fit(chosen, labels, classes, seed)
	return c
}

func (c *classifier) fit(examples []observed, labels []int, classes int, seed uint64) {
	c.vocabulary = newVocabulary(examples, labels, classes)
	xs := make([]vector, len(examples))
	for i, e := range examples {
		xs[i], _, _ = c.vocabulary.vector(e.features, e.words)
	}
	rows := len(c.vocabulary.hashes)
	c.seen = newHoldings(xs, labels, classes, rows)
	c.dense = newDense(examples, labels)
	for i, e := range examples {
		xs[i] = c.dense.join(xs[i], c.dense.centre(e.vector), rows)
	}
	c.weights = matrix{columns: classes, values: fitLinear(xs, labels, classes, rows+len(c.dense.mean), seed)}
}

// evidence is what the out-of-scope score is computed from.
type evidence [7]float64

// score returns the margin of every intent, in the order of names, and the evidence about their scope.
func (c *classifier) score(e observed) ([]float32, evidence) {
	x, known, strange := c.vocabulary.vector(e.features, e.words)
	meaning := c.dense.centre(e.vector)
	scores := c.weights.product(c.dense.join(x, meaning, len(c.vocabulary.hashes)))
	c.dense.addNearest(scores, meaning)
	first, second := float32(math.Inf(-1)), float32(math.Inf(-1))
	sum := 0.0
	for _, s := range scores[:len(c.names)] {
		if s > first {
			first, second = s, first
		} else if s > second {
			second = s
		}
		sum += math.Exp(4 * float64(s))
	}
	if len(c.names) == 1 {
		second = -1
	}
	ev := evidence{float64(first), float64(first - second), math.Log(sum) / 4, 1 - known, 1 / float64(e.words+1)}
	ev[6] = c.coverage(x, strange, best(scores[:len(c.names)]))
	if c.outOfScope {
		ev[5] = float64(scores[len(c.names)] - first)
	}
	return scores[:len(c.names)], ev
}

// matrix holds a row of weights for each feature and a last row of biases. It is float32 while training; quantise packs
// every row but the last into bytes, which makes a large model a quarter as big and changes no score by more than 1 %.
type matrix struct {
	columns int
	values  []float32 // all rows; after quantise the biases alone
	packed  []int8
	scales  []float32 // of each packed row
}

func (m *matrix) quantise() {
	rows := len(m.values)/m.columns - 1
	m.packed = make([]int8, rows*m.columns)
	m.scales = make([]float32, rows)
	for r := range rows {
		row := m.values[r*m.columns : (r+1)*m.columns]
		var top float64
		for _, v := range row {
			top = max(top, math.Abs(float64(v)))
		}
		if top == 0 {
			continue
		}
		m.scales[r] = float32(top / 127)
		for i, v := range row {
			m.packed[r*m.columns+i] = int8(math.Round(float64(v) / top * 127))
		}
	}
	m.values = slices.Clone(m.values[rows*m.columns:])
}

// product multiplies a vector with the matrix and adds the biases.
func (m *matrix) product(x vector) []float32 {
	scores := make([]float32, m.columns)
	copy(scores, m.values[len(m.values)-m.columns:])
	for k, id := range x.ids {
		from, to := int(id)*m.columns, int(id+1)*m.columns
		if m.packed == nil {
			for i, w := range m.values[from:to] {
				scores[i] += x.values[k] * w
			}
			continue
		}
		scale := x.values[k] * m.scales[id]
		for i, w := range m.packed[from:to] {
			scores[i] += scale * float32(w)
		}
	}
	return scores
}

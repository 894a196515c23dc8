package intent

import (
	"cmp"
	"math"
	"slices"
)

// outcome is a prediction for an example that the predicting model had not seen.
type outcome struct {
	scores []float32
	names  []string // of scores
	ev     evidence
	intent string // what the example really is
}

// enough is the number of examples on either side from which a decision about scope is fitted to data.
const enough = 20

// calibrate fixes the temperature, the out-of-scope score and its threshold on unseen examples: those of o.Valid, and
// those of cross-validation where o.Valid lacks them.
func (m *Model) calibrate(train []observed, o TrainOptions) {
	var unseen []outcome
	outside := 0
	for _, e := range o.Valid {
		seen := observe(e)
		scores, ev := m.score(seen.features, seen.words)
		unseen = append(unseen, outcome{scores, m.names, ev, e.Intent})
		if e.Intent == OutOfScope {
			outside++
		}
	}
	share := assumedShare
	if outside >= enough {
		share = float64(outside) / float64(len(unseen))
	} else {
		unseen = append(unseen, crossValidate(train, o.Seed)...)
	}
	m.temperature = fitTemperature(unseen)
	m.outOfScope = fitScope(unseen)
	threshold := min(max(m.bestThreshold(unseen, share), 1e-6), 1-1e-6)
	m.outOfScope.bias -= math.Log(threshold / (1 - threshold)) // from now on the threshold is a score of 0.5
}

// crossValidate predicts every example by a model that did not see it. A fold also hides some intents altogether, and
// their examples are out of scope for it: so a catalog without a single out-of-scope example still yields examples of
// what it looks like when no intent fits.
func crossValidate(examples []observed, seed uint64) []outcome {
	folds := 5
	switch {
	case len(examples) > 8000:
		folds = 2
	case len(examples) > 2000:
		folds = 3
	}
	hidden := hiddenIn(examples, folds)
	nth := map[string]int{} // deals the examples of each intent to the folds in turn
	fold := make([]int, len(examples))
	for i, e := range examples {
		fold[i] = nth[e.intent] % folds
		nth[e.intent]++
	}
	var out []outcome
	for f := range folds {
		var train, test []observed
		for i, e := range examples {
			switch hides := hidden[e.intent] == f+1; {
			case fold[i] == f && hides:
				e.intent = OutOfScope
				test = append(test, e)
			case fold[i] == f:
				test = append(test, e)
			case !hides:
				train = append(train, e)
			}
		}
		out = append(out, predictUnseen(train, test, seed)...)
	}
	return out
}

// hiddenIn returns, for intents that are hidden in a fold, the number of the fold plus one. Catalogs of fewer than four
// intents hide none.
func hiddenIn(examples []observed, folds int) map[string]int {
	var names []string
	for _, e := range examples {
		if e.intent != OutOfScope {
			names = append(names, e.intent)
		}
	}
	slices.Sort(names)
	names = slices.Compact(names)
	hidden := map[string]int{}
	for i, name := range names {
		if len(names) >= 4 {
			hidden[name] = i%folds + 1
		}
	}
	return hidden
}

func predictUnseen(train, test []observed, seed uint64) []outcome {
	if !slices.ContainsFunc(train, func(e observed) bool { return e.intent != OutOfScope }) {
		return nil
	}
	c := fitClassifier(train, seed)
	out := make([]outcome, len(test))
	for i, e := range test {
		scores, ev := c.score(e.features, e.words)
		out[i] = outcome{scores, c.names, ev, e.intent}
	}
	return out
}

// fitTemperature returns the temperature of highest likelihood. Without data it is cautious.
func fitTemperature(outcomes []outcome) float64 {
	best, bestLoss := 3.0, math.Inf(1)
	for t := 0.5; t < 40; t *= 1.1 {
		loss, n := 0.0, 0
		for _, o := range outcomes {
			if i, ok := slices.BinarySearch(o.names, o.intent); ok {
				loss -= math.Log(max(softmax(o.scores, t)[i], 1e-12))
				n++
			}
		}
		if n > 0 && loss < bestLoss {
			best, bestLoss = t, loss
		}
	}
	return best
}

// assumedShare is the share of out-of-scope messages where no validation set says it. It is low on purpose: examples
// made by hiding intents resemble the catalog more than real out-of-scope messages do, and must not make the bot reject
// what it understands.
const assumedShare = 0.03

// bestThreshold returns the out-of-scope score that classifies the most messages right, when a message out of scope
// counts as right if it is recognised, and the given share of all messages are. Where two scores do equally well it
// returns the middle between them.
func (m *Model) bestThreshold(outcomes []outcome, share float64) float64 {
	type point struct{ score, gain float64 } // gain of accepting this message and all those that score lower
	var points []point
	inside, outside := 0.0, 0.0
	for _, o := range outcomes {
		if o.intent == OutOfScope {
			outside++
		} else {
			inside++
		}
	}
	if inside < enough || outside < enough {
		return 0.5
	}
	for _, o := range outcomes {
		p := point{score: m.outOfScope.probability(o.ev)}
		switch {
		case o.intent == OutOfScope:
			p.gain = -share / outside
		case o.names[best(o.scores)] == o.intent:
			p.gain = (1 - share) / inside
		}
		points = append(points, p)
	}
	slices.SortFunc(points, func(a, b point) int { return cmp.Compare(a.score, b.score) })
	threshold, top, sum := 0.0, 0.0, 0.0
	for i, p := range points {
		next := 1.0
		if i+1 < len(points) {
			next = points[i+1].score
		}
		if sum += p.gain; sum > top && next > p.score {
			threshold, top = (p.score+next)/2, sum
		}
	}
	return threshold
}

func best(scores []float32) int {
	top := 0
	for i, s := range scores {
		if s > scores[top] {
			top = i
		}
	}
	return top
}

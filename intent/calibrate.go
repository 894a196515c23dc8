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
	hidden bool   // out of scope only because its intent was hidden from the model
}

// enough is the number of examples on either side from which a decision about scope is fitted to data.
const enough = 20

// calibrate fixes the temperature, the out-of-scope score and its threshold on unseen examples: those of valid, and
// those of cross-validation where valid lacks messages out of scope.
func (h *head) calibrate(train, valid []observed, seed uint64) {
	var unseen []outcome
	for _, e := range valid {
		unseen = append(unseen, h.outcomeOf(e))
	}
	if _, outside := count(unseen); outside < enough {
		unseen = append(unseen, crossValidate(train, seed)...)
	}
	h.temperature = fitTemperature(unseen)
	h.outOfScope = fitScope(unseen)
	threshold := min(max(h.bestThreshold(unseen), 1e-6), 1-1e-6)
	h.outOfScope.bias -= math.Log(threshold / (1 - threshold)) // from now on the threshold is a score of 0.5
}

func (c *classifier) outcomeOf(e observed) outcome {
	scores, ev := c.score(e)
	return outcome{scores, c.names, ev, e.intent, e.hidden}
}

// count returns how many outcomes are in and out of scope.
func count(outcomes []outcome) (inside, outside int) {
	for _, o := range outcomes {
		if o.intent == OutOfScope {
			outside++
		}
	}
	return len(outcomes) - outside, outside
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

// leastShare is the share of out-of-scope messages assumed where the examples have fewer or none. It is low on purpose:
// examples made by hiding intents resemble the catalog more than real out-of-scope messages do, and must not make the
// bot reject what it understands.
const leastShare = 0.03

// bestThreshold returns the out-of-scope score that classifies the most messages right, when a message out of scope
// counts as right if it is recognised. Their share is that of the outcomes; those of hidden intents count only where
// there are too few real ones. Between two messages it returns the middle.
func (h *head) bestThreshold(outcomes []outcome) float64 {
	share := leastShare
	known := slices.DeleteFunc(slices.Clone(outcomes), func(o outcome) bool { return o.hidden })
	if inside, outside := count(known); outside >= enough {
		outcomes = known
		share = max(share, float64(outside)/float64(inside+outside))
	}
	inside, outside := count(outcomes)
	if inside < enough || outside < enough {
		return 0.5
	}
	type point struct{ score, gain float64 } // gain of accepting this message
	points := make([]point, len(outcomes))
	for i, o := range outcomes {
		points[i].score = h.outOfScope.probability(o.ev)
		switch {
		case o.intent == OutOfScope:
			points[i].gain = -share / float64(outside)
		case o.names[best(o.scores)] == o.intent:
			points[i].gain = (1 - share) / float64(inside)
		}
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

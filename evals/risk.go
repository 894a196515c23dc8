package evals

import (
	"cmp"
	"math"
	"slices"

	"handrail/bot"
)

// RiskPoint is what one threshold costs and brings.
type RiskPoint struct {
	Threshold float64 `json:"threshold"`
	Coverage  float64 `json:"coverage"` // share of the cases answered
	Risk      float64 `json:"risk"`     // share of these answers that are wrong; 0 without answers
	Wrong     int     `json:"wrong"`
	Answered  int     `json:"answered"`
}

// Recommendation is the least threshold that keeps wrong answers below a target.
type Recommendation struct {
	Target    float64  `json:"target"`    // most that may be wrong, as a share of the answers
	Threshold *float64 `json:"threshold"` // null if no threshold reaches the target
	Coverage  float64  `json:"coverage"`  // share of the cases still answered
	Bound     float64  `json:"bound"`     // wrong share at that threshold, at most, with 95 % confidence
	Needed    int      `json:"needed"`    // answers without a mistake that the target asks for at least
}

// Risk says how far the confidence of judged cases can be relied on.
type Risk struct {
	Cases       int            `json:"cases"`
	Curve       []RiskPoint    `json:"curve"`
	AURC        *float64       `json:"aurc"`        // area under risk over coverage: mean risk of the most confident 1, 2, ... n cases
	Excess      *float64       `json:"excess_aurc"` // what it is above that of an order with all right cases first
	Recommended Recommendation `json:"recommended"`
	Measured    Recommendation `json:"measured"` // by the share that was wrong here, without a margin for chance
}

// boundLevel is the confidence of the bounds on risk.
const boundLevel = 0.95

// RiskOf measures the confidence against verdicts and recommends a threshold for a target such as 0.03.
func RiskOf(confidence []float64, right []bool, target float64) Risk {
	r := Risk{Cases: len(right)}
	r.Recommended = Recommendation{Target: target, Needed: flawless(target)}
	r.Measured = r.Recommended
	if len(right) == 0 {
		return r
	}
	for percent := 1; percent < 100; percent++ {
		p := riskAt(confidence, right, float64(percent)/100)
		r.Curve = append(r.Curve, p)
		if p.Answered == 0 {
			continue
		}
		bound := UpperBound(p.Wrong, p.Answered, boundLevel)
		r.Recommended.offer(p, bound, bound)
		r.Measured.offer(p, bound, float64(p.Wrong)/float64(p.Answered))
	}
	area, best := aurc(confidence, right)
	r.AURC, r.Excess = number(area), number(area-best)
	return r
}

// offer takes the first threshold, hence the least, whose risk reaches the target.
func (r *Recommendation) offer(p RiskPoint, bound, risk float64) {
	if r.Threshold == nil && risk <= r.Target {
		r.Threshold, r.Coverage, r.Bound = &p.Threshold, p.Coverage, round(bound)
	}
}

func riskAt(confidence []float64, right []bool, threshold float64) RiskPoint {
	p := RiskPoint{Threshold: threshold}
	for i, c := range confidence {
		if c < threshold {
			continue
		}
		p.Answered++
		if !right[i] {
			p.Wrong++
		}
	}
	p.Coverage = round(float64(p.Answered) / float64(max(1, len(right))))
	p.Risk = round(float64(p.Wrong) / float64(max(1, p.Answered)))
	return p
}

// aurc returns the area under the risk-coverage curve (Geifman and El-Yaniv 2017), and the least that any order of the
// cases could have. Cases of equal confidence are taken in any order, on average. Both are NaN without cases.
func aurc(confidence []float64, right []bool) (area, best float64) {
	order := make([]int, len(right))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(confidence[b], confidence[a]) })
	var wrong float64
	for i := 0; i < len(order); {
		j, errors := i, 0.0
		for ; j < len(order) && confidence[order[j]] == confidence[order[i]]; j++ {
			errors += truth(!right[order[j]])
		}
		for k := i; k < j; k++ {
			area += (wrong + errors*float64(k-i+1)/float64(j-i)) / float64(k+1)
		}
		wrong, i = wrong+errors, j
	}
	n := float64(len(order))
	for k := 1.0; k <= wrong; k++ {
		best += k / (n - wrong + k)
	}
	return area / n, best / n
}

// UpperBound is the exact one-sided bound of Clopper and Pearson on a share of which k of n were counted: with the
// confidence level, in (0, 1), the true share is not above it. It is 1 for n = 0.
func UpperBound(k, n int, level float64) float64 {
	if k >= n {
		return 1
	}
	low, high := float64(k)/float64(n), 1.0
	for range 60 { // halves the interval far below what is printed
		middle := (low + high) / 2
		if atMost(k, n, middle) > 1-level {
			low = middle
		} else {
			high = middle
		}
	}
	return high
}

// atMost is the probability of k or fewer successes in n tries of probability p, with 0 < p < 1.
func atMost(k, n int, p float64) (sum float64) {
	term := float64(n) * math.Log1p(-p) // logarithm of the probability of i successes
	for i := 0; i <= k; i++ {
		sum += math.Exp(term)
		term += math.Log(float64(n-i)/float64(i+1)) + math.Log(p) - math.Log1p(-p)
	}
	return sum
}

// flawless is the least number of answers, all right, that bounds the risk by a target.
func flawless(target float64) int {
	if target <= 0 || target >= 1 {
		return 0
	}
	return int(math.Ceil(math.Log(1-boundLevel) / math.Log1p(-target)))
}

// Predictions are the confidences of a report's judged cases, with what became of them.
func Predictions(results []Result) (confidence []float64, right []bool) {
	for _, r := range results {
		if hasVerdict(r) {
			confidence, right = append(confidence, r.Confidence), append(right, r.Right)
		}
	}
	return confidence, right
}

// hasVerdict reports whether the confidence of a result can be checked: one whose tags say so, or, in a suite without these
// tags, one that expects an answer or a handoff and in which the bot had an answer to give or to withhold.
func hasVerdict(r Result) bool {
	tagged := slices.ContainsFunc(r.Tags, func(t string) bool {
		return t == "answerable" || t == "unanswerable" || t == "out_of_scope"
	})
	if tagged {
		return predictsRight(r)
	}
	return r.Confidence > 0 && r.Reason != bot.ReasonFixedReply && r.Expected != bot.Clarify
}

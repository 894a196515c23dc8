package evals

import "math"

// metric is one number about a set of outcomes, NaN where none of them says anything about it.
type metric func([]Outcome) float64

// meanOf is the metric that is the mean of the scores of that name.
func meanOf(name string) metric {
	return func(outcomes []Outcome) float64 {
		var sum, n float64
		for _, o := range outcomes {
			if v, ok := o.Scores[name]; ok {
				sum += v
				n++
			}
		}
		return sum / n
	}
}

// direction says which way of a metric is better.
type direction int

const (
	higher  direction = 1
	lower   direction = -1
	neither direction = 0 // reported, never gated
)

// directions lists the metrics that are the mean of scores, and which of them the gate looks at. docs/evals.md says what
// each means. The tokens and their cost are reported only: a better answer may be a longer one.
func directions() map[string]direction {
	return map[string]direction{
		"pass": higher, "answered_right": higher, "wrong_answers": lower, "needless_handoffs": lower, "refusal": higher,
		"escalation_precision": higher, "escalation_recall": higher,
		"clarify_recall": higher, "clarify_rate_clear": lower, "clarify_choices": higher, "clarify_offered": higher, "clarify_resolved": higher,
		"effort_recall": higher, "effort_precision": higher,
		"intent_accuracy": higher, "oos_recall": higher, "entity_recall": higher,
		"retrieval_hit@1": higher, "retrieval_hit": higher, "retrieval_mrr": higher, "retrieval_ndcg": higher,
		"retrieval_recall": higher,
		"facts":            higher, "forbidden_avoided": higher, "cited_source": higher, "citation_validity": higher,
		"groundedness": higher, "reply_language": higher, "judged_right": higher,
		"tokens_prompt": neither, "tokens_reply": neither, "cost_per_1000": neither,
		"macro_f1": higher, "ece": lower,
	}
}

// metricOf returns how a metric of [directions] is calculated.
func metricOf(name string) metric {
	switch name {
	case "ece":
		return calibrationError
	case "macro_f1":
		return intentF1
	}
	return meanOf(name)
}

// calibrationError is [ECE] over the outcomes whose confidence can be judged.
func calibrationError(outcomes []Outcome) float64 {
	var conf []float64
	var right []bool
	for _, o := range outcomes {
		if o.Confidence != nil {
			conf, right = append(conf, *o.Confidence), append(right, o.Right)
		}
	}
	return ECE(conf, right)
}

// intentF1 is the macro-averaged F1 over the outcomes with an expected intent.
func intentF1(outcomes []Outcome) float64 {
	var gold, predicted []string
	for _, o := range outcomes {
		if o.WantIntent != "" {
			gold, predicted = append(gold, o.WantIntent), append(predicted, o.Intent)
		}
	}
	return macroF1(gold, predicted)
}

// measure sums the outcomes up: every metric of [directions] that they say something about, and p50_ms and p95_ms, the
// time of a turn.
func measure(outcomes []Outcome) map[string]float64 {
	m := map[string]float64{}
	for name := range directions() {
		if v := metricOf(name)(outcomes); !math.IsNaN(v) {
			m[name] = round(v)
		}
	}
	var took []float64
	for _, o := range outcomes {
		took = append(took, o.ms)
	}
	m["p50_ms"], m["p95_ms"] = quantile(took, .5), quantile(took, .95)
	return m
}

package bot

import "maps"

// Support estimates, without a model, the probability that the passages state what the sentence says, in [0, 1]. It is
// a logistic combination of the features of [SupportFeatures] with the weights of [supportModel], deterministic, and 0
// where there is no sentence or no passage. It ranks sentences; what must be copied exactly is checked by [supported].
func Support(sentence string, passages []string) float64 {
	f := SupportFeatures(sentence, passages)
	if f == nil {
		return 0
	}
	return supportModel().Probability(f)
}

// SupportFeatures says how the sentence is aligned with the passages; nil where either holds no word. Each is in [0, 1]:
//
//	worst      share of the words found in the stretch of five where least is found
//	order      longest sequence of content words that the best window, one sentence or two in a row, has in the same
//	           order, as a share
//	links      share of neighbouring content words that follow each other, in this order, within a few words
//	fragments  number of copied pieces that the sentence can be put together from, as a share of its words
//	strangers  content words that no passage holds; 1 for six or more
//	numbers    share of the numbers that the passages lack
//	names      share of the capitalised words that the passages lack
//	speaker    1 if the sentence says "I" where the window does not
//	swapped    share of the linked content words that the window has in the opposite order only
//	negation   1 if two neighbouring content words are linked in a passage, and denied in one of the two only
//	misplaced  1 if a number or name stands elsewhere in the passages than what the sentence says about it
func SupportFeatures(sentence string, passages []string) Features {
	said, in := unitsOf(sentence), newContext(passages)
	if len(said) == 0 || len(in.units) == 0 {
		return nil
	}
	a := in.align(said)
	best := a.bestWindow()
	var f Features
	f.add("worst", a.worst())
	f.add("order", a.order(best))
	f.add("links", a.links())
	f.add("fragments", a.fragments())
	f.add("strangers", a.strangers())
	f.add("numbers", a.missing(func(u unit) bool { return u.number }))
	f.add("names", a.missing(func(u unit) bool { return u.name }))
	f.add("speaker", truth(a.speaker(best)))
	f.add("swapped", a.swapped(best))
	f.add("negation", truth(a.negated()))
	f.add("misplaced", truth(a.misplaced()))
	return f
}

// fittedSupport names the features whose weights follow from labelled sentences.
func fittedSupport() []string {
	return []string{"worst", "order", "links", "fragments", "strangers", "names", "speaker"}
}

// contrary are the weights of what makes a sentence contradict its passage. They are set by hand: labelled sets hold
// too few sentences that differ from their passage in nothing else, and in a company's answer each is a wrong promise.
func contrary() map[string]float64 {
	return map[string]float64{"numbers": -1.5, "misplaced": -1.5, "swapped": -1, "negation": -2}
}

// supportPenalty is the L2 penalty on the fitted weights. Between 1 and 10 the figures hardly move.
const supportPenalty = 3

// FitSupport fits the weights of [Support] to sentences with the features of [SupportFeatures]; those of contrary are
// not fitted.
func FitSupport(cases []Labelled) Calibrator {
	c := Fit(cases, fittedSupport(), supportPenalty)
	maps.Copy(c.Weights, contrary())
	return c
}

// supportModel holds the weights that FitSupport gives for the sets of docs/adr/009-groundedness.md, rounded.
func supportModel() Calibrator {
	return Calibrator{Bias: -2.3, Weights: map[string]float64{
		"worst":     1.8,
		"order":     2,
		"links":     0.7,
		"fragments": -1.3,
		"strangers": -0.4,
		"names":     -0.3,
		"speaker":   -1.5,
		"numbers":   -1.5,
		"swapped":   -1,
		"negation":  -2,
		"misplaced": -1.5,
	}}
}

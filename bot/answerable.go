package bot

import "handrail/knowledge"

// answerability weighs the evidence for a base that holds the answer. It was fitted jointly to questions whose document
// was taken out and to look-alikes of answerable questions, in two languages, each set left out in turn, and then
// rounded; docs/adr/006-answerability.md has the sets, the figures and what else was tried.
func answerability() Calibrator {
	return Calibrator{Bias: -1.2, Weights: map[string]float64{
		"gap":           1.9,
		"sentence":      0.8,
		"score":         0.8,
		"complete":      0.5,
		"names_missing": -1.85,
		"negated":       -1,
	}}
}

// Answerability estimates from the evidence of retrieval alone that the base holds the answer, in (0, 1). It ranks
// questions of one base; it is not the confidence of a turn, which also asks whether the best passage is the right one.
func Answerability(e knowledge.Evidence) float64 {
	return answerability().Probability(evidenceFeatures(e))
}

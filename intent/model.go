package intent

import (
	"cmp"
	"math"
	"slices"

	"handrail/internal/errs"
)

// TrainOptions tune [TrainModel]. The zero value is right for a catalog.
type TrainOptions struct {
	// Valid fixes the temperature and the out-of-scope threshold. Where it is empty, or has too few out-of-scope
	// examples, predictions made in cross-validation on the training examples take its place.
	Valid []Example
	// Seed decides every random choice: the same examples, options and seed give the same model.
	Seed uint64
}

// Model is a trained classifier. It is immutable and safe for concurrent use.
type Model struct {
	classifier
	temperature float64  // multiplies scores before they become probabilities
	outOfScope  logistic // maps evidence to the out-of-scope score
}

// Prediction is what a [Model] says about one text.
type Prediction struct {
	Intent       string        // best intent, or OutOfScope ("oos") where its score exceeds 0.5
	Probability  float64       // calibrated probability of the best intent, given that one of them fits, in [0,1]
	Margin       float64       // distance to the probability of the second best, in [0,1]
	OutOfScope   float64       // score that no intent fits, in [0,1]; above 0.5 the model takes it that none does
	Alternatives []Alternative // every intent, most probable first; probabilities sum to 1
}

// Alternative is one intent and its probability in [0,1].
type Alternative struct {
	Name        string
	Probability float64
}

// TrainModel fits a model to the examples. At least one must be in scope, or the error is of kind [errs.Invalid].
func TrainModel(examples []Example, o TrainOptions) (*Model, error) {
	if !slices.ContainsFunc(examples, func(e Example) bool { return e.Intent != OutOfScope }) {
		return nil, errs.New(errs.Invalid, "there is nothing to train on: add examples to at least one intent")
	}
	seen := make([]observed, len(examples))
	for i, e := range examples {
		seen[i] = observe(e)
	}
	m := &Model{classifier: fitClassifier(seen, o.Seed)}
	m.calibrate(seen, o)
	m.weights.quantise()
	return m, nil
}

// Intents returns the names of the intents the model knows, sorted.
func (m *Model) Intents() []string { return slices.Clone(m.names) }

// Predict classifies one text.
func (m *Model) Predict(text string) Prediction {
	fs, words := features(text)
	scores, ev := m.score(fs, words)
	probabilities := softmax(scores, m.temperature)
	p := Prediction{OutOfScope: m.outOfScope.probability(ev), Alternatives: make([]Alternative, len(m.names))}
	for i, name := range m.names {
		p.Alternatives[i] = Alternative{Name: name, Probability: probabilities[i]}
	}
	slices.SortStableFunc(p.Alternatives, func(a, b Alternative) int { return cmp.Compare(b.Probability, a.Probability) })
	best := p.Alternatives[0]
	p.Intent, p.Probability, p.Margin = best.Name, best.Probability, best.Probability
	if len(p.Alternatives) > 1 {
		p.Margin -= p.Alternatives[1].Probability
	}
	if p.OutOfScope > 0.5 {
		p.Intent = OutOfScope
	}
	return p
}

// softmax turns scores into probabilities that sum to one.
func softmax(scores []float32, temperature float64) []float64 {
	top := slices.Max(scores)
	out := make([]float64, len(scores))
	sum := 0.0
	for i, s := range scores {
		out[i] = math.Exp(temperature * float64(s-top))
		sum += out[i]
	}
	for i := range out {
		out[i] /= sum
	}
	return out
}

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
	// Embedder names the model that made the vectors of the examples: those of another one mean something else.
	Embedder string
}

// Model is a trained classifier. It is immutable and safe for concurrent use.
type Model struct {
	head            // judges by the text alone
	joined   *head  // judges by the text and its vector; nil where the examples had no vectors
	embedder string // made the vectors
}

// head is a classifier with its calibration.
type head struct {
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
	valid := make([]observed, len(o.Valid))
	for i, e := range o.Valid {
		valid[i] = observe(e)
	}
	m := &Model{embedder: o.Embedder}
	if embedded(slices.Concat(seen, valid)) {
		m.joined = fitHead(seen, valid, o.Seed)
	}
	m.head = *fitHead(bare(seen), bare(valid), o.Seed)
	return m, nil
}

// embedded says whether all examples have vectors, of one length.
func embedded(examples []observed) bool {
	length := len(examples[0].vector)
	return length > 0 && !slices.ContainsFunc(examples, func(e observed) bool { return len(e.vector) != length })
}

// bare returns the examples without vectors.
func bare(examples []observed) []observed {
	out := slices.Clone(examples)
	for i := range out {
		out[i].vector = nil
	}
	return out
}

func fitHead(examples, valid []observed, seed uint64) *head {
	h := &head{classifier: fitClassifier(examples, seed)}
	h.calibrate(examples, valid, seed)
	h.weights.quantise()
	return h
}

// Intents returns the names of the intents the model knows, sorted.
func (m *Model) Intents() []string { return slices.Clone(m.names) }

// Dimensions is the length of the vectors that the model was trained with, 0 without.
func (m *Model) Dimensions() int {
	if m.joined == nil {
		return 0
	}
	return len(m.joined.dense.mean)
}

// Predict classifies one text.
func (m *Model) Predict(text string) Prediction { return m.PredictWith(text, nil) }

// PredictWith classifies one text by its vector as well. Without a vector of [Model.Dimensions] it is [Model.Predict].
func (m *Model) PredictWith(text string, vector []float32) Prediction {
	if len(vector) > 0 && len(vector) == m.Dimensions() {
		return m.joined.predict(observe(Example{Text: text, Vector: vector}))
	}
	return m.predict(observe(Example{Text: text}))
}

func (h *head) predict(e observed) Prediction {
	scores, ev := h.score(e)
	probabilities := softmax(scores, h.temperature)
	p := Prediction{OutOfScope: h.outOfScope.probability(ev), Alternatives: make([]Alternative, len(h.names))}
	for i, name := range h.names {
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

package intent

// TrainOptions tune [TrainModel]. The zero value is right for a catalog.
type TrainOptions struct {
	// Valid fixes temperature and out-of-scope threshold. Where it is empty, predictions of cross-validation on the
	// training examples take its place.
	Valid []Example
	// Seed decides every random choice: the same examples, options and seed give the same model.
	Seed uint64
}

// Model is a trained classifier. It is immutable and safe for concurrent use.
type Model struct{}

// Prediction is what a [Model] says about one text.
type Prediction struct {
	Intent       string        // best intent, or OutOfScope ("oos") if its score is above the model's threshold
	Probability  float64       // calibrated probability of the best intent, in [0,1]
	Margin       float64       // distance to the second best, in [0,1]
	OutOfScope   float64       // probability-like score that no intent fits, in [0,1]; compare with Model.Threshold
	Alternatives []Alternative // every intent, most probable first; probabilities sum to 1
}

// Alternative is one intent and its probability in [0,1].
type Alternative struct {
	Name        string
	Probability float64
}

// TrainModel fits a model to the examples, at least one of which must be in scope.
func TrainModel(examples []Example, o TrainOptions) (*Model, error) { return &Model{}, nil }

// Predict classifies one text.
func (m *Model) Predict(text string) Prediction { return Prediction{} }

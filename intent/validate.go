package intent

import (
	"context"
)

// split deals examples to folds, so that each can be judged by a model that has not seen it. The same examples are
// always dealt the same way, and examples that are equal but for case and punctuation go to the same fold.
type split struct {
	of     map[string]int // fold of each example, by its key
	folds  int
	tested int // folds that are judged: all of them, or for catalogs that take long to train the first
}

func splitOf(examples []Example) split {
	s := split{of: map[string]int{}, folds: 5, tested: 5}
	switch n := len(examples); {
	case n > 3000:
		s.tested = 1
	case n > 1000:
		s.folds, s.tested = 3, 3
	}
	nth := map[string]int{}
	for _, e := range examples {
		key := keyOf(e.Text)
		if _, ok := s.of[key]; !ok {
			s.of[key] = nth[e.Intent] % s.folds
			nth[e.Intent]++
		}
	}
	return s
}

// judge predicts the examples of one fold by a model of those training examples that stand in other folds, in the order
// of the examples; the others, and all where nothing is left to train on, are nil.
func (s split) judge(fold int, training, examples []Example) []*Prediction {
	var rest []Example
	for _, e := range training {
		if f, known := s.of[keyOf(e.Text)]; !known || f != fold {
			rest = append(rest, e)
		}
	}
	out := make([]*Prediction, len(examples))
	m, err := TrainModel(rest, TrainOptions{})
	if err != nil {
		return out
	}
	for i, e := range examples {
		if s.of[keyOf(e.Text)] == fold {
			p := m.Predict(e.Text)
			out[i] = &p
		}
	}
	return out
}

// validated predicts every example that is tested by a model that has not seen it; the others are nil. The error is
// that of ctx.
func validated(ctx context.Context, examples []Example, progress func(done, total int)) ([]*Prediction, error) {
	s := splitOf(examples)
	out := make([]*Prediction, len(examples))
	for fold := range s.tested {
		progress(fold, s.tested)
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		for i, p := range s.judge(fold, examples, examples) {
			if p != nil {
				out[i] = p
			}
		}
	}
	progress(s.tested, s.tested)
	return out, nil
}

// scores are the shares that a model judged right without having seen them; nil where there was nothing to judge.
type scores struct {
	accuracy  *float64 // of the examples of an intent; one that was taken to be out of scope is wrong
	oosRecall *float64 // of the examples out of scope
}

func scoresOf(examples []Example, predictions []*Prediction) scores {
	var inside, outside tally
	for i, p := range predictions {
		switch {
		case p == nil:
		case examples[i].Intent == OutOfScope:
			outside.count(p.Intent == OutOfScope)
		default:
			inside.count(p.Intent == examples[i].Intent)
		}
	}
	return scores{inside.share(), outside.share()}
}

type tally struct{ right, all int }

func (t *tally) count(right bool) {
	t.all++
	if right {
		t.right++
	}
}

func (t *tally) share() *float64 {
	if t.all == 0 {
		return nil
	}
	s := float64(t.right) / float64(t.all)
	return &s
}

package llm

import (
	"context"
	"iter"
)

// fallback is a list of models of which the first that works answers.
type fallback struct{ models []Model }

// Fallback returns a model that asks first, and the others in turn where one fails before its first text; after that
// a failure is final, because the text has been shown. The caller's context bounds the whole.
func Fallback(first Model, others ...Model) Model {
	if len(others) == 0 {
		return first
	}
	return fallback{models: append([]Model{first}, others...)}
}

// Name implements [Model]: the name of the first model, for which prompts and budgets are made.
func (f fallback) Name() string { return f.models[0].Name() }

// Stream implements [Model].
func (f fallback) Stream(ctx context.Context, r Request) iter.Seq2[Delta, error] {
	return func(yield func(Delta, error) bool) {
		for i, m := range f.models {
			last := i == len(f.models)-1
			if !relay(ctx, m.Stream(ctx, r), last, yield) {
				return
			}
		}
	}
}

// relay hands an answer on and reports whether the next model should be asked instead.
func relay(ctx context.Context, answer iter.Seq2[Delta, error], last bool, yield func(Delta, error) bool) bool {
	shown := false
	for d, err := range answer {
		if err != nil && !shown && !last && ctx.Err() == nil {
			return true
		}
		shown = true
		if !yield(d, err) {
			return false
		}
	}
	return false
}

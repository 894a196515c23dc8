package intent

import "slices"

// crossValidate predicts every example by a model that did not see it. A fold also hides some intents altogether, and
// their examples are out of scope for it: so a catalog without a single out-of-scope example still yields examples of
// what it looks like when no intent fits.
func crossValidate(examples []observed, seed uint64) []outcome {
	folds := 5
	switch {
	case len(examples) > 8000:
		folds = 2
	case len(examples) > 2000:
		folds = 3
	}
	hidden := hiddenIn(examples, folds)
	nth := map[string]int{} // deals the examples of each intent to the folds in turn
	fold := make([]int, len(examples))
	for i, e := range examples {
		fold[i] = nth[e.intent] % folds
		nth[e.intent]++
	}
	var out []outcome
	for f := range folds {
		var train, test []observed
		for i, e := range examples {
			switch hides := hidden[e.intent] == f+1; {
			case fold[i] == f && hides:
				e.intent, e.hidden = OutOfScope, true
				test = append(test, e)
			case fold[i] == f:
				test = append(test, e)
			case !hides:
				train = append(train, e)
			}
		}
		out = append(out, predictUnseen(train, test, seed)...)
	}
	return out
}

// hiddenIn returns, for intents that are hidden in a fold, the number of the fold plus one. Catalogs of fewer than four
// intents hide none.
func hiddenIn(examples []observed, folds int) map[string]int {
	var names []string
	for _, e := range examples {
		if e.intent != OutOfScope {
			names = append(names, e.intent)
		}
	}
	slices.Sort(names)
	names = slices.Compact(names)
	hidden := map[string]int{}
	for i, name := range names {
		if len(names) >= 4 {
			hidden[name] = i%folds + 1
		}
	}
	return hidden
}

func predictUnseen(train, test []observed, seed uint64) []outcome {
	if !slices.ContainsFunc(train, func(e observed) bool { return e.intent != OutOfScope }) {
		return nil
	}
	c := fitClassifier(train, seed)
	out := make([]outcome, len(test))
	for i, e := range test {
		out[i] = c.outcomeOf(e)
	}
	return out
}

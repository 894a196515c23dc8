package bot

import (
	"maps"
	"math"
	"slices"

	"handrail/intent"
	"handrail/internal/text"
	"handrail/knowledge"
)

// Feature is one named number that the confidence rests on, in [0, 1] unless its name says otherwise.
type Feature struct {
	Name  string
	Value float64
}

// Features are the inputs of the calibrator, in a fixed order.
type Features []Feature

func (f Features) get(name string) float64 {
	for _, x := range f {
		if x.Name == name {
			return x.Value
		}
	}
	return 0
}

func (f *Features) add(name string, value float64) { *f = append(*f, Feature{name, value}) }

// Map returns the features by name, as they are stored and shown.
func (f Features) Map() map[string]float64 {
	m := make(map[string]float64, len(f))
	for _, x := range f {
		m[x.Name] = math.Round(x.Value*1000) / 1000
	}
	return m
}

// features describes a turn before any answer is written.
func features(t Turn, in intent.Result, found knowledge.Result) Features {
	f := evidenceFeatures(found.Evidence)
	f.standing(t.Text, found.Hits)
	f.add("answerable", Answerability(found.Evidence))
	f.add("intent_probability", intentProbability(in))
	f.add("out_of_scope", in.OutOfScope)
	f.add("intents", truth(in.Model > 0))
	f.add("repeated", repeated(t))
	return f
}

// evidenceFeatures names what retrieval alone tells.
func evidenceFeatures(e knowledge.Evidence) Features {
	var f Features
	f.add("coverage", e.Coverage)
	f.add("coverage_top", e.CoverageTop)
	f.add("unknown", e.Unknown)
	f.add("score", e.Score)
	f.add("margin", e.Margin)
	f.add("title_match", e.TitleMatch)
	f.add("proximity", e.Proximity)
	f.add("agreement", e.Agreement)
	f.add("terms", float64(e.Terms)) // a count
	f.add("gap", e.Gap)
	f.add("sentence", e.Sentence)
	f.add("complete", e.Complete)
	f.add("names_missing", e.NamesMissing)
	f.add("negated", e.Negated)
	return f
}

// averageIntent is the probability of the intent of a typical message.
const averageIntent = 0.6

// intentProbability of a workspace without intents is that of a typical message, so that it speaks neither for nor
// against the reply.
func intentProbability(in intent.Result) float64 {
	if in.Model == 0 {
		return averageIntent
	}
	return in.Probability
}

// repeated returns how much of the message the visitor has said before in this conversation: asking again means that
// the last answer did not help.
func repeated(t Turn) float64 {
	now := termSet(t.Text)
	var most float64
	for _, u := range t.History {
		if !u.FromVisitor {
			continue
		}
		before := termSet(u.Text)
		var common int
		for term := range now {
			if before[term] {
				common++
			}
		}
		if n := max(len(now), len(before)); n > 0 {
			most = max(most, float64(common)/float64(n))
		}
	}
	return most
}

func termSet(s string) map[string]bool {
	set := map[string]bool{}
	for _, term := range text.Terms(s) {
		set[term.Text] = true
	}
	return set
}

// Calibrator maps features to the probability that the reply is right:
// p = 1 / (1 + exp(-(bias + sum of weight x feature))), refined where there were cases enough to learn how.
type Calibrator struct {
	Bias       float64            `json:"bias"`
	Weights    map[string]float64 `json:"weights"`
	Refinement *Refinement        `json:"refinement,omitempty"`
}

// Probability returns the calibrated confidence, in (0, 1). Features without a weight do not count.
func (c Calibrator) Probability(f Features) float64 {
	z := c.Bias
	for _, x := range f {
		z += c.Weights[x.Name] * squash(x)
	}
	p := 1 / (1 + math.Exp(-max(-surest, min(surest, z))))
	if c.Refinement != nil {
		return c.Refinement.apply(p)
	}
	return p
}

// surest bounds the log odds: beyond, rounding would make a probability 0 or 1.
const surest = 30

// names are the features that have a weight, in a fixed order.
func (c Calibrator) names() []string { return slices.Sorted(maps.Keys(c.Weights)) }

// squash brings counts onto the scale of the other features.
func squash(x Feature) float64 {
	if x.Name == "terms" {
		return math.Min(x.Value, 8) / 8
	}
	return x.Value
}

// SearchFeatures are the features of a question without a conversation, for sets of such questions.
func SearchFeatures(question string, found knowledge.Result) Features {
	return features(Turn{Text: question}, intent.Result{}, found)
}

// FeaturesOf restores features from the form in which [Features.Map] stored them.
func FeaturesOf(m map[string]float64) Features {
	var f Features
	for _, name := range slices.Sorted(maps.Keys(m)) {
		f.add(name, m[name])
	}
	return f
}

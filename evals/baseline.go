package evals

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"

	"handrail/internal/errs"
)

// Baseline is what a suite is known to reach. It is committed; a run may not fall below it.
type Baseline struct {
	Suite string `json:"suite"`
	// Deterministic says that no model wrote a reply: then the same program gives the same replies, and every case that
	// passed and now fails was made to fail by a change.
	Deterministic bool               `json:"deterministic"`
	Metrics       map[string]float64 `json:"metrics"`
	Tolerance     map[string]float64 `json:"tolerance"` // by metric; how much worse may always be
	Cases         []Outcome          `json:"cases,omitempty"`

	// Passing are the ids of the cases that pass, in baselines that were saved without their outcomes.
	Passing []string `json:"passing,omitempty"`
}

// defaultTolerance is how much worse a metric may be without a word, where the baseline does not say.
const defaultTolerance = 0.02

// ReadBaseline reads a baseline in JSON, also one that was saved without the outcomes of its cases.
func ReadBaseline(name string, r io.Reader) (Baseline, error) {
	var b Baseline
	dec := json.NewDecoder(r)
	dec.DisallowUnknownFields()
	if err := dec.Decode(&b); err != nil {
		return Baseline{}, errs.Wrap(err, errs.Invalid, "%s is not a baseline: %v; save a new one with --save-baseline", name, err)
	}
	if len(b.Metrics) == 0 && len(b.Cases) == 0 && len(b.Passing) == 0 {
		return Baseline{}, errs.New(errs.Invalid, "%s holds nothing to compare with; save a new one with --save-baseline", name)
	}
	return b, nil
}

// NewBaseline makes the baseline that the report meets exactly.
func NewBaseline(r Report) Baseline {
	b := Baseline{Suite: r.Suite, Deterministic: deterministic(r), Metrics: map[string]float64{}, Tolerance: map[string]float64{},
		Cases: outcomesOf(r.Results)}
	for name, d := range directions() {
		if v, ok := r.Metrics[name]; ok && d != neither {
			b.Metrics[name] = v
			b.Tolerance[name] = defaultTolerance
		}
	}
	return b
}

// KeepTolerances takes over what the baseline that this one replaces tolerates.
func (b *Baseline) KeepTolerances(from Baseline) {
	for name := range b.Tolerance {
		if t, ok := from.Tolerance[name]; ok {
			b.Tolerance[name] = t
		}
	}
}

// deterministic reports whether no model wrote any reply.
func deterministic(r Report) bool {
	for _, res := range r.Results {
		if res.Model != "" {
			return false
		}
	}
	return true
}

// passing are the ids of the cases that pass, in order.
func (b Baseline) passing() []string {
	ids := append([]string(nil), b.Passing...)
	for _, o := range b.Cases {
		if o.Pass {
			ids = append(ids, o.ID)
		}
	}
	return ids
}

// WriteBaseline writes a baseline with one case per line, so that a change of it can be read.
func WriteBaseline(w io.Writer, b Baseline) error {
	head := b
	head.Cases = nil
	out, err := json.MarshalIndent(head, "", "  ")
	if err != nil {
		return fmt.Errorf("encode the baseline: %w", err)
	}
	var text bytes.Buffer
	text.Write(bytes.TrimSuffix(out, []byte("\n}")))
	text.WriteString(",\n  \"cases\": [")
	for i, o := range b.Cases {
		line, err := json.Marshal(o)
		if err != nil {
			return fmt.Errorf("encode the outcome of %s: %w", o.ID, err)
		}
		if i > 0 {
			text.WriteByte(',')
		}
		text.WriteString("\n    ")
		text.Write(line)
	}
	text.WriteString("\n  ]\n}\n")
	_, err = w.Write(text.Bytes())
	return err
}

func byID(outcomes []Outcome) map[string]Outcome {
	m := make(map[string]Outcome, len(outcomes))
	for _, o := range outcomes {
		m[o.ID] = o
	}
	return m
}

package evals

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"handrail/bot"
	"handrail/internal/errs"
)

// Suite is a set of questions with what must come of them.
type Suite struct {
	Name  string `yaml:"name"`
	Cases []Case `yaml:"cases"`
}

// Case is one question. Empty expectations are not scored.
type Case struct {
	ID       string   `yaml:"id"`
	Question string   `yaml:"question"`
	Lang     string   `yaml:"lang,omitempty"` // language the reply must be in
	Tags     []string `yaml:"tags,omitempty,flow"`
	History  []string `yaml:"history,omitempty"` // earlier messages of the visitor, oldest first

	Decision  bot.Decision `yaml:"decision"` // answer, clarify or handoff
	Reason    string       `yaml:"reason,omitempty"`
	Sources   []string     `yaml:"sources,omitempty,flow"` // ends of source paths; one of them must be cited
	Facts     [][]string   `yaml:"facts,omitempty,flow"`   // of each list, one text must stand in the reply
	Forbidden []string     `yaml:"forbidden,omitempty,flow"`
	Intent    string       `yaml:"intent,omitempty"`
	Readings  [][]string   `yaml:"readings,omitempty,flow"` // of each list, one must be offered when asked back; see offered
}

// LoadSuite reads a suite in YAML and refuses unknown fields, missing questions and doubled ids.
func LoadSuite(name string, r io.Reader) (Suite, error) {
	var s Suite
	dec := yaml.NewDecoder(r)
	dec.KnownFields(true)
	if err := dec.Decode(&s); err != nil {
		if errors.Is(err, io.EOF) {
			return Suite{}, errs.New(errs.Invalid, "%s is empty", name)
		}
		return Suite{}, errs.Wrap(err, errs.Invalid, "%s is not a suite: %v", name, err)
	}
	if len(s.Cases) == 0 {
		return Suite{}, errs.New(errs.Invalid, "%s has no cases", name)
	}
	seen := map[string]bool{}
	for i, c := range s.Cases {
		switch {
		case c.ID == "":
			return Suite{}, errs.New(errs.Invalid, "%s: case %d has no id", name, i+1)
		case seen[c.ID]:
			return Suite{}, errs.New(errs.Invalid, "%s: the id %q stands twice", name, c.ID)
		case c.Question == "":
			return Suite{}, errs.New(errs.Invalid, "%s: case %q has no question", name, c.ID)
		case !slices.Contains([]bot.Decision{bot.Answer, bot.Clarify, bot.Handoff}, c.Decision):
			return Suite{}, errs.New(errs.Invalid, "%s: case %q expects decision %q: use answer, clarify or handoff", name, c.ID, c.Decision)
		}
		seen[c.ID] = true
	}
	return s, nil
}

// WriteSuite writes a suite in the form that [LoadSuite] reads. Tabs and line breaks in names and questions become blanks:
// the library writes a text that begins with them in a form that it cannot read back.
func WriteSuite(w io.Writer, s Suite) error {
	blank := strings.NewReplacer("\t", " ", "\n", " ", "\r", " ")
	out := Suite{Name: blank.Replace(s.Name), Cases: slices.Clone(s.Cases)}
	for i := range out.Cases {
		out.Cases[i].Question = blank.Replace(out.Cases[i].Question)
	}
	enc := yaml.NewEncoder(w)
	enc.SetIndent(2)
	if err := enc.Encode(out); err != nil {
		return fmt.Errorf("write the suite %s: %w", s.Name, err)
	}
	return enc.Close()
}

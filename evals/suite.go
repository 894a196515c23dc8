package evals

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"handrail/bot"
)

// Suite is a set of questions and dialogues with what must come of them. docs/evals.md describes the format, and
// suite.schema.json states it for editors.
type Suite struct {
	Name  string `yaml:"name"`
	Cases []Case `yaml:"cases"`
}

// Case is one question, or a dialogue of several: then Turns holds the visitor's messages in their order, and Question
// and all expectations are empty. Expectations that are empty are not scored, except Decision.
type Case struct {
	ID       string   `yaml:"id,omitempty"` // unique; "" for a turn of a dialogue, which is named DIALOGUE/1, /2, ...
	Question string   `yaml:"question,omitempty"`
	Lang     string   `yaml:"lang,omitempty"` // ISO 639-1; of the conversation, and the language the reply must be in
	Tags     []string `yaml:"tags,omitempty,flow"`
	History  []string `yaml:"history,omitempty"` // earlier messages of the visitor, oldest first

	Decision  bot.Decision `yaml:"decision,omitempty"` // answer, clarify or handoff
	Reason    string       `yaml:"reason,omitempty"`
	Sources   []string     `yaml:"sources,omitempty,flow"` // ends of source paths; one of them must be cited
	Facts     [][]string   `yaml:"facts,omitempty,flow"`   // of each list, one text must stand in the reply
	Forbidden []string     `yaml:"forbidden,omitempty,flow"`
	Intent    string       `yaml:"intent,omitempty"` // a name of the catalog, or "oos" for none of them
	Entities  []Entity     `yaml:"entities,omitempty"`
	Choices   []string     `yaml:"choices,omitempty,flow"` // labels or ids that a clarifying question must offer

	// Turns are the visitor's messages of a dialogue. The bot's replies to the earlier ones are the history of the later
	// ones. They inherit Lang and Tags, and have no ID, History or Turns of their own.
	Turns []Case `yaml:"turns,omitempty"`

	// Verdict is what a person said about a reply to the question, to compare a judge with; nil for none. It says nothing
	// about the bot, whose reply may be another one.
	Verdict *Verdict `yaml:"verdict,omitempty"`
}

// Entity is one thing that a message names, as intent.Entities should find it.
type Entity struct {
	Kind  string `yaml:"kind"`            // such as "order_number"
	Value string `yaml:"value,omitempty"` // normalised; "" for any
	Text  string `yaml:"text,omitempty"`  // as it stands in the message; "" for any
}

// Verdict is what a person said about one reply.
type Verdict struct {
	Reply string `yaml:"reply"` // the reply that was judged
	Right bool   `yaml:"right"` // it answers the question, and rightly
}

// steps returns what the bot is asked in one case, in order: the question, or the turns of the dialogue with their names.
func (c Case) steps() []Case {
	if len(c.Turns) == 0 {
		return []Case{c}
	}
	out := make([]Case, len(c.Turns))
	for i, t := range c.Turns {
		t.ID = fmt.Sprintf("%s/%d", c.ID, i+1)
		t.Tags = append(slices.Clone(c.Tags), t.Tags...)
		if t.Lang == "" {
			t.Lang = c.Lang
		}
		out[i] = t
	}
	return out
}

// Questions is the number of messages that the bot is asked in a run of the suite.
func (s Suite) Questions() (n int) {
	for _, c := range s.Cases {
		n += max(1, len(c.Turns))
	}
	return n
}

// WriteSuite writes a suite in the form that [LoadSuite] reads. Tabs and line breaks in names and questions become blanks:
// the library writes a text that begins with them in a form that it cannot read back.
func WriteSuite(w io.Writer, s Suite) error {
	blank := strings.NewReplacer("\t", " ", "\n", " ", "\r", " ")
	out := Suite{Name: blank.Replace(s.Name), Cases: slices.Clone(s.Cases)}
	for i := range out.Cases {
		out.Cases[i].Question = blank.Replace(out.Cases[i].Question)
		out.Cases[i].Turns = slices.Clone(out.Cases[i].Turns)
		for j := range out.Cases[i].Turns {
			out.Cases[i].Turns[j].Question = blank.Replace(out.Cases[i].Turns[j].Question)
		}
	}
	enc := yaml.NewEncoder(w)
	enc.SetIndent(2)
	if err := enc.Encode(out); err != nil {
		return fmt.Errorf("write the suite %s: %w", s.Name, err)
	}
	return enc.Close()
}

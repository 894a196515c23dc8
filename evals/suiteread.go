package evals

import (
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"handrail/bot"
	"handrail/internal/errs"
)

// suiteReader reads the values of a suite one by one, so that every complaint has its line.
type suiteReader struct {
	file string
	path []string       // the fields that are being read, outermost first
	seen map[string]int // line of each name of a case or turn
}

type field = func(*yaml.Node) error

func (r *suiteReader) fail(n *yaml.Node, format string, args ...any) error {
	where := ""
	if len(r.path) > 1 { // the outermost is cases
		where = ", field " + strings.Join(r.path[1:], ".")
	}
	args = append([]any{r.file, n.Line, where}, args...)
	return errs.New(errs.Invalid, "%s, line %d%s: "+format, args...)
}

// add reads one case.
func (r *suiteReader) add(s *Suite, n *yaml.Node) error {
	var c Case
	known := r.expectations(&c)
	known["id"], known["history"] = r.text(&c.ID), r.texts(&c.History)
	known["turns"] = r.list(func(n *yaml.Node) error { return r.addTurn(&c, n) })
	if err := r.fields(n, "case", known); err != nil {
		return err
	}
	if c.ID == "" {
		return r.fail(n, "case %d has no id: give it one that stays, so that runs can be compared", len(s.Cases)+1)
	}
	if len(c.Turns) == 0 {
		if err := r.complete(n, c, fmt.Sprintf("case %q", c.ID)); err != nil {
			return err
		}
	} else if f := besideTurns(n); f != "" {
		return r.fail(n, "case %q: the field %s stands beside turns: move it into one of the turns", c.ID, f)
	}
	for _, step := range c.steps() {
		if before, ok := r.seen[step.ID]; ok {
			return r.fail(n, "the id %q stands twice, first in line %d: rename one of them", step.ID, before)
		}
		r.seen[step.ID] = n.Line
	}
	s.Cases = append(s.Cases, c)
	return nil
}

func (r *suiteReader) addTurn(c *Case, n *yaml.Node) error {
	var t Case
	if err := r.fields(n, "turn", r.expectations(&t)); err != nil {
		return err
	}
	c.Turns = append(c.Turns, t)
	return r.complete(n, t, "turn")
}

// besideTurns names a field of a dialogue that belongs into its turns, "" if there is none.
func besideTurns(n *yaml.Node) string {
	for i := 0; i+1 < len(n.Content); i += 2 {
		if f := n.Content[i].Value; !slices.Contains([]string{"id", "lang", "tags", "history", "turns"}, f) {
			return f
		}
	}
	return ""
}

// complete checks what no field can be checked for by itself.
func (r *suiteReader) complete(n *yaml.Node, c Case, what string) error {
	switch {
	case c.Question == "":
		return r.fail(n, "%s has no question: add the visitor's message", what)
	case c.Decision == "":
		return r.fail(n, "%s has no decision: use answer, clarify or handoff", what)
	case len(c.Choices) > 0 && c.Decision != bot.Clarify:
		return r.fail(n, "%s expects choices of a decision %q: only clarify offers choices", what, c.Decision)
	}
	return nil
}

// expectations are the fields of a question, alone or within a dialogue.
func (r *suiteReader) expectations(c *Case) map[string]field {
	return map[string]field{
		"question": r.text(&c.Question), "lang": r.code(&c.Lang), "tags": r.texts(&c.Tags), "decision": r.decision(&c.Decision),
		"reason": r.text(&c.Reason), "sources": r.texts(&c.Sources), "forbidden": r.texts(&c.Forbidden),
		"intent": r.text(&c.Intent), "choices": r.texts(&c.Choices),
		"facts": r.alternatives("fact", &c.Facts), "readings": r.alternatives("reading", &c.Readings),
		"entities": r.list(func(n *yaml.Node) error { return r.entity(c, n) }),
		"verdict":  func(n *yaml.Node) error { return r.verdict(c, n) },
	}
}

// alternatives reads lists of which any one text will do.
func (r *suiteReader) alternatives(what string, to *[][]string) field {
	return r.list(func(n *yaml.Node) error {
		var texts []string
		if err := r.texts(&texts)(n); err != nil {
			return err
		}
		if len(texts) == 0 {
			return r.fail(n, "a %s has no text: list the wordings that will do, or remove it", what)
		}
		*to = append(*to, texts)
		return nil
	})
}

func (r *suiteReader) entity(c *Case, n *yaml.Node) error {
	var e Entity
	err := r.fields(n, "entity", map[string]field{"kind": r.text(&e.Kind), "value": r.text(&e.Value), "text": r.text(&e.Text)})
	if err == nil && e.Kind == "" {
		err = r.fail(n, "an entity has no kind: add one such as order_number")
	}
	c.Entities = append(c.Entities, e)
	return err
}

func (r *suiteReader) verdict(c *Case, n *yaml.Node) error {
	c.Verdict = &Verdict{}
	judged := false
	err := r.fields(n, "verdict", map[string]field{"reply": r.text(&c.Verdict.Reply), "right": func(n *yaml.Node) error {
		judged = true
		if n.ShortTag() != "!!bool" {
			return r.fail(n, "right is %q: write true or false", n.Value)
		}
		return n.Decode(&c.Verdict.Right)
	}})
	if err == nil && (!judged || c.Verdict.Reply == "") {
		err = r.fail(n, "a verdict needs the reply that was judged, and right: true or false")
	}
	return err
}

func (r *suiteReader) decision(to *bot.Decision) field {
	return func(n *yaml.Node) error {
		var s string
		if err := r.text(&s)(n); err != nil {
			return err
		}
		if *to = bot.Decision(s); !slices.Contains([]bot.Decision{bot.Answer, bot.Clarify, bot.Handoff}, *to) {
			return r.fail(n, "decision is %q: use answer, clarify or handoff", s)
		}
		return nil
	}
}

// code reads an ISO 639-1 code.
func (r *suiteReader) code(to *string) field {
	return func(n *yaml.Node) error {
		if err := r.text(to)(n); err != nil {
			return err
		}
		if len(*to) != 2 || strings.Trim(*to, "abcdefghijklmnopqrstuvwxyz") != "" {
			return r.fail(n, "lang is %q: use two letters such as en or zh", *to)
		}
		return nil
	}
}

package routing

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/interpreter"

	"handrail/internal/errs"
)

// Rules are compiled rules. They are safe for concurrent use.
type Rules struct {
	texts  []Rule
	rules  []compiled
	values map[string]variable
}

type compiled struct {
	condition
	route Route
}

// Parse reads rules in JSON or YAML, of the form
//
//	{"routing_rules": [
//	  {"condition": "user_level == 'VIP'", "action": "assign_to_group('premium')"},
//	  {"keywords": ["退款", "refund"],      "action": "assign_to_group('after-sales'); set_priority(2)"},
//	  {"condition": "true",                "action": "round_robin('default_group')"}]}
//
// What is wrong gives an error of kind errs.Invalid that names every rule and column; [Check] gives the same as a list.
func Parse(data []byte) (*Rules, error) {
	r, problems := Check(data, Known{})
	if len(problems) > 0 {
		return nil, invalid(problems)
	}
	return r, nil
}

// Compile is [Parse] for rules that were read before, such as those of [Rules.Texts].
func Compile(texts []Rule) (*Rules, error) {
	r, problems := compile(texts, Known{})
	if len(problems) > 0 {
		return nil, invalid(problems)
	}
	return r, nil
}

// Check is [Parse] that also compares groups and agents with those that exist, and returns what is wrong as a list in the
// order of the rules. The rules are nil if there is a problem.
func Check(data []byte, known Known) (*Rules, []Problem) {
	texts, problems := read(data)
	if len(problems) > 0 {
		return nil, problems
	}
	return compile(texts, known)
}

// Invalid makes one error of problems, or nil of none.
func Invalid(problems []Problem) error {
	if len(problems) == 0 {
		return nil
	}
	return invalid(problems)
}

// Texts are the rules as they are written in the long form, in order. The caller must not change them.
func (r *Rules) Texts() []Rule { return r.texts }

func compile(texts []Rule, known Known) (*Rules, []Problem) {
	c, err := newCompiler()
	if err != nil {
		return nil, []Problem{{Message: errs.Public(err)}}
	}
	r := &Rules{texts: texts, rules: make([]compiled, len(texts)), values: map[string]variable{}}
	for _, v := range variables() {
		r.values[v.name] = v
	}
	problems := make([][]Problem, len(texts))
	parsed := make([]*cel.Ast, len(texts))
	for i, t := range texts {
		var wrong []Problem
		parsed[i], wrong = c.parse(t.Condition)
		problems[i] = append(problems[i], at(i, "condition", wrong)...)
	}
	if err := c.declare(parsed); err != nil {
		return nil, []Problem{{Message: errs.Public(err)}}
	}
	for i, t := range texts {
		if len(problems[i]) == 0 {
			var wrong []Problem
			r.rules[i].condition, wrong = c.check(parsed[i])
			problems[i] = append(problems[i], at(i, "condition", wrong)...)
		}
		steps, wrong := c.parseActions(t.Action)
		problems[i] = append(problems[i], at(i, "action", wrong)...)
		r.rules[i].route, wrong = route(steps, known)
		r.rules[i].route.Rule = i + 1
		problems[i] = append(problems[i], at(i, "action", wrong)...)
	}
	all := append(slices.Concat(problems...), r.unreachable()...)
	slices.SortStableFunc(all, func(a, b Problem) int { return a.Rule - b.Rule })
	if len(all) > 0 {
		return nil, all
	}
	return r, nil
}

// at adds where problems were found.
func at(rule int, part string, problems []Problem) []Problem {
	for i := range problems {
		problems[i].Rule, problems[i].Part = rule+1, part
	}
	return problems
}

// unreachable finds rules that no conversation gets to.
func (r *Rules) unreachable() (problems []Problem) {
	seen := map[string]int{}
	for i := range r.rules {
		text := strings.TrimSpace(r.texts[i].Condition)
		if first, ok := seen[text]; ok {
			problems = append(problems, Problem{Rule: i + 1, Message: fmt.Sprintf(
				"it is never asked: rule %d has the same condition", first+1)})
		} else {
			seen[text] = i
		}
		if r.rules[i].always && i+1 < len(r.rules) {
			return append(problems, Problem{Rule: i + 2, Message: fmt.Sprintf(
				"it is never asked, like all that follow: rule %d always matches; move that one to the end", i+1)})
		}
	}
	return problems
}

// Route returns where the first rule sends a conversation that matches, or the zero Route. The error says which rules
// failed before that, without any of the facts; the route is right nevertheless, and may be used.
func (r *Rules) Route(ctx context.Context, f Facts) (Route, error) {
	values := &facts{Facts: &f, values: r.values}
	frame, err := interpreter.NewExecutionFrame(values)
	if err != nil {
		return Route{}, fmt.Errorf("prepare the facts: %w", err)
	}
	defer frame.Close()
	var failures []error
	for i := range r.rules {
		yes, err := r.rules[i].holds(ctx, values, frame)
		if err != nil {
			failures = append(failures, fmt.Errorf("rule %d: %w", i+1, err))
		}
		if yes {
			return r.rules[i].decide(f), errors.Join(failures...)
		}
	}
	return Route{}, errors.Join(failures...)
}

// decide completes the route by what depends on the conversation.
func (c *compiled) decide(f Facts) Route {
	route := c.route
	if route.Language == visitors {
		route.Language = f.Language
	}
	return route
}

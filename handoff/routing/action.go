package routing

import (
	"fmt"
	"slices"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"
)

// Limits of what actions say.
const (
	maxPriority = 100
	maxLevel    = 5
)

// Known is what exists in a workspace, for checking rules against it. A nil list is not checked.
type Known struct {
	Groups []string
	Agents []string // e-mail addresses in lower case
}

// step is one action: a call with values.
type step struct {
	name   string
	column int
	args   []ref.Val
}

// actions are the texts of all of them with an example each, as messages show them.
const actions = "assign_to_group('sales'), round_robin('sales'), least_loaded('sales'), longest_idle('sales'), " +
	"skills('sales', {'returns': 3}), assign_to_agent('kim@example.com'), set_priority(5), require_language()"

// parseActions reads calls separated by semicolons.
func (c *compiler) parseActions(text string) (steps []step, problems []Problem) {
	for _, part := range split(text) {
		s, err := c.parseAction(part.text)
		s.column += part.column
		if err != nil {
			problems = append(problems, Problem{Part: "action", Column: max(s.column, 1), Message: err.Error()})
			continue
		}
		steps = append(steps, s)
	}
	if len(steps)+len(problems) == 0 {
		problems = append(problems, Problem{Part: "action", Message: "the rule does nothing: write one of " + actions})
	}
	return steps, problems
}

// parseAction reads one call. CEL's parser reads it, because its texts, numbers and maps are those of conditions.
func (c *compiler) parseAction(text string) (s step, err error) {
	parsed, issues := c.env.Parse(text)
	if issues.Err() != nil {
		e := issues.Errors()[0]
		return step{column: e.Location.Column()}, fmt.Errorf("it cannot be read: %s; write one of %s",
			strings.TrimPrefix(e.Message, "Syntax error: "), actions)
	}
	e := parsed.NativeRep().Expr()
	if e.Kind() != ast.CallKind || e.AsCall().IsMemberFunction() {
		return s, fmt.Errorf("it is no action: write one of %s", actions)
	}
	s.name = e.AsCall().FunctionName()
	for i, arg := range e.AsCall().Args() {
		v, ok := literal(c.env, arg)
		if !ok {
			return s, fmt.Errorf("value %d of %s must be written out, as in %s", i+1, s.name, example(s.name))
		}
		s.args = append(s.args, v)
	}
	return s, nil
}

// literal is the value of an expression without names and calls.
func literal(env *cel.Env, e ast.Expr) (ref.Val, bool) {
	switch e.Kind() {
	case ast.LiteralKind:
		return e.AsLiteral(), true
	case ast.MapKind:
		m := map[ref.Val]ref.Val{}
		for _, entry := range e.AsMap().Entries() {
			k, known := literal(env, entry.AsMapEntry().Key())
			v, alsoKnown := literal(env, entry.AsMapEntry().Value())
			if !known || !alsoKnown {
				return nil, false
			}
			m[k] = v
		}
		return types.NewRefValMap(env.CELTypeAdapter(), m), true
	}
	return nil, false
}

// example is the part of actions that shows one, or all of them for an unknown one.
func example(name string) string {
	for _, e := range strings.SplitAfter(actions, "), ") {
		if strings.HasPrefix(e, name+"(") {
			return strings.TrimSuffix(e, ", ")
		}
	}
	return actions
}

type part struct {
	text   string
	column int // from 1, in characters
}

// split cuts at semicolons that stand outside of quotes.
func split(text string) (parts []part) {
	runes := []rune(text)
	var quote rune
	from := 0
	add := func(to int) {
		piece := string(runes[from:to])
		trimmed := strings.TrimLeft(piece, " \t\n")
		if strings.TrimSpace(piece) != "" {
			parts = append(parts, part{strings.TrimSpace(piece), from + 1 + len([]rune(piece)) - len([]rune(trimmed))})
		}
	}
	for i := 0; i < len(runes); i++ {
		switch r := runes[i]; {
		case quote != 0 && r == '\\':
			i++
		case quote != 0 && r == quote:
			quote = 0
		case quote == 0 && (r == '\'' || r == '"'):
			quote = r
		case quote == 0 && r == ';':
			add(i)
			from = i + 1
		}
	}
	add(len(runes))
	return parts
}

// route carries out the steps of a rule on the zero Route.
func route(steps []step, known Known) (r Route, problems []Problem) {
	done := map[string]bool{}
	for _, s := range steps {
		kind, err := s.apply(&r, known)
		if err == nil && done[kind] {
			err = fmt.Errorf("the rule names %s already: keep one of the two", kind)
		}
		done[kind] = true
		if err != nil {
			problems = append(problems, Problem{Part: "action", Column: s.column, Message: err.Error()})
		}
	}
	return r, problems
}

// apply carries out one step and says what it decided.
func (s step) apply(r *Route, known Known) (kind string, err error) {
	switch s.name {
	case "assign_to_group":
		return "a group", s.group(r, known, "")
	case string(RoundRobin), string(LeastLoaded), string(LongestIdle):
		return "a group", s.group(r, known, Policy(s.name))
	case string(BySkill):
		return "a group", s.skills(r, known)
	case "assign_to_agent":
		return "an agent", s.agent(r, known)
	case "set_priority":
		return "a priority", s.priority(r)
	case "require_language":
		return "a language", s.language(r)
	}
	return s.name, fmt.Errorf("there is no action %s: write one of %s", s.name, actions)
}

// group reads the name of a group, which only a policy may leave out.
func (s step) group(r *Route, known Known, p Policy) error {
	r.Policy = p
	if len(s.args) == 0 && p != "" {
		return nil
	}
	name, ok := s.text(0)
	if !ok || len(s.args) != 1 {
		return s.usage()
	}
	r.Group = name
	return exists("group", name, known.Groups)
}

// skills reads an optional group and the least levels.
func (s step) skills(r *Route, known Known) error {
	r.Policy = BySkill
	if len(s.args) == 0 || len(s.args) > 2 {
		return s.usage()
	}
	levels, ok := mapOf(s.args[len(s.args)-1])
	if !ok || len(levels) == 0 {
		return s.usage()
	}
	for skill, level := range levels {
		if level < 1 || level > maxLevel {
			return fmt.Errorf("the level of %q is %d: levels go from 1 to %d", skill, level, maxLevel)
		}
	}
	r.Skills = levels
	if len(s.args) == 1 {
		return nil
	}
	if r.Group, ok = s.text(0); !ok {
		return s.usage()
	}
	return exists("group", r.Group, known.Groups)
}

func (s step) agent(r *Route, known Known) error {
	email, ok := s.text(0)
	if !ok || len(s.args) != 1 {
		return s.usage()
	}
	r.Email = strings.ToLower(email)
	return exists("agent", r.Email, known.Agents)
}

func (s step) priority(r *Route) error {
	if len(s.args) != 1 {
		return s.usage()
	}
	n, ok := s.args[0].(types.Int)
	if !ok || n < -maxPriority || n > maxPriority {
		return fmt.Errorf("the priority must be a whole number from %d to %d, and 0 is that of most conversations",
			-maxPriority, maxPriority)
	}
	r.Priority = int(n)
	return nil
}

// language asks for the visitor's own, unless one is written.
func (s step) language(r *Route) error {
	if len(s.args) == 0 {
		r.Language = visitors
		return nil
	}
	tag, ok := s.text(0)
	if !ok || len(s.args) != 1 {
		return s.usage()
	}
	r.Language = tag
	return nil
}

// visitors stands for the visitor's language in a compiled rule.
const visitors = "*"

func (s step) usage() error { return fmt.Errorf("write it as %s", example(s.name)) }

// text is a value that must be text with something in it.
func (s step) text(i int) (string, bool) {
	if i >= len(s.args) {
		return "", false
	}
	v, ok := s.args[i].(types.String)
	return strings.TrimSpace(string(v)), ok && strings.TrimSpace(string(v)) != ""
}

// exists checks a name against those that there are.
func exists(kind, name string, all []string) error {
	if all == nil || slices.Contains(all, name) {
		return nil
	}
	for _, other := range all {
		if strings.EqualFold(other, name) || oneSlip(other, name) {
			return fmt.Errorf("there is no %s %q: did you mean %q?", kind, name, other)
		}
	}
	if len(all) == 0 {
		return fmt.Errorf("there is no %s %q: add it first", kind, name)
	}
	shown := all[:min(len(all), 10)]
	return fmt.Errorf("there is no %s %q: add it, or take one of %s", kind, name, strings.Join(shown, ", "))
}

// mapOf reads a map of skills to levels.
func mapOf(v ref.Val) (map[string]int, bool) {
	m, ok := v.(traits.Mapper)
	if !ok {
		return nil, false
	}
	levels := map[string]int{}
	for it := m.Iterator(); it.HasNext() == types.True; {
		key := it.Next()
		skill, isText := key.(types.String)
		level, isNumber := m.Get(key).(types.Int)
		if !isText || !isNumber || skill == "" {
			return nil, false
		}
		levels[string(skill)] = int(level)
	}
	return levels, true
}

package routing

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Limits of what is accepted as rules.
const (
	maxBytes    = 1 << 20
	maxRules    = 2000
	maxKeywords = 500 // of one rule
)

// Rule is one rule as people write it.
type Rule struct {
	Name      string `json:"name,omitempty"`
	Condition string `json:"condition"`
	Action    string `json:"action"` // several are joined by "; "
}

// file is the outer form of rules. Fields that may be written in several ways are looked at afterwards.
type file struct {
	Rules []ruleText `json:"routing_rules" yaml:"routing_rules"`
}

type ruleText struct {
	Name      string   `json:"name" yaml:"name"`
	Condition any      `json:"condition" yaml:"condition"` // a string, or true
	Keywords  []string `json:"keywords" yaml:"keywords"`
	Action    any      `json:"action" yaml:"action"` // a string, or several
}

// read takes rules out of JSON or YAML.
func read(data []byte) ([]Rule, []Problem) {
	if len(data) > maxBytes {
		return nil, []Problem{{Message: fmt.Sprintf("the rules are %d bytes long, and may have %d", len(data), maxBytes)}}
	}
	f, err := decode(data)
	switch {
	case err != nil:
		return nil, []Problem{{Message: err.Error()}}
	case len(f.Rules) == 0:
		return nil, []Problem{{Message: `there are no rules: list them under "routing_rules"`}}
	case len(f.Rules) > maxRules:
		return nil, []Problem{{Message: fmt.Sprintf("there are %d rules, and may be %d", len(f.Rules), maxRules)}}
	}
	rules := make([]Rule, len(f.Rules))
	var problems []Problem
	for i, t := range f.Rules {
		var wrong []Problem
		rules[i], wrong = t.rule(i + 1)
		problems = append(problems, wrong...)
	}
	return rules, problems
}

// decode takes JSON for JSON, because YAML reads its escapes of characters beyond the first 65,536 otherwise.
func decode(data []byte) (f file, err error) {
	if trimmed := bytes.TrimSpace(data); len(trimmed) > 0 && trimmed[0] == '{' {
		dec := json.NewDecoder(bytes.NewReader(data))
		dec.DisallowUnknownFields()
		if err = dec.Decode(&f); err == nil && dec.Decode(new(any)) != io.EOF {
			return f, errors.New("something follows after the rules: remove it")
		}
		return f, jsonProblem(data, err)
	}
	dec := yaml.NewDecoder(bytes.NewReader(data))
	dec.KnownFields(true)
	err = dec.Decode(&f)
	if errors.Is(err, io.EOF) {
		return f, nil
	}
	if err != nil {
		return f, fmt.Errorf("the rules cannot be read as YAML: %s", strings.TrimPrefix(err.Error(), "yaml: "))
	}
	if dec.Decode(new(yaml.Node)) != io.EOF {
		return f, errors.New("a second document follows: put all rules into the first")
	}
	return f, nil
}

// jsonProblem adds the line to an error of the JSON decoder.
func jsonProblem(data []byte, err error) error {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &syntax):
		return fmt.Errorf("the rules cannot be read as JSON, line %d: %s", line(data, syntax.Offset), syntax.Error())
	case errors.As(err, &kind):
		return fmt.Errorf("the rules cannot be read, line %d: %q is a %s, which does not belong there",
			line(data, kind.Offset), kind.Field, kind.Value)
	}
	return fmt.Errorf("the rules cannot be read as JSON: %s", strings.TrimPrefix(err.Error(), "json: "))
}

func line(data []byte, offset int64) int {
	return 1 + bytes.Count(data[:min(int(offset), len(data))], []byte("\n"))
}

// rule brings the ways of writing a rule into one.
func (t ruleText) rule(n int) (r Rule, problems []Problem) {
	r.Name = t.Name
	condition, err := t.condition()
	if err != nil {
		problems = append(problems, Problem{Rule: n, Part: "condition", Message: err.Error()})
	}
	action, err := t.action()
	if err != nil {
		problems = append(problems, Problem{Rule: n, Part: "action", Message: err.Error()})
	}
	r.Condition, r.Action = condition, action
	return r, problems
}

// condition also knows the short form, a list of keywords: they are a condition like any other.
func (t ruleText) condition() (string, error) {
	written, err := conditionText(t.Condition)
	if err != nil {
		return "", err
	}
	if len(t.Keywords) > maxKeywords {
		return "", fmt.Errorf("there are %d keywords, and may be %d in one rule", len(t.Keywords), maxKeywords)
	}
	quoted := make([]string, len(t.Keywords))
	for i, word := range t.Keywords {
		if fold(word) == "" {
			return "", fmt.Errorf("keyword %d is empty: it would be found in every text", i+1)
		}
		quoted[i] = quote(word)
	}
	keywords := "contains_any(text, [" + strings.Join(quoted, ", ") + "])"
	switch {
	case len(quoted) == 0 && written == "":
		return "", errors.New(`the rule has none: write what must be true, or "true" for a rule that always matches`)
	case len(quoted) == 0:
		return written, nil
	case written == "":
		return keywords, nil
	}
	return keywords + " && (" + written + ")", nil
}

func conditionText(v any) (string, error) {
	switch v := v.(type) {
	case nil:
		return "", nil
	case bool:
		return fmt.Sprint(v), nil
	case string:
		return strings.TrimSpace(v), nil
	}
	return "", errors.New("it must be an expression in quotes")
}

// action joins a list to one text.
func (t ruleText) action() (string, error) {
	switch v := t.Action.(type) {
	case string:
		return strings.TrimSpace(v), nil
	case nil:
		return "", nil
	case []any:
		parts := make([]string, len(v))
		for i, part := range v {
			var ok bool
			if parts[i], ok = part.(string); !ok {
				return "", fmt.Errorf("element %d is no text: write for example \"assign_to_group('sales')\"", i+1)
			}
		}
		return strings.Join(parts, "; "), nil
	}
	return "", errors.New("it must be a text such as \"assign_to_group('sales')\", or a list of such texts")
}

// quote writes a string as CEL reads it.
func quote(s string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`, "\n", `\n`, "\r", `\r`).Replace(s) + "'"
}

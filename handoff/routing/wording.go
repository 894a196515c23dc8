package routing

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"cel.dev/cel-go/cel"
)

// shownIssues is how many problems of one condition are told: what follows the first is often a consequence of it.
const shownIssues = 3

// syntaxProblems says in words what the parser found.
func syntaxProblems(text string, issues *cel.Issues) (list []Problem) {
	for i, e := range issues.Errors() {
		if i == 1 {
			break
		}
		message := strings.TrimPrefix(e.Message, "Syntax error: ")
		list = append(list, Problem{Column: column(e), Message: fmt.Sprintf("it cannot be read: %s%s", message, remedy(text))})
	}
	return list
}

// slips are common ways of writing what CEL writes otherwise.
func slips() []struct{ pattern, remedy string } {
	return []struct{ pattern, remedy string }{
		{`[‘’“”]`, `put texts in straight quotes: 'VIP'`},
		{`(?i)\s(and|or|not)\s`, `"and" is written &&, "or" is ||, "not" is !`},
		{`[^=!<>]=[^=]`, `"equal" is written ==`},
		{`<>`, `"not equal" is written !=`},
		{`[，（）！]`, `write commas and brackets in half width: , ( ) !`},
	}
}

// remedy guesses what was meant.
func remedy(text string) string {
	for _, s := range slips() {
		if regexp.MustCompile(s.pattern).MatchString(text) {
			return "; " + s.remedy
		}
	}
	return "; an example is user_level == 'VIP' && language == 'zh'"
}

// typeProblems says in words what the checker found.
func typeProblems(issues *cel.Issues) (list []Problem) {
	for i, e := range issues.Errors() {
		if i == shownIssues {
			break
		}
		list = append(list, Problem{Column: column(e), Message: typeMessage(e.Message)})
	}
	return list
}

func typeMessage(message string) string {
	if name, ok := between(message, "undeclared reference to '", "'"); ok {
		switch {
		case isPrefix(name):
			return fmt.Sprintf("%[1]s has no value of its own: name a part of it, such as %[1]s.%[2]s, or %[1]s.%[2]s != null to ask "+
				"whether it is known", name, partOf(name))
		}
		return fmt.Sprintf("there is no function %s: there are contains_any(text, ['...']), startsWith, endsWith, contains, "+
			"matches, size, exists, all and has", name)
	}
	if name, ok := between(message, "overload for '", "'"); ok {
		_, types, _ := strings.Cut(message, "applied to ")
		return fmt.Sprintf("%s does not fit the types %s: compare texts with texts in quotes, and numbers with numbers",
			operator(name), strings.Trim(types, "'"))
	}
	return message
}

// operator is how people write one that CEL calls _==_.
func operator(name string) string { return strings.Trim(name, "_") }

func between(s, left, right string) (string, bool) {
	_, rest, ok := strings.Cut(s, left)
	if !ok {
		return "", false
	}
	return firstOf(rest, right), true
}

func firstOf(s, sep string) string {
	first, _, _ := strings.Cut(s, sep)
	return first
}

// column counts from 1.
func column(e *cel.Error) int { return e.Location.Column() + 1 }

// isPrefix reports whether a name stands for its parts only, or has parts besides.
func isPrefix(name string) bool { return name == "contact" || name == "conversation" || name == "page" }

func partOf(prefix string) string {
	return map[string]string{"contact": "user_level", "conversation": "messages", "page": "path"}[prefix]
}

func isVariable(name string) bool {
	for _, v := range variables() {
		if v.name == name {
			return true
		}
	}
	return false
}

// isType reports whether CEL gives a name a meaning of its own.
func isType(name string) bool {
	switch name {
	case "bool", "bytes", "double", "int", "list", "map", "null_type", "string", "type", "uint":
		return true
	}
	return false
}

// misspelt finds names that are nearly those of a variable: as attributes they would be null for ever, and no rule
// would say so.
func misspelt(names map[string]bool) (list []Problem) {
	for _, name := range slices.Sorted(maps.Keys(names)) {
		if isVariable(name) || strings.HasPrefix(name, contactPrefix) {
			continue
		}
		if prefix := firstOf(name, "."); prefix != name {
			list = append(list, Problem{Message: fmt.Sprintf("%s does not exist: %s has %s", name, prefix, parts(prefix))})
			continue
		}
		for _, v := range variables() {
			if len(v.name) > 4 && oneSlip(name, v.name) {
				list = append(list, Problem{Message: fmt.Sprintf(
					"%s is not known: did you mean %s? An attribute of that name is written contact.%s", name, v.name, name)})
			}
		}
	}
	return list
}

func parts(prefix string) string {
	var names []string
	for _, v := range variables() {
		if rest, ok := strings.CutPrefix(v.name, prefix+"."); ok {
			names = append(names, rest)
		}
	}
	return strings.Join(names, " and ")
}

// oneSlip reports whether one typing error leads from a to b: a letter too many, too few, another, or two swapped.
func oneSlip(a, b string) bool {
	for len(a) > 0 && len(b) > 0 && a[0] == b[0] {
		a, b = a[1:], b[1:]
	}
	for len(a) > 0 && len(b) > 0 && a[len(a)-1] == b[len(b)-1] {
		a, b = a[:len(a)-1], b[:len(b)-1]
	}
	swapped := len(a) == 2 && len(b) == 2 && a[0] == b[1] && a[1] == b[0]
	return swapped || len(a)+len(b) > 0 && len(a) <= 1 && len(b) <= 1
}

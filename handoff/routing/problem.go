package routing

import (
	"fmt"
	"strings"

	"handrail/internal/errs"
)

// Problem is something wrong with rules, in words for the person who wrote them.
type Problem struct {
	Rule    int    `json:"rule"`             // number, from 1; 0 = the text as a whole
	Part    string `json:"part,omitempty"`   // "condition" or "action"; "" = the rule as a whole
	Column  int    `json:"column,omitempty"` // character within the part, from 1; 0 = not at one place
	Message string `json:"message"`
}

// String is the problem with its place in front.
func (p Problem) String() string {
	var where []string
	if p.Rule > 0 {
		where = append(where, fmt.Sprintf("rule %d", p.Rule))
	}
	if p.Part != "" {
		where = append(where, p.Part)
	}
	if p.Column > 0 {
		where = append(where, fmt.Sprintf("column %d", p.Column))
	}
	if len(where) == 0 {
		return p.Message
	}
	return strings.Join(where, ", ") + ": " + p.Message
}

// shownProblems is how many problems one error names.
const shownProblems = 10

// invalid is the error that says what is wrong.
func invalid(problems []Problem) error {
	lines := make([]string, 0, shownProblems+1)
	for i, p := range problems {
		if i == shownProblems {
			lines = append(lines, fmt.Sprintf("and %d more", len(problems)-i))
			break
		}
		lines = append(lines, p.String())
	}
	return errs.New(errs.Invalid, "%s", strings.Join(lines, "; "))
}

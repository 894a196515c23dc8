package intent

import (
	"regexp"
	"strings"
)

// personRule recognises a request for a person in one clause of a message of one language. A clause that matches
// request counts unless it also matches veto; a clause that matches always counts in any case.
type personRule struct {
	request, veto, always *regexp.Regexp
}

// WantsPerson reports whether the message explicitly asks to be put through to a person. Each clause is judged by
// itself, so that "not a bot, a person please" is a request and "I don't need an agent" is none. Questions about people
// ("are you human?", "when are your agents in?") and reports ("the agent told me") are not requests. It knows English
// and Chinese well, and the usual phrases of German, French, Spanish, Italian, Portuguese, Dutch, Russian, Japanese and
// Korean.
func WantsPerson(message string) bool {
	for _, clause := range clauses(message) {
		for _, rule := range personRules {
			if rule.matches(clause) {
				return true
			}
		}
	}
	return false
}

func (r personRule) matches(clause string) bool {
	clause = strings.Trim(clause, "<>")
	if r.always != nil && r.always.MatchString(clause) {
		return true
	}
	return r.request.MatchString(clause) && !r.veto.MatchString(clause)
}

package intent

import (
	_ "embed"
	"slices"
	"strings"
	"sync"
)

//go:embed signals/person.txt
var personSource string

// personTable is read at first use and never changes.
var personTable = sync.OnceValue(func() *requests { return newRequests(newTable("person.txt", personSource)) })

// requests is the table of requests for a person with what its labels mean.
type requests struct {
	*table
	noise uint64
	rules []personRule
}

// personRule has the labels of one language, as sets of bits. A clause asks for a person if a request is in it and no
// veto, or if always is in it and no silence.
type personRule struct{ request, veto, always, silence uint64 }

func newRequests(t *table) *requests {
	r := &requests{table: t, noise: t.bit("noise")}
	var languages []string
	for _, label := range t.labels {
		lang, role, ok := strings.Cut(label, ".")
		if !ok {
			continue
		}
		i := slices.Index(languages, lang)
		if i < 0 {
			i = len(languages)
			languages, r.rules = append(languages, lang), append(r.rules, personRule{})
		}
		rule := &r.rules[i]
		switch role {
		case "request":
			rule.request = t.bit(label)
		case "veto":
			rule.veto = t.bit(label)
		case "always":
			rule.always = t.bit(label)
		case "silence":
			rule.silence = t.bit(label)
		}
	}
	return r
}

// WantsPerson reports whether the message explicitly asks to be put through to a person. Each clause is judged by
// itself, so that "not a bot, a person please" is a request and "I don't need an agent" is none. Questions about people
// ("are you human?", "when are your agents in?") and reports ("the agent told me") are not requests. It knows English
// and Chinese well, typing errors in the English words included, and the usual phrases of Spanish, French, German,
// Portuguese, Italian, Dutch, Russian, Turkish, Japanese, Korean, Arabic and Hindi.
func WantsPerson(message string) bool {
	r := personTable()
	return slices.ContainsFunc(clauses(message), func(clause string) bool { return r.asks(mended(clause)) })
}

func (r *requests) asks(clause string) bool {
	found := r.in(r.without(clause, r.noise))
	for _, rule := range r.rules {
		if found&rule.always != 0 && found&rule.silence == 0 || found&rule.request != 0 && found&rule.veto == 0 {
			return true
		}
	}
	return false
}

// in returns the labels of everything that the clause contains, overlapping or not.
func (t *table) in(clause string) (labels uint64) {
	for i := 0; i < len(clause); i = next(clause, i) {
		if border(clause, i) {
			labels |= t.at(clause, i).any
		}
	}
	return labels
}

// without puts a sign that no expression has in place of what matches a label.
func (t *table) without(clause string, label uint64) string {
	var b strings.Builder
	rest := 0
	for i := 0; i < len(clause); {
		end := i
		if border(clause, i) {
			end = t.endOf(clause, i, label)
		}
		if end <= i {
			i = next(clause, i)
			continue
		}
		b.WriteString(clause[rest:i] + "#")
		i, rest = end, end
	}
	if rest == 0 {
		return clause
	}
	return b.String() + clause[rest:]
}

package intent

import (
	"regexp"
	"strings"

	"handrail/internal/text"
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
	if r.always != nil && r.always.MatchString(clause) {
		return true
	}
	return r.request.MatchString(clause) && !r.veto.MatchString(clause)
}

// clauses normalises a message and splits it where one thought ends: at punctuation and before "but". Apostrophes go,
// so that "don't", "don’t" and "dont" are one word; other signs become spaces.
func clauses(message string) []string {
	var out []string
	for _, part := range strings.FieldsFunc(text.Normalize(message), clauseEnd) {
		part = plain.Replace(part)
		part = strings.Join(strings.FieldsFunc(part, separating), " ")
		for _, but := range []string{" but ", "但是", "可是", "但我"} {
			part = strings.ReplaceAll(part, but, "\n")
		}
		for clause := range strings.SplitSeq(part, "\n") {
			if clause = strings.TrimSpace(clause); clause != "" {
				out = append(out, clause)
			}
		}
	}
	return out
}

// plain drops apostrophes and writes the traditional characters of the rules' words as simplified ones.
var plain = strings.NewReplacer("'", "", "’", "", "`", "",
	"轉", "转", "請", "请", "說", "说", "話", "话", "個", "个", "嗎", "吗", "經", "经", "幫", "帮", "給", "给", "聯繫", "联系",
	"務", "务", "員", "员", "機", "机", "電", "电", "與", "与", "這", "这", "還", "还", "沒", "没", "負責", "负责", "專", "专", "裡", "里")

func clauseEnd(r rune) bool { return strings.ContainsRune(".!?;,:\n。！？；，、：…", r) }

func separating(r rune) bool { return strings.ContainsRune(" \t\r\"“”‘()[]{}*_-~/\\#<>|=+&", r) }

package bot

import (
	"strings"

	"handrail/internal/text"
)

// unit is one word, or one ideograph, with what it may be compared by.
type unit struct {
	text       string // as [text.Terms] gives it
	concept    string // what it means by the lexicon of paraphrases; "" if that does not know it
	sentence   int    // of the context, counted from 0
	start, end int    // byte offsets
	opens      bool   // stands after a comma or the like
	content    bool
	number     bool
	name       bool // capitalised inside a sentence
	negative   bool
}

// unitsOf splits a text into its units.
func unitsOf(s string) []unit {
	var units []unit
	terms := text.Terms(s)
	concepts := text.Concepts(terms)
	for _, t := range terms {
		if t.Kind == text.Pair {
			continue
		}
		for len(concepts) > 0 && concepts[0].End <= t.Start {
			concepts = concepts[1:]
		}
		u := unit{text: t.Text, start: t.Start, end: t.End, content: !text.IsFunction(t.Text),
			number: t.Text[0] >= '0' && t.Text[0] <= '9', negative: isNegation(t.Text)}
		if len(concepts) > 0 && concepts[0].Start <= t.Start {
			u.concept = concepts[0].Text
		}
		first := s[t.Start]
		u.name = first >= 'A' && first <= 'Z' && t.End-t.Start > 1 && !opensSentence(s[:t.Start])
		u.opens = opensClause(s[:t.Start]) || t.Text == "and" || t.Text == "but" || t.Text == "但" || t.Text == "而"
		units = append(units, u)
	}
	return units
}

// opensSentence reports whether what comes before a word ends a sentence, so that its capital says nothing.
func opensSentence(before string) bool {
	before = strings.TrimRight(before, " \t\"'“‘(*-")
	return before == "" || strings.ContainsAny(before[len(before)-1:], ".!?:\n")
}

// opensClause reports whether what comes before a word ends a clause.
func opensClause(before string) bool {
	before = strings.TrimRight(before, " \t\"'“‘(*")
	return strings.HasSuffix(before, "，") || strings.HasSuffix(before, "；") || strings.HasSuffix(before, "。") ||
		before != "" && strings.ContainsAny(before[len(before)-1:], ",;:.!?\n")
}

// like reports whether another unit could stand in this one's place: a number for a number, a name for a name.
func (u unit) like(other unit) bool {
	return u.number && other.number || u.name && other.name
}

// isNegation reports whether a unit turns a statement into its opposite.
func isNegation(u string) bool {
	switch u {
	case "not", "no", "never", "cannot", "without", "neither", "nor", "none", "t", "nt", "不", "没", "无", "非", "未", "勿", "别":
		return true
	}
	return false
}

package intent

import (
	"fmt"
	"strings"

	"handrail/internal/text"
)

const (
	// leastExamples is how many examples an intent must have: of a single one nothing can be generalised.
	leastExamples = 2
	// fewExamples is below how many the model is likely to guess.
	fewExamples = 5
)

// emptyAndEqual finds examples without words, and those that stand twice. The first of two is the earlier one.
func emptyAndEqual(examples []labelled) []Finding {
	var out []Finding
	first := map[string]labelled{}
	for _, e := range examples {
		f := Finding{Severity: SeverityError, Line: e.line, Intent: e.Intent, Text: e.Text}
		key := keyOf(e.Text)
		if key == "" {
			f.Kind, f.Message = KindEmpty, fmt.Sprintf("an example of %q has no words: remove it", e.Intent)
			out = append(out, f)
			continue
		}
		before, ok := first[key]
		if !ok {
			first[key] = e
			continue
		}
		f.Kind, f.Other, f.OtherLine = KindDuplicate, before.Intent, before.line
		f.Message = fmt.Sprintf("the example %q of %q stands also under %q%s: keep one of them", e.Text, e.Intent,
			before.Intent, inLine(before.line))
		if e.Intent == before.Intent {
			if e.line == 0 {
				continue // trained as it is already
			}
			f.Severity = SeverityWarning
			f.Message = fmt.Sprintf("the example %q of %q stands twice, first%s: one of them is enough", e.Text, e.Intent,
				inLine(before.line))
		}
		out = append(out, f)
	}
	return out
}

func inLine(line int) string {
	if line == 0 {
		return " in the active catalog"
	}
	return fmt.Sprintf(" in line %d", line)
}

// findNear finds examples of different intents that differ in nothing that says what is wanted: in endings, articles and
// courtesies.
func (r *reading) findNear() {
	first := map[string]labelled{}
	for _, e := range r.examples {
		key := nearKey(e.Text)
		if key == "" {
			continue
		}
		before, ok := first[key]
		if !ok {
			first[key] = e
			continue
		}
		if before.Intent == e.Intent || keyOf(before.Text) == keyOf(e.Text) || e.line == 0 {
			continue
		}
		r.findings = append(r.findings, Finding{Severity: SeverityWarning, Kind: KindDuplicate, Line: e.line,
			OtherLine: before.line, Intent: e.Intent, Other: before.Intent, Text: e.Text,
			Message: fmt.Sprintf("the example %q of %q says nearly the same as %q of %q%s: keep one of them, or make "+
				"them differ", e.Text, e.Intent, before.Text, before.Intent, inLine(before.line))})
	}
}

// nearKey is equal for texts of the same terms in the same order, leaving out function words other than those that ask or deny: "how do
// I" and "where do I" want different things.
func nearKey(s string) string {
	var kept []string
	content := false
	for _, t := range text.Terms(s) {
		if text.IsFunction(t.Text) && !strings.Contains(telling, " "+t.Text+" ") {
			continue
		}
		content = content || !text.IsFunction(t.Text)
		kept = append(kept, t.Text)
	}
	if len(kept) < 2 || !content {
		return "" // a bare word is part of too much
	}
	return strings.Join(kept, " ")
}

// telling lists the function words, as terms, that change what is wanted.
const telling = " how what when where which who whi whose long mani much not no befor after 不 没 什 么 怎 哪 谁 几 多 "

// findFew finds intents with too few examples. Those that the upload does not touch keep nobody from training it.
func (r *reading) findFew() {
	count := map[string]int{}
	for _, e := range r.examples {
		count[e.Intent]++
	}
	for _, in := range r.catalog.Intents {
		n, line := count[in.Name], r.lines[in.Name]
		f := Finding{Severity: SeverityWarning, Kind: KindFew, Line: line, Intent: in.Name,
			Message: fmt.Sprintf("the intent %q has %d examples: add more, from %d the model begins to be reliable",
				in.Name, n, fewExamples)}
		if n < leastExamples {
			f.Message = fmt.Sprintf("the intent %q has %d example: add at least %d more in other words", in.Name, n,
				leastExamples-n)
			if line > 0 {
				f.Severity = SeverityError
			}
		}
		if n < fewExamples {
			r.findings = append(r.findings, f)
		}
	}
}

// findLeaks finds examples that the bot is also examined with.
func (r *reading) findLeaks(held []Held) {
	where := make(map[string]string, len(held))
	for _, h := range held {
		where[keyOf(h.Text)] = h.Where
	}
	for _, e := range r.examples {
		w, leaks := where[keyOf(e.Text)]
		if !leaks || keyOf(e.Text) == "" {
			continue
		}
		r.findings = append(r.findings, Finding{Severity: SeverityWarning, Kind: KindLeak, Line: e.line, Intent: e.Intent,
			Text: e.Text, Message: fmt.Sprintf("the example %q of %q stands also in %s, which then proves nothing: use "+
				"other words here", e.Text, e.Intent, w)})
	}
}

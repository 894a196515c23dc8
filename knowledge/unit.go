package knowledge

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"handrail/internal/text"
)

// askedForWeight is what the noun right after "what" or "which" counts. It names the kind of answer ("which city"), and
// the sentence that answers holds the answer in its place.
const askedForWeight = 0.3

// unit is a word or a pair of ideographs of the question that carries content.
type unit struct {
	id     int32
	weight float64
	name   bool // a number, or a word capitalised within the question
}

// units lists what of the message carries content, and sums its weight. A pair of ideographs stands for the two; a
// pair with a function character in it is most often no word, and a single ideograph counts where no pair holds it.
func (p *parsed) units() (list []unit, total float64) {
	terms := text.Terms(p.Text)
	paired := make(map[int]bool) // where the ideographs stand that a pair holds
	for _, t := range terms {
		if t.Kind == text.Pair && !holdsFunction(t.Text) {
			_, size := utf8.DecodeRuneInString(t.Text)
			paired[t.Start], paired[t.Start+size] = true, true
		}
	}
	seen := make(map[int32]bool)
	for i, t := range terms {
		id := termID(t.Text)
		known := p.terms[id]
		if known == nil || known.function || seen[id] || paired[t.Start] && t.Kind != text.Pair || holdsFunction(t.Text) {
			continue
		}
		seen[id] = true
		u := unit{id: id, weight: known.idf, name: isName(p.Text, t)}
		if i > 0 && (terms[i-1].Text == "what" || terms[i-1].Text == "which") {
			u.weight *= askedForWeight
		}
		list, total = append(list, u), total+u.weight
	}
	return list, total
}

// holdsFunction reports whether a character of an ideographic term is a function word. Words never are: they do not
// fall apart.
func holdsFunction(term string) bool {
	if !startsIdeographic(term) {
		return false
	}
	for _, r := range term {
		if text.IsFunction(string(r)) {
			return true
		}
	}
	return false
}

func startsIdeographic(term string) bool {
	r, _ := utf8.DecodeRuneInString(term)
	return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul)
}

// isName reports whether a term is a number, or capitalised though it does not begin the question.
func isName(question string, t text.Term) bool {
	r, _ := utf8.DecodeRuneInString(question[t.Start:])
	return unicode.IsDigit(r) || unicode.IsUpper(r) && strings.TrimSpace(question[:t.Start]) != ""
}

// negation finds what turns a statement round, in normalised text. Prefixes such as "un-" are left to the terms.
var negation = regexp.MustCompile(`\b(not|no|never|none|nobody|nothing|cannot|without|neither|nor|except|unable|` +
	`refuse[sd]?|fail(s|ed)?|lack(s|ed)?|stop(s|ped)?)\b|n['’]t\b|不|没|沒|无|無|未|除了|拒`)

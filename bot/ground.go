package bot

import (
	"regexp"
	"strconv"
	"strings"

	"handrail/internal/text"
	"handrail/knowledge"
)

const (
	// supportLimit is the least share of a sentence's terms that its cited passages must contain.
	supportLimit = 0.6
	// supportFloor is the least [Support] of a sentence: below, it is put together from words of the passages that do not
	// say it. It costs about one true sentence in ten of people's free wording, and halves the untrue ones that the
	// share of terms lets pass; docs/adr/009-groundedness.md has the figures.
	supportFloor = 0.2
	// leadTerms bounds a sentence that may stand without support because it states nothing ("Yes.", "好的。"). One with
	// a number, a link or an address does state something, however short.
	leadTerms = 2
)

// grounder reads an answer as it is written, splits it into sentences, and keeps those that a cited passage supports.
type grounder struct {
	hits    []knowledge.Hit
	emit    func(offset int, text string) // nil: nothing is shown before the answer is complete
	pending string                        // text since the last complete sentence
	kept    strings.Builder
	shown   int // characters emitted
	total   int // sentences that state something
	good    int // of these, supported
	order   []int
	refused bool
}

// take adds text and settles every sentence that it completes.
func (g *grounder) take(s string) {
	g.pending += s
	for {
		end := sentenceEnd(g.pending)
		if end < 0 {
			return
		}
		g.settle(g.pending[:end])
		g.pending = g.pending[end:]
	}
}

// finish settles what remains after the last delta.
func (g *grounder) finish() {
	g.settle(g.pending)
	g.pending = ""
}

func (g *grounder) settle(sentence string) {
	body := strings.TrimSpace(sentence)
	if body == "" || g.refused {
		return
	}
	if strings.Contains(body, noAnswer) {
		g.refused = true
		return
	}
	marks, cited := g.cited(body)
	terms := len(text.Words(mark.ReplaceAllString(body, "")))
	if terms > leadTerms || len(marks) > 0 || exact.MatchString(body) {
		g.total++
		if !supported(body, cited) {
			return
		}
		g.good++
	}
	g.keep(g.renumber(sentence))
}

// keep appends a sentence with the white space it was written with, which holds lists together.
func (g *grounder) keep(sentence string) {
	if g.kept.Len() == 0 {
		sentence = strings.TrimLeft(sentence, " \n\t")
	}
	g.kept.WriteString(sentence)
	if g.emit != nil {
		g.emit(g.shown, sentence)
		g.shown += len([]rune(sentence))
	}
}

// withdraw takes back what a visitor has seen of an answer that will not stand.
func (g *grounder) withdraw() {
	if g.shown > 0 {
		g.emit(0, "")
	}
}

// cited returns the marks of a sentence and the passages behind those that exist.
func (g *grounder) cited(sentence string) (marks []int, passages []knowledge.Hit) {
	for _, m := range mark.FindAllStringSubmatch(sentence, -1) {
		n, err := strconv.Atoi(m[1])
		if err != nil {
			continue
		}
		marks = append(marks, n)
		if n >= 1 && n <= len(g.hits) {
			passages = append(passages, g.hits[n-1])
		}
	}
	return marks, passages
}

// renumber rewrites the marks in the order of their first appearance and drops those that name no passage.
func (g *grounder) renumber(sentence string) string {
	return mark.ReplaceAllStringFunc(sentence, func(m string) string {
		n, err := strconv.Atoi(strings.Trim(m, "[]"))
		if err != nil || n < 1 || n > len(g.hits) {
			return ""
		}
		for i, seen := range g.order {
			if seen == n {
				return "[" + strconv.Itoa(i+1) + "]"
			}
		}
		g.order = append(g.order, n)
		return "[" + strconv.Itoa(len(g.order)) + "]"
	})
}

func (g *grounder) text() string {
	if len(g.order) == 0 {
		return "" // nothing that was kept rests on a passage
	}
	return strings.TrimSpace(g.kept.String())
}

// share is the share of the answer's statements that are supported; 0 for an answer without any.
func (g *grounder) share() float64 {
	if g.total == 0 {
		return 0
	}
	return float64(g.good) / float64(g.total)
}

func (g *grounder) citations() []Citation {
	var cs []Citation
	for i, n := range g.order {
		cs = append(cs, cite(i+1, g.hits[n-1], readable(g.hits[n-1].Text)))
	}
	return cs
}

// supported reports whether the passages back the sentence: they contain most of its terms, every number, link and
// address in it stands in one of them, and they do not say otherwise. It is a deterministic check, on purpose: no prompt
// can talk it round.
func supported(sentence string, passages []knowledge.Hit) bool {
	if len(passages) == 0 {
		return false
	}
	var all strings.Builder
	for _, p := range passages {
		all.WriteString(strings.Join([]string{p.Title, strings.Join(p.HeadingPath, " "), p.Question, p.Text, p.URL, ""}, "\n"))
	}
	source := text.Normalize(all.String())
	sentence = mark.ReplaceAllString(sentence, "")
	folded := text.Normalize(sentence)
	for _, literal := range exact.FindAllString(folded, -1) {
		if !stands(source, strings.TrimRight(literal, ".,;:!?)。，")) {
			return false
		}
	}
	have, want := termSet(source), termSet(folded)
	var found int
	for term := range want {
		if have[term] {
			found++
		}
	}
	return len(want) > 0 && float64(found) >= supportLimit*float64(len(want)) && said(sentence, passages)
}

// said reports whether the passages say the sentence rather than its words: nothing is denied that they affirm or the
// other way round, no number or name is put in another's place, and enough of it is aligned with them.
func said(sentence string, passages []knowledge.Hit) bool {
	texts := make([]string, 0, len(passages))
	for _, p := range passages {
		texts = append(texts, strings.Join([]string{p.Title, strings.Join(p.HeadingPath, "\n"), p.Question, p.Text}, "\n"))
	}
	f := SupportFeatures(sentence, texts)
	return f != nil && f.get("negation") == 0 && f.get("misplaced") == 0 &&
		supportModel().Probability(f) >= supportFloor
}

// stands reports whether the literal occurs in the source as a whole: 3 does not stand in 30, nor in 4.3.
func stands(source, literal string) bool {
	for from := 0; ; {
		i := strings.Index(source[from:], literal)
		if literal == "" || i < 0 {
			return literal == ""
		}
		start, end := from+i, from+i+len(literal)
		before, after := "  "+source[max(0, start-2):start], source[end:min(len(source), end+2)]+"  "
		before = before[len(before)-2:]
		if !joined(literal[0], before[1], before[0]) && !joined(literal[len(literal)-1], after[0], after[1]) {
			return true
		}
		from = start + 1
	}
}

// joined reports whether the character at a literal's edge and its neighbours outside belong to one word or number.
func joined(edge, near, far byte) bool {
	digit := func(c byte) bool { return '0' <= c && c <= '9' }
	letter := func(c byte) bool { return 'a' <= c && c <= 'z' }
	return digit(edge) && (digit(near) || (near == '.' || near == ',') && digit(far)) || letter(edge) && letter(near)
}

var (
	// mark matches a citation mark.
	mark = regexp.MustCompile(`\[(\d{1,2})\]`)
	// exact matches what must be copied, never paraphrased: links, e-mail addresses and numbers. A link ends at the
	// first character beyond ASCII, because Chinese goes on without a space.
	exact = regexp.MustCompile(`https?://[!-~]+|[\w.+-]+@[\w-]+\.[\w.-]+|([\w-]+\.)+[a-zA-Z]{2,}(/[!-~]*)?|\d[\d.,:/-]*`)
	// markRun matches the marks that trail a sentence's full stop.
	markRun = regexp.MustCompile(`^([ \t]*\[\d{1,2}\])+[.。]?`)
	// unfinished matches what may still grow into a longer run of marks.
	unfinished = regexp.MustCompile(`^([ \t]*\[\d{1,2}\])*[ \t]*(\[\d{0,2})?$|^([ \t]*\[\d{1,2}\])+[.。]?\s*$`)
)

// sentenceEnd returns the byte index just after the first complete sentence with its marks, or -1. A sentence is
// complete only when something follows it, because its mark may still be on the way.
func sentenceEnd(s string) int {
	spans := text.Sentences(s)
	if len(spans) < 2 {
		return -1
	}
	rest := s[spans[1].Start:]
	if unfinished.MatchString(rest) {
		return -1
	}
	if marks := markRun.FindString(rest); marks != "" {
		return spans[1].Start + len(marks)
	}
	return spans[0].End
}

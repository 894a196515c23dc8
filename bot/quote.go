package bot

import (
	"math"
	"strings"

	"handrail/internal/text"
	"handrail/knowledge"
)

const (
	// quoteWhole is the longest passage, in characters, that is quoted as it stands.
	quoteWhole = 600
	// quoteMost is about how much of a longer one is quoted.
	quoteMost = 500
	// typeBonus is what holding the type of answer that was asked for counts, as much as a rare term.
	typeBonus = 2
)

// quote answers with the best passage itself, trimmed to the part that answers, and cites it. It reports whether there
// was anything to quote.
func (b *Bot) quote(t Turn, r *Reply) bool {
	best := fitting(t.Text, r.Passages)
	body := excerpt(t.Text, best, r.Passages)
	if body == "" {
		b.handOff(r, ReasonNoAnswer)
		return false
	}
	r.Text = body + " [1]"
	r.Citations = []Citation{cite(1, best, body)}
	return true
}

func cite(n int, h knowledge.Hit, quote string) Citation {
	return Citation{N: n, Title: h.Title, Heading: strings.Join(h.HeadingPath, " > "), Page: h.Page, URL: h.URL,
		Source: h.URI, Quote: clip(quote, quoteMost), Document: h.DocumentID, Passage: h.ID}
}

// excerpt cuts the part of the passage that answers the question: whole lines and sentences around the one that says
// most about it, in their order.
func excerpt(question string, h knowledge.Hit, others []knowledge.Hit) string {
	body := readable(h.Text)
	if h.Question != "" {
		return body
	}
	weights, wanted := rarity(question, others), expected(question)
	if body = section(body, weights, wanted); len([]rune(body)) <= quoteWhole {
		return body
	}
	spans := text.Sentences(body)
	if len(spans) == 0 {
		return ""
	}
	best, bestScore := 0, -1.0
	for i, s := range spans {
		score := overlap(weights, body[s.Start:s.End])
		if wanted != nil && wanted.in(body[s.Start:s.End]) {
			score += typeBonus
		}
		if score > bestScore {
			best, bestScore = i, score
		}
	}
	from, to := grow(body, spans, best, weights)
	return strings.TrimSpace(body[spans[from].Start:spans[to].End])
}

// section returns the part of a passage that says most about the question. A passage may hold several small sections,
// each led by its heading in bold; quoting across them would put one's text under another's question.
func section(body string, weights map[string]float64, wanted *answerType) string {
	var best string
	bestScore := -1.0
	var current []string
	settle := func() {
		whole := strings.TrimSpace(strings.Join(current, "\n"))
		current = nil
		if whole == "" {
			return
		}
		score := overlap(weights, whole)
		if wanted != nil && wanted.in(whole) {
			score += typeBonus
		}
		if score > bestScore {
			best, bestScore = whole, score
		}
	}
	for line := range strings.Lines(body) {
		line = strings.TrimRight(line, "\n")
		if isBold(line) {
			settle()
		}
		current = append(current, line)
	}
	settle()
	if heading, rest, more := strings.Cut(best, "\n"); more && isBold(heading) {
		return strings.TrimSpace(rest)
	}
	return best
}

// isBold reports whether a whole line is bold, as the headings inside a passage are.
func isBold(line string) bool {
	return len(line) > 4 && strings.HasPrefix(line, "**") && strings.HasSuffix(line, "**") && strings.Count(line, "**") == 2
}

// grow widens the quote from the best sentence to its neighbours, taking the more telling one first, while it stays
// short.
func grow(body string, spans []text.Span, best int, weights map[string]float64) (from, to int) {
	from, to = best, best
	size := func(a, b int) int { return len([]rune(body[spans[a].Start:spans[b].End])) }
	score := func(i int) float64 {
		if i < 0 || i >= len(spans) {
			return -1
		}
		return overlap(weights, body[spans[i].Start:spans[i].End])
	}
	for {
		before, after := score(from-1), score(to+1)
		canBefore := before >= 0 && size(from-1, to) <= quoteMost
		canAfter := after >= 0 && size(from, to+1) <= quoteMost
		switch {
		case canAfter && (after >= before || !canBefore): // text leads forward, so the next sentence wins a tie
			to++
		case canBefore:
			from--
		default:
			for to > from && isHeading(body[spans[to].Start:spans[to].End]) {
				to-- // the text under it is not part of the quote
			}
			return from, to
		}
	}
}

// isHeading reports whether a line names what follows it: merged passages set their sections' headings in bold.
func isHeading(line string) bool {
	return strings.HasPrefix(line, "**") || strings.HasSuffix(line, "?") || strings.HasSuffix(line, "？")
}

// rarity weighs the question's terms by how few of the passages found contain them: a term that all of them share does
// not tell their sentences apart.
func rarity(question string, hits []knowledge.Hit) map[string]float64 {
	in := map[string]int{}
	for _, h := range hits {
		for term := range termSet(h.Text) {
			in[term]++
		}
	}
	weights := map[string]float64{}
	for term := range termSet(question) {
		if text.IsFunction(term) {
			continue
		}
		weights[term] = math.Log(1 + float64(len(hits)+1)/float64(in[term]+1))
	}
	return weights
}

func overlap(weights map[string]float64, s string) float64 {
	var sum float64
	for term := range termSet(s) {
		sum += weights[term]
	}
	return sum
}

// readable takes away the Markdown that chat clients do not render: the fences around code.
func readable(s string) string {
	var out []string
	for line := range strings.Lines(s) {
		if line = strings.TrimRight(line, "\n"); !strings.HasPrefix(strings.TrimSpace(line), "```") {
			out = append(out, line)
		}
	}
	return strings.TrimSpace(strings.Join(out, "\n"))
}

// clip shortens s to at most n characters, at a character boundary.
func clip(s string, n int) string {
	r := []rune(s)
	if len(r) <= n {
		return s
	}
	return strings.TrimSpace(string(r[:n-1])) + "…"
}

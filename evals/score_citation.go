package evals

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"handrail/bot"
	"handrail/internal/text"
)

// citationMark matches a mark such as [1] in a reply.
var citationMark = regexp.MustCompile(`[ \t]*\[(\d{1,2})\]`)

// supportLimit is the share of its content terms from which a sentence counts as supported by a passage.
const supportLimit = 0.6

// statement is what a reply says before a mark or a run of marks, with the numbers of the marks.
type statement struct {
	sentences []string
	marks     []int
}

// statements splits a reply at its marks. A mark stands for all sentences since the one before it, as it does in quotes.
func statements(reply string) (out []statement) {
	var current statement
	from := 0
	take := func(to int) {
		for _, span := range text.Sentences(reply[from:to]) {
			if s := reply[from:to][span.Start:span.End]; len(text.Words(s)) > 0 {
				if len(current.marks) > 0 {
					out, current = append(out, current), statement{}
				}
				current.sentences = append(current.sentences, s)
			}
		}
	}
	for _, at := range citationMark.FindAllStringSubmatchIndex(reply, -1) {
		take(at[0])
		from = at[1]
		if n, err := strconv.Atoi(reply[at[2]:at[3]]); err == nil {
			current.marks = append(current.marks, n)
		}
	}
	take(len(reply))
	if len(current.sentences)+len(current.marks) > 0 {
		out = append(out, current)
	}
	return out
}

// scoreCitations scores the marks of an answer: each must name a citation, and the cited passage must hold what is said
// before the mark.
func scoreCitations(_ Case, r bot.Reply) Score {
	if r.Decision != bot.Answer || r.Reason == bot.ReasonFixedReply {
		return Score{}
	}
	var s Score
	var marks, valid float64
	for _, st := range statements(r.Text) {
		for _, n := range st.marks {
			marks++
			passage, ok := citedPassage(r, n)
			switch {
			case !ok:
				s.Failures = append(s.Failures, fmt.Sprintf("the mark [%d] names no citation", n))
			case !heldBySome(st.sentences, passage):
				s.Failures = append(s.Failures, fmt.Sprintf("passage [%d] holds nothing of %q", n, strings.Join(st.sentences, " ")))
			default:
				valid++
			}
		}
	}
	if marks == 0 {
		marks = 1 // an answer must have a mark
	}
	s.Scores = map[string]float64{"citation_validity": valid / marks}
	return s
}

func heldBySome(sentences []string, passage string) bool {
	for _, s := range sentences {
		if support(s, passage) >= supportLimit {
			return true
		}
	}
	return false
}

// scoreGroundedness scores the share of an answer's sentences that the passages cited for them support.
func scoreGroundedness(_ Case, r bot.Reply) Score {
	if r.Decision != bot.Answer || r.Reason == bot.ReasonFixedReply {
		return Score{}
	}
	var sentences, supported float64
	for _, st := range statements(r.Text) {
		var passages strings.Builder
		for _, n := range st.marks {
			p, _ := citedPassage(r, n)
			passages.WriteString(p + "\n")
		}
		for _, s := range st.sentences {
			sentences++
			supported += truth(support(s, passages.String()) >= supportLimit)
		}
	}
	if sentences == 0 {
		return Score{}
	}
	return Score{Scores: map[string]float64{"groundedness": supported / sentences}}
}

// support is the share of a sentence's content terms that a passage holds.
func support(sentence, passage string) float64 {
	held := map[string]bool{}
	for _, t := range text.Terms(text.Normalize(passage)) {
		held[t.Text] = true
	}
	var all, found float64
	for _, t := range text.Terms(text.Normalize(sentence)) {
		if !text.IsFunction(t.Text) {
			all++
			found += truth(held[t.Text])
		}
	}
	if all == 0 {
		return 1 // it states nothing
	}
	return found / all
}

// citedPassage is the text behind mark n: the passage with its titles, or its quotation where the passage is not at hand.
func citedPassage(r bot.Reply, n int) (string, bool) {
	for _, c := range r.Citations {
		if c.N != n {
			continue
		}
		for _, h := range r.Passages {
			if h.ID == c.Passage && h.ID != 0 {
				return strings.Join([]string{h.Title, strings.Join(h.HeadingPath, " "), h.Question, h.Text}, "\n"), true
			}
		}
		return strings.Join([]string{c.Title, c.Heading, c.Quote}, "\n"), true
	}
	return "", false
}

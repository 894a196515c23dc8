package llmtest

import (
	"regexp"
	"slices"
	"strings"
	"unicode"

	"handrail/internal/llm"
)

// What [Grounded] says when no passage shares a word with the question.
const (
	NoAnswer   = "The passages do not answer this question."
	NoAnswerZH = "资料中没有这个问题的答案。"
)

// sentence is one sentence of a passage with what decides whether it is quoted.
type sentence struct {
	mark, text string
	terms      map[string]bool
	score      float64
}

// Grounded answers from the prompt alone. It takes the numbered passages ("[1] Title: text", each up to an empty line
// or the next number) and the question (the line "Question: ..." or, without one, the last line that belongs to no
// passage) from the last message of the user, and quotes up to three sentences that share most of the question's
// words, each ending with the number of its passage, such as "Returns are free [1]." If no sentence does, it replies
// with the word that the system message asks for ("reply with exactly WORD"), else with [NoAnswer] or [NoAnswerZH].
func Grounded(messages []llm.Message) string {
	question, sentences := parse(lastOf(llm.User, messages))
	best := rank(question, sentences)
	if len(best) == 0 {
		return noAnswer(question, lastOf(llm.System, messages))
	}
	quoted := make([]string, 0, len(best))
	for _, s := range best {
		quoted = append(quoted, s.cite())
	}
	return strings.Join(quoted, " ")
}

func noAnswer(question, instructions string) string {
	if m := regexp.MustCompile(`reply with exactly "?(\w+)`).FindStringSubmatch(instructions); m != nil {
		return m[1]
	}
	if strings.ContainsFunc(question, isHan) {
		return NoAnswerZH
	}
	return NoAnswer
}

func lastOf(role llm.Role, messages []llm.Message) string {
	for _, m := range slices.Backward(messages) {
		if m.Role == role {
			return m.Content
		}
	}
	return ""
}

// parse splits the prompt into the question and the sentences of its passages.
func parse(prompt string) (question string, sentences []sentence) {
	numbered := regexp.MustCompile(`^\s*\[(\d+)\]\s*(.*)$`)
	asked := regexp.MustCompile(`(?i)^\s*(?:question|问题)\s*[:：]\s*(.*)$`)
	mark, explicit := "", false
	for line := range strings.Lines(prompt) {
		line = strings.TrimSpace(line)
		if m := numbered.FindStringSubmatch(line); m != nil {
			mark, line = m[1], untitled(m[2])
		} else if m := asked.FindStringSubmatch(line); m != nil {
			mark, question, explicit = "", m[1], true
			continue
		}
		switch {
		case line == "":
			mark = ""
		case mark != "":
			sentences = append(sentences, split(mark, line)...)
		case !explicit:
			question = line
		}
	}
	return question, sentences
}

// untitled drops the title of a passage, which is no sentence.
func untitled(line string) string {
	title, rest, found := strings.Cut(line, ": ")
	if !found || strings.ContainsAny(title, ".!?。！？") {
		return line
	}
	return rest
}

// split cuts text into sentences, at marks that are followed by a space or are Chinese.
func split(mark, text string) []sentence {
	ends := regexp.MustCompile(`[.!?]+(?:\s+|$)|[。！？]+\s*`)
	var out []sentence
	for text != "" {
		cut := len(text)
		if at := ends.FindStringIndex(text); at != nil {
			cut = at[1]
		}
		s := sentence{mark: mark, text: strings.TrimSpace(text[:cut]), terms: map[string]bool{}}
		for _, t := range terms(s.text) {
			s.terms[t] = true
		}
		out, text = append(out, s), text[cut:]
	}
	return out
}

// rank returns the sentences to quote, in the order of the prompt. A word weighs less the more sentences have it, so
// that articles and prepositions decide nothing where anything else is shared.
func rank(question string, sentences []sentence) []sentence {
	top := 0.0
	for _, term := range slices.Compact(slices.Sorted(slices.Values(terms(question)))) {
		var having []int
		for i, s := range sentences {
			if s.terms[term] {
				having = append(having, i)
			}
		}
		for _, i := range having {
			sentences[i].score += 1 / float64(len(having))
			top = max(top, sentences[i].score)
		}
	}
	var out []sentence
	for _, s := range sentences {
		if top > 0 && s.score >= 0.6*top && len(out) < 3 {
			out = append(out, s)
		}
	}
	return out
}

// cite puts the number before the closing mark.
func (s sentence) cite() string {
	body := strings.TrimRight(s.text, ".!?。！？")
	end := s.text[len(body):]
	if end == "" {
		end = "."
	}
	return body + " [" + s.mark + "]" + end
}

// terms are the words of text in lower case, and every pair of Chinese characters.
func terms(text string) []string {
	var out []string
	for _, word := range strings.FieldsFunc(strings.ToLower(text), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r)
	}) {
		letters := []rune(word)
		if !isHan(letters[0]) || len(letters) == 1 {
			out = append(out, word)
			continue
		}
		for i := 0; i+2 <= len(letters); i++ {
			out = append(out, string(letters[i:i+2]))
		}
	}
	return out
}

func isHan(r rune) bool { return unicode.Is(unicode.Han, r) }

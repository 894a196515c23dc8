package bot

import (
	"regexp"

	"handrail/internal/text"
	"handrail/knowledge"
)

// answerType says what an answer to a kind of question must contain: who asks how much wants to read an amount.
type answerType struct {
	asks, answers *regexp.Regexp // of normalised text
}

var (
	amountType = answerType{
		asks:    regexp.MustCompile(`\bhow much\b|\bcosts?\b|\bprices?\b|\bfees?\b|多少钱|价格|费用|运费|收费`),
		answers: regexp.MustCompile(`[$€£¥]\s?\d|\d\s?(usd|eur|gbp|cny|cad|dollars?|euros?|元|美元|欧元|英镑|加元)|\bfree\b|免费|免运费`),
	}
	durationType = answerType{
		asks:    regexp.MustCompile(`\bhow (long|soon|many (days|weeks|hours|months|years))\b|多久|几天|多长时间|多少天|几个工作日`),
		answers: regexp.MustCompile(`\d\s?(working |business )?(minutes?|hours?|days?|weeks?|months?|years?)\b|\d\s?(分钟|小时|天|日|周|个月|年|个工作日|工作日)`),
	}
)

// expected returns the type of answer that a question asks for, nil for any.
func expected(question string) *answerType {
	q := text.Normalize(question)
	for _, t := range []*answerType{&durationType, &amountType} {
		if t.asks.MatchString(q) {
			return t
		}
	}
	return nil
}

// in reports whether a text contains such an answer.
func (t *answerType) in(s string) bool {
	return t == nil || t.answers.MatchString(text.Normalize(s))
}

// siblingShare is the least score, as a share of the best, of another passage of the same document that may be quoted
// in the best one's place.
const siblingShare = 0.4

// fitting returns the passage to quote: of the best one and its siblings in the same document, the one whose own text
// says most about the question and holds the type of answer that was asked for. The title, which they share, helped to
// find them, so its words count a quarter, and nothing where the question has no others: the ranking knows better then.
func fitting(question string, hits []knowledge.Hit) knowledge.Hit {
	weights, wanted := untitled(rarity(question, hits), hits[0].Title), expected(question)
	score := func(h knowledge.Hit) float64 {
		own := h.Text
		if n := len(h.HeadingPath); n > 0 {
			own += "\n" + h.HeadingPath[n-1]
		}
		sum := overlap(weights, own)
		if wanted != nil && wanted.in(h.Text) {
			sum += typeBonus
		}
		return sum
	}
	best := hits[0]
	for _, h := range hits[1:] {
		if h.DocumentID == best.DocumentID && h.Score >= siblingShare*hits[0].Score && score(h) > score(best) {
			best = h
		}
	}
	return best
}

// untitled takes from the words of a title most of their weight, or all of it if no other word has any.
func untitled(weights map[string]float64, title string) map[string]float64 {
	named := termSet(title)
	var others float64
	for term, weight := range weights {
		if !named[term] {
			others += weight
		}
	}
	for term := range weights {
		switch {
		case named[term] && others == 0:
			weights[term] = 0
		case named[term]:
			weights[term] /= 4
		}
	}
	return weights
}

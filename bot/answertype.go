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

// fitting returns the passage to quote: the best one, unless it lacks the type of answer that was asked for and
// another one of its document has it.
func fitting(question string, hits []knowledge.Hit) knowledge.Hit {
	best, wanted := hits[0], expected(question)
	if wanted.in(best.Text) {
		return best
	}
	for _, h := range hits[1:] {
		if h.DocumentID == best.DocumentID && h.Score >= siblingShare*best.Score && wanted.in(h.Text) {
			return h
		}
	}
	return best
}

package evals

import "handrail/bot"

// Prices are what a model's tokens cost, in any currency, per million tokens.
type Prices struct {
	Prompt, Reply float64
}

const million = 1e6

// score counts the tokens of a turn that a model took part in, and their price.
func (p Prices) score(_ Case, r bot.Reply) Score {
	if r.Model == "" {
		return Score{}
	}
	prompt, reply := float64(r.Usage.Prompt), float64(r.Usage.Completion)
	s := Score{Scores: map[string]float64{"tokens_prompt": prompt, "tokens_reply": reply}}
	if p != (Prices{}) {
		s.Scores["cost_per_1000"] = 1000 * (prompt*p.Prompt + reply*p.Reply) / million
	}
	return s
}

package llm

// Tokens counts the tokens of one model, without asking the endpoint.
type Tokens struct{}

// NewTokens returns the counter for model.
func NewTokens(model string) (*Tokens, error) { return &Tokens{}, nil }

// Count returns how many tokens s has.
func (t *Tokens) Count(s string) int { return len(s) / 4 }

// Truncate returns the longest prefix of s that has at most max tokens.
func (t *Tokens) Truncate(s string, max int) string { return s[:min(len(s), 4*max)] }

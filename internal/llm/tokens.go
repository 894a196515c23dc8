package llm

import (
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/pkoukk/tiktoken-go"
)

// window is the longest piece of text encoded at once, in bytes. The encoder is quadratic in the length of unbroken
// text, so a visitor could keep a core busy for a second with 40 KB of one letter; in windows the cost is linear.
const window = 1024

// Tokens counts tokens as one model would, without asking the endpoint. Counts are exact for the models of OpenAI up
// to the cuts between windows (about one token per kilobyte of unbroken text) and an estimate for others. A Tokens is
// safe for concurrent use; it loads its dictionary at the first count (about 0.2 s and 45 MB), so a process keeps one
// per model.
type Tokens struct {
	load func() (*tiktoken.Tiktoken, error)
}

// NewTokens returns the counter for model. Unknown models are counted with the encoding of OpenAI's newest ones.
func NewTokens(model string) (*Tokens, error) {
	e := encodingOf(model)
	return &Tokens{load: sync.OnceValues(e.load)}, nil
}

// Count returns how many tokens s has. Marks such as <|endoftext|> count as the plain text they are.
func (t *Tokens) Count(s string) int {
	total := 0
	for s != "" {
		cut := windowEnd(s)
		total += len(t.encode(s[:cut]))
		s = s[cut:]
	}
	return total
}

// Truncate returns a prefix of s, cut between characters, that has at most max tokens and at most a few tokens fewer.
func (t *Tokens) Truncate(s string, max int) string {
	kept, left := 0, max
	for kept < len(s) {
		cut := windowEnd(s[kept:])
		tokens := t.encode(s[kept : kept+cut])
		if len(tokens) > left {
			return s[:kept+t.fit(s[kept:kept+cut], tokens, left)]
		}
		kept, left = kept+cut, left-len(tokens)
	}
	return s
}

// fit returns the length of a prefix of s with at most max tokens. Cutting changes how the end is split, so the prefix
// is counted again until it fits.
func (t *Tokens) fit(s string, tokens []int, max int) int {
	for n := max; n > 0; n-- {
		cut := min(len(t.decode(tokens[:n])), len(s))
		for cut > 0 && !utf8.RuneStart(s[cut]) {
			cut--
		}
		if len(t.encode(s[:cut])) <= max {
			return cut
		}
	}
	return 0
}

// encode splits s without giving any text a special meaning: the library's other encoder panics on, or obeys, marks
// that a visitor can type. The dictionaries are part of the program, so that loading them can only fail in a broken
// build; every three bytes then count as one token, which is more than they are.
func (t *Tokens) encode(s string) []int {
	e, err := t.load()
	if err != nil {
		return make([]int, (len(s)+2)/3)
	}
	return e.EncodeOrdinary(s)
}

func (t *Tokens) decode(tokens []int) string {
	e, err := t.load()
	if err != nil {
		return strings.Repeat("?", 3*len(tokens))
	}
	return e.Decode(tokens)
}

// windowEnd is where the first window of s ends: at the last space if there is one in its second half, because a word
// and the space before it are one token, else between two characters.
func windowEnd(s string) int {
	if len(s) <= window {
		return len(s)
	}
	if i := strings.LastIndexAny(s[:window], " \n\t"); i > window/2 {
		return i
	}
	end := window
	for end > window-utf8.UTFMax && !utf8.RuneStart(s[end]) {
		end--
	}
	return end
}

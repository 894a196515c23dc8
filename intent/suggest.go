package intent

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
)

const (
	// maxSuggestions is how many messages are offered for labelling.
	maxSuggestions = 100
	// sure is the probability from which a message that was dealt with teaches nothing new.
	sure = 0.8
	// leastUse is the uncertainty of a message that the model is sure of, but that the bot could not deal with.
	leastUse = 0.05
	// maxSuggestion is the longest message offered, in characters; what is longer is a letter, and no example.
	maxSuggestion = 300
)

// Heard is a visitor's message, with what became of it.
type Heard struct {
	Conversation uuid.UUID
	Seq          int64 // of the message
	Text         string
	Lang         string
	At           time.Time
	Answered     bool // the bot answered by itself
}

// Suggestion is a message worth labelling.
type Suggestion struct {
	Heard               // the latest of those with the same words; personal data is masked
	Intent      string  // best guess of the active model, OutOfScope, or "" without a model
	Probability float64 // of the guess, in [0,1]; for OutOfScope its score
	Count       int     // how often it was said
	use         float64 // uncertainty that one of the intents fits, times frequency
}

// Suggest picks the messages from which the active model would learn most: those it is unsure of, takes to be out of
// scope, or that the bot could not deal with, each once and without what is an example already. Uncertainty times
// frequency decides the order. At most 100 are returned.
func (c *Classifier) Suggest(ctx context.Context, ws uuid.UUID, heard []Heard) ([]Suggestion, error) {
	active, _, err := c.Catalog(ctx, ws)
	if err != nil {
		return nil, err
	}
	known := map[string]bool{"": true}
	for _, e := range active.Train() {
		known[keyOf(e.Text)] = true
	}
	var out []Suggestion
	for _, h := range distinct(heard, known) {
		r, err := c.Classify(ctx, ws, h.last.Text)
		if err != nil {
			return nil, err
		}
		s := Suggestion{Heard: h.last, Intent: r.Name, Probability: r.Probability, Count: h.count}
		s.Text = masked(h.last.Text)
		s.use = float64(h.count) * max(1-r.Probability*(1-r.OutOfScope), leastUse)
		if r.Name == OutOfScope {
			s.Probability = r.OutOfScope
		}
		if r.Name == OutOfScope || s.Probability < sure || !h.answered {
			out = append(out, s)
		}
	}
	slices.SortStableFunc(out, func(a, b Suggestion) int {
		return cmp.Or(cmp.Compare(b.use, a.use), b.At.Compare(a.At), cmp.Compare(a.Text, b.Text))
	})
	return out[:min(len(out), maxSuggestions)], nil
}

// masked is a message on one line without personal data.
func masked(s string) string { return strings.Join(strings.Fields(Mask(s)), " ") }

// said is what was heard with the same words.
type said struct {
	last     Heard // the latest
	count    int
	answered bool // every time
}

// distinct groups what was heard by its words, the first heard first, and leaves out what is known.
func distinct(heard []Heard, known map[string]bool) []*said {
	byKey := map[string]*said{}
	var out []*said
	for _, h := range heard {
		key := keyOf(masked(h.Text))
		if known[key] || known[keyOf(h.Text)] || len([]rune(h.Text)) > maxSuggestion {
			continue
		}
		s := byKey[key]
		if s == nil {
			s = &said{last: h, answered: true}
			byKey[key] = s
			out = append(out, s)
		}
		if h.At.After(s.last.At) {
			s.last = h
		}
		s.count++
		s.answered = s.answered && h.Answered
	}
	return out
}

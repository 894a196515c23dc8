package evals

import (
	"fmt"
	"io"
	"strings"

	"handrail/intent"
	"handrail/internal/errs"
)

// EntityRow is a message with its entities marked in place: "Where is [order_number=HR-10423|hr-10423]?". The value may
// be left out: then it does not count. A row with settings applies to those after it.
type EntityRow struct {
	Split    string               `json:"split,omitempty"`
	Lang     string               `json:"lang,omitempty"`
	Text     string               `json:"text,omitempty"`
	Settings *intent.EntityConfig `json:"settings,omitempty"`
}

// Entities scores the entities of a set: for every split all of them, each language, and each kind. An entity counts as
// found if kind, place and, where it is labelled, value are right.
func Entities(set string, r io.Reader) ([]SignalScore, error) {
	rows, err := ReadJSONL[EntityRow](set, r)
	if err != nil {
		return nil, err
	}
	x, err := intent.NewExtractor(intent.EntityConfig{})
	var tally entityTally
	for i, row := range rows {
		if row.Settings != nil {
			x, err = intent.NewExtractor(*row.Settings)
		}
		if err != nil {
			return nil, errs.Wrap(err, errs.Invalid, "%s: row %d has wrong settings", set, i+1)
		}
		if row.Text == "" {
			continue
		}
		message, want, err := unmark(row.Text)
		if err != nil {
			return nil, errs.New(errs.Invalid, "%s: row %d: %s", set, i+1, err)
		}
		tally.add(row, message, want, x.Entities(message))
	}
	return tally.settled(), nil
}

// unmark returns the message of a marked text, and its entities.
func unmark(marked string) (string, []intent.Entity, error) {
	var b strings.Builder
	var found []intent.Entity
	for rest := marked; ; {
		before, mark, ok := strings.Cut(rest, "[")
		b.WriteString(before)
		if !ok {
			return b.String(), found, nil
		}
		label, after, ok := strings.Cut(mark, "|")
		text, after, closed := strings.Cut(after, "]")
		if !ok || !closed {
			return "", nil, fmt.Errorf("a mark is [kind=value|text]: %q", marked)
		}
		kind, value, _ := strings.Cut(label, "=")
		e := intent.Entity{Kind: kind, Value: value, Text: text, Start: b.Len(), End: b.Len() + len(text)}
		b.WriteString(text)
		found, rest = append(found, e), after
	}
}

// entityTally counts what was found by group, in the order in which the groups first occur.
type entityTally struct {
	order  []string
	scores map[string]*SignalScore
}

func (t *entityTally) score(signal, set string) *SignalScore {
	key := signal + "\x00" + set
	if t.scores == nil {
		t.scores = map[string]*SignalScore{}
	}
	if t.scores[key] == nil {
		t.order = append(t.order, key)
		t.scores[key] = &SignalScore{Signal: signal, Set: set}
	}
	return t.scores[key]
}

func (t *entityTally) add(row EntityRow, message string, want, got []intent.Entity) {
	all, lang := t.score("entities", row.Split), t.score("entities "+row.Lang, row.Split)
	all.N++
	lang.N++
	matched := make([]bool, len(want))
	for _, g := range got {
		kind := t.score("entities "+g.Kind, row.Split)
		i := indexEntity(want, g)
		if i < 0 {
			all.wrong, lang.wrong, kind.wrong = all.wrong+1, lang.wrong+1, kind.wrong+1
			all.Misses = append(all.Misses, fmt.Sprintf("found %s %q (%s), but it is not there: %s", g.Kind, g.Text, g.Value, message))
			continue
		}
		matched[i] = true
		all.hits, lang.hits, kind.hits, kind.N = all.hits+1, lang.hits+1, kind.hits+1, kind.N+1
	}
	for i, w := range want {
		if !matched[i] {
			kind := t.score("entities "+w.Kind, row.Split)
			all.missed, lang.missed, kind.missed, kind.N = all.missed+1, lang.missed+1, kind.missed+1, kind.N+1
			all.Misses = append(all.Misses, fmt.Sprintf("did not find %s %q (%s): %s", w.Kind, w.Text, w.Value, message))
		}
	}
}

func indexEntity(want []intent.Entity, g intent.Entity) int {
	for i, w := range want {
		if w.Kind == g.Kind && w.Start == g.Start && w.End == g.End && (w.Value == "" || w.Value == g.Value) {
			return i
		}
	}
	return -1
}

func (t *entityTally) settled() []SignalScore {
	out := make([]SignalScore, 0, len(t.order))
	for _, key := range t.order {
		t.scores[key].settle()
		out = append(out, *t.scores[key])
	}
	return out
}

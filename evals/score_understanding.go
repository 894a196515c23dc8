package evals

import (
	"fmt"

	"handrail/bot"
	"handrail/intent"
)

// scoreIntent scores the intent that the message was taken for. The expected intent "oos" means none of the catalog.
func scoreIntent(c Case, r bot.Reply) Score {
	s := Score{Scores: map[string]float64{}}
	got := r.Intent.Name
	if r.Intent.Model > 0 && (c.Intent == outOfScope || tagged(c, "out_of_scope")) {
		s.Scores["oos_recall"] = truth(r.Intent.Intent == nil)
	}
	if c.Intent == "" {
		return s
	}
	right := got == c.Intent || c.Intent == outOfScope && got == ""
	s.Scores["intent_accuracy"] = truth(right)
	if !right {
		s.Failures = []string{fmt.Sprintf("intent %q, expected %q", got, c.Intent)}
	}
	return s
}

// scoreEntities scores the share of the expected entities that were found.
func scoreEntities(c Case, r bot.Reply) Score {
	if len(c.Entities) == 0 {
		return Score{}
	}
	var s Score
	var found float64
	for _, want := range c.Entities {
		if holdsEntity(r.Entities, want) {
			found++
			continue
		}
		s.Failures = append(s.Failures, fmt.Sprintf("did not find the %s %q", want.Kind, want.Value+want.Text))
	}
	s.Scores = map[string]float64{"entity_recall": found / float64(len(c.Entities))}
	return s
}

func holdsEntity(found []intent.Entity, want Entity) bool {
	for _, e := range found {
		if e.Kind == want.Kind && (want.Value == "" || e.Value == want.Value) && (want.Text == "" || e.Text == want.Text) {
			return true
		}
	}
	return false
}

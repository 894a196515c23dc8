package evals

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"handrail/bot"
	"handrail/internal/errs"
)

// BEIR is a retrieval set in the layout of BEIR, to make a suite of.
type BEIR struct {
	Name    string
	Corpus  []CorpusDoc // its ids are the sources; documents are to be ingested so that their paths end in them
	Queries []Query
	Qrels   Qrels
	Split   string // "" = every query
	Suffix  string // put behind the id of a document to make the end of its path, such as ".md"
}

// ImportBEIR makes a case of every query. One with relevant documents expects an answer from one of them, the highest
// grade first; one that is marked as not answerable expects a handoff; others say nothing and are left out. An error of
// kind [errs.Invalid] names a judgment of a document that the corpus lacks.
func ImportBEIR(b BEIR) (Suite, error) {
	known := map[string]bool{}
	for _, d := range b.Corpus {
		known[d.ID] = true
	}
	if b.Split != "" && !slices.ContainsFunc(b.Queries, func(q Query) bool { return q.Split == b.Split }) {
		return Suite{}, errs.New(errs.Invalid, "no query has split %q: the file has %s; choose one with --split", b.Split,
			strings.Join(splitsOf(b.Queries), ", "))
	}
	s := Suite{Name: b.Name}
	seen := map[string]bool{}
	for _, q := range b.Queries {
		if b.Split != "" && q.Split != b.Split {
			continue
		}
		if q.ID == "" || q.Text == "" || seen[q.ID] {
			return Suite{}, errs.New(errs.Invalid, "the query %q with the id %q has no text, or no id of its own: correct it", q.Text, q.ID)
		}
		seen[q.ID] = true
		c := Case{ID: "beir-" + q.ID, Question: q.Text, History: visitorHistory(q)}
		for _, id := range byGrade(b.Qrels[q.ID]) {
			if !known[id] {
				return Suite{}, errs.New(errs.Invalid, "the judgments of query %s name document %s, which the corpus lacks", q.ID, id)
			}
			c.Sources = append(c.Sources, id+b.Suffix)
		}
		switch {
		case len(c.Sources) > 0:
			c.Decision, c.Tags = bot.Answer, []string{"answerable"}
		case q.Answerable != nil && !*q.Answerable:
			c.Decision, c.Tags = bot.Handoff, []string{"unanswerable"}
		default:
			continue
		}
		s.Cases = append(s.Cases, c)
	}
	if len(s.Cases) == 0 {
		return Suite{}, errs.New(errs.Invalid, "no query has a relevant document or is marked as not answerable: check the judgments")
	}
	return s, nil
}

func splitsOf(queries []Query) []string {
	names := map[string]bool{}
	for _, q := range queries {
		names[q.Split] = true
	}
	return slices.Sorted(maps.Keys(names))
}

// byGrade are the relevant documents, the most relevant first.
func byGrade(relevant map[string]float64) []string {
	ids := slices.Collect(maps.Keys(relevant))
	ids = slices.DeleteFunc(ids, func(id string) bool { return relevant[id] <= 0 })
	slices.SortFunc(ids, func(a, b string) int {
		return cmp.Or(cmp.Compare(relevant[b], relevant[a]), strings.Compare(a, b))
	})
	return ids
}

package evals

import (
	"context"
	"slices"
	"strings"

	"handrail/bot"
	"handrail/internal/text"
)

// Scorer measures one thing about a reply. Most are pure; a [Judge] asks a model.
type Scorer interface {
	// Score returns what it measured. An error ends the run: it says that the measuring failed, not the reply.
	Score(ctx context.Context, c Case, r bot.Reply) (Score, error)
}

// Score is what a scorer says about one reply.
type Score struct {
	// Scores are by metric, which is their mean over the questions that have one. A metric that the question says
	// nothing about is left out.
	Scores map[string]float64
	// Failures are expectations that were not met, in words. A case with one does not pass.
	Failures []string
}

// scorerFunc is a scorer that needs nobody else.
type scorerFunc func(c Case, r bot.Reply) Score

func (f scorerFunc) Score(_ context.Context, c Case, r bot.Reply) (Score, error) { return f(c, r), nil }

// standardScorers are those of every run. The first of the failures is the one that the gate prints.
func standardScorers(o RunOptions) []Scorer {
	scorers := []Scorer{scorerFunc(scoreDecision), scorerFunc(scoreClarification), scorerFunc(scoreEffort), scorerFunc(scoreIntent),
		scorerFunc(scoreEntities), scorerFunc(scoreSources), scorerFunc(scoreFacts), scorerFunc(scoreRetrieval),
		scorerFunc(scoreCitations), scorerFunc(scoreGroundedness), scorerFunc(scoreLanguage), scorerFunc(o.Prices.score)}
	if o.Judge != nil {
		scorers = append(scorers, o.Judge)
	}
	return scorers
}

func matchesAny(uri string, ends []string) bool {
	return slices.ContainsFunc(ends, func(end string) bool { return strings.HasSuffix(uri, end) })
}

func contains(s, part string) bool { return strings.Contains(text.Normalize(s), text.Normalize(part)) }

func tagged(c Case, tag string) bool { return slices.Contains(c.Tags, tag) }

package evals

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"handrail/bot"
)

// Responder answers one turn; [bot.Bot] is one.
type Responder interface {
	Respond(ctx context.Context, t bot.Turn) (bot.Reply, error)
}

// Result is one question and what came of it.
type Result struct {
	ID         string             `json:"id"`
	Dialogue   string             `json:"dialogue"` // the case that it is a turn of; the id itself for a single question
	Question   string             `json:"question"`
	Tags       []string           `json:"tags"`
	Expected   bot.Decision       `json:"expected"`
	Decision   bot.Decision       `json:"decision"`
	Reason     string             `json:"reason"`
	Confidence float64            `json:"confidence"`
	Threshold  float64            `json:"threshold"`
	Intent     string             `json:"intent"`
	WantIntent string             `json:"want_intent"` // expected, "" for any
	Reply      string             `json:"reply"`
	Sources    []string           `json:"sources"`  // cited, or found first where nothing was cited
	Passages   []Passage          `json:"passages"` // found, best first
	Choices    []string           `json:"choices,omitempty"`
	Pass       bool               `json:"pass"`     // every expectation met
	Failures   []string           `json:"failures"` // what was not, in words
	Right      bool               `json:"right"`    // the answer, given or withheld, is from an expected source and says all facts: what the confidence predicts
	Scores     map[string]float64 `json:"scores"`   // by metric, of those that this question says something about
	Features   map[string]float64 `json:"features"`
	Model      string             `json:"model"` // that wrote the reply, "" for none
	Ms         float64            `json:"ms"`
}

// Report is the outcome of a suite.
type Report struct {
	Suite     string              `json:"suite"`
	At        time.Time           `json:"at"`
	Metrics   map[string]float64  `json:"metrics"`   // see docs/evals.md
	Intervals map[string]Interval `json:"intervals"` // of the metrics that are not times
	Curve     []Coverage          `json:"risk_coverage"`
	Judge     *Agreement          `json:"judge,omitempty"` // of the judge with people; nil without a judge or verdicts
	Results   []Result            `json:"results"`
}

// RunOptions say how a suite is run. The zero value asks everything and scores it without a judge.
type RunOptions struct {
	Progress func(done, total int) // after every question; nil for nobody
	Prices   Prices
	Judge    *Judge // nil for none
}

// Run asks every question of the suite and scores the replies. It writes nothing to any conversation.
func Run(ctx context.Context, r Responder, workspace uuid.UUID, s Suite, progress func(done, total int)) (Report, error) {
	return RunWith(ctx, r, workspace, s, RunOptions{Progress: progress})
}

// RunWith is [Run] with options.
func RunWith(ctx context.Context, r Responder, workspace uuid.UUID, s Suite, o RunOptions) (Report, error) {
	report := Report{Suite: s.Name, At: time.Now().UTC()}
	scorers := standardScorers(o)
	for _, c := range s.Cases {
		history := spoken(c.History)
		for _, step := range c.steps() {
			turn := bot.Turn{Workspace: workspace, Text: step.Question, Lang: step.Lang, History: history}
			reply, err := r.Respond(ctx, turn)
			if err != nil {
				return Report{}, fmt.Errorf("case %s: %w", step.ID, err)
			}
			result, err := judgeReply(ctx, scorers, step, reply)
			if err != nil {
				return Report{}, fmt.Errorf("case %s: %w", step.ID, err)
			}
			if share, err := resolved(ctx, r, turn, step, reply); err != nil {
				return Report{}, fmt.Errorf("case %s, after a choice: %w", step.ID, err)
			} else if share != nil {
				result.Scores["clarify_resolved"] = *share
			}
			result.Dialogue = c.ID
			report.Results = append(report.Results, result)
			history = append(slices.Clip(history), bot.Utterance{FromVisitor: true, Text: step.Question},
				bot.Utterance{Text: reply.Text, Choices: reply.Choices})
			if o.Progress != nil {
				o.Progress(len(report.Results), s.Questions())
			}
		}
	}
	outcomes := outcomesOf(report.Results)
	report.Metrics, report.Intervals = measure(outcomes), intervals(outcomes)
	report.Curve = riskCoverage(report.Results)
	if o.Judge == nil {
		return report, nil
	}
	var err error
	report.Judge, err = o.Judge.agreement(ctx, s)
	return report, err
}

func spoken(messages []string) (history []bot.Utterance) {
	for _, m := range messages {
		history = append(history, bot.Utterance{FromVisitor: true, Text: m})
	}
	return history
}

// judgeReply compares a reply with what its case expects.
func judgeReply(ctx context.Context, scorers []Scorer, c Case, reply bot.Reply) (Result, error) {
	r := Result{ID: c.ID, Question: c.Question, Tags: c.Tags, Expected: c.Decision, Decision: reply.Decision,
		Reason: reply.Reason, Confidence: round(reply.Confidence), Threshold: reply.Threshold, Intent: reply.Intent.Name,
		WantIntent: c.Intent, Reply: reply.Text, Sources: sources(reply), Passages: passagesOf(reply),
		Choices: labelsOf(reply.Choices), Failures: []string{},
		Right: answersRight(c, reply), Scores: map[string]float64{}, Features: reply.Features.Map(), Model: reply.Model,
		Ms: round(float64(reply.Took.Microseconds()) / 1000)}
	for _, s := range scorers {
		v, err := s.Score(ctx, c, reply)
		if err != nil {
			return Result{}, err
		}
		for name, score := range v.Scores {
			r.Scores[name] = round(score)
		}
		r.Failures = append(r.Failures, v.Failures...)
	}
	r.Pass = len(r.Failures) == 0
	r.Scores["pass"] = truth(r.Pass)
	if r.Decision == bot.Answer {
		r.Scores["wrong_answers"] = truth(!r.Pass)
	}
	return r, nil
}

// answersRight reports whether the answer that was given, or withheld for want of confidence, comes from an expected
// source and says what it must.
func answersRight(c Case, reply bot.Reply) bool {
	said := reply.Text
	if reply.Decision != bot.Answer {
		if reply.Withheld == nil {
			return bestIsExpected(c, reply)
		}
		said = reply.Withheld.Text
	}
	return bestIsExpected(c, reply) && saysAll(c, said)
}

// saysAll reports whether a text holds one wording of every fact of the case.
func saysAll(c Case, said string) bool {
	return !slices.ContainsFunc(c.Facts, func(wordings []string) bool {
		return !slices.ContainsFunc(wordings, func(f string) bool { return contains(said, f) })
	})
}

// bestIsExpected reports whether the passage found first belongs to an expected source.
func bestIsExpected(c Case, reply bot.Reply) bool {
	return len(c.Sources) > 0 && len(reply.Passages) > 0 && matchesAny(reply.Passages[0].URI, c.Sources)
}

func sources(reply bot.Reply) []string {
	out := []string{}
	for _, c := range reply.Citations {
		out = append(out, c.Source)
	}
	if len(out) == 0 && len(reply.Passages) > 0 {
		out = append(out, reply.Passages[0].URI)
	}
	return out
}

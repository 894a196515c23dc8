package evals

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"handrail/bot"
	"handrail/internal/text"
)

// Responder answers one turn; [bot.Bot] is one.
type Responder interface {
	Respond(ctx context.Context, t bot.Turn) (bot.Reply, error)
}

// Result is one case and what came of it.
type Result struct {
	ID         string             `json:"id"`
	Question   string             `json:"question"`
	Tags       []string           `json:"tags"`
	Expected   bot.Decision       `json:"expected"`
	Decision   bot.Decision       `json:"decision"`
	Reason     string             `json:"reason"`
	Confidence float64            `json:"confidence"`
	Threshold  float64            `json:"threshold"`
	Intent     string             `json:"intent"`
	Reply      string             `json:"reply"`
	Sources    []string           `json:"sources"`            // cited, or found first where nothing was cited
	Pass       bool               `json:"pass"`               // every expectation met
	Failures   []string           `json:"failures"`           // what was not, in words
	Offered    *float64           `json:"offered,omitempty"`  // share of the case's readings among the choices; null without either
	Resolved   *float64           `json:"resolved,omitempty"` // share of these readings that are answered once chosen
	Choices    []string           `json:"choices,omitempty"`
	Right      bool               `json:"right"` // the best passage is an expected source: what the confidence predicts
	Features   map[string]float64 `json:"features"`
	Ms         float64            `json:"ms"`
}

// Report is the outcome of a suite.
type Report struct {
	Suite   string             `json:"suite"`
	At      time.Time          `json:"at"`
	Metrics map[string]float64 `json:"metrics"` // see measure
	Curve   []Coverage         `json:"risk_coverage"`
	Results []Result           `json:"results"`
}

// Run asks every question of the suite and scores the replies. It writes nothing to any conversation.
func Run(ctx context.Context, r Responder, workspace uuid.UUID, s Suite, progress func(done, total int)) (Report, error) {
	report := Report{Suite: s.Name, At: time.Now().UTC()}
	for i, c := range s.Cases {
		reply, err := r.Respond(ctx, turnOf(workspace, c))
		if err != nil {
			return Report{}, fmt.Errorf("case %s: %w", c.ID, err)
		}
		result := score(c, reply)
		if result.Resolved, err = resolved(ctx, r, turnOf(workspace, c), c, reply); err != nil {
			return Report{}, fmt.Errorf("case %s, after a choice: %w", c.ID, err)
		}
		report.Results = append(report.Results, result)
		if progress != nil {
			progress(i+1, len(s.Cases))
		}
	}
	report.Metrics = measure(report.Results)
	report.Curve = riskCoverage(report.Results)
	return report, nil
}

func turnOf(workspace uuid.UUID, c Case) bot.Turn {
	t := bot.Turn{Workspace: workspace, Text: c.Question, Lang: c.Lang}
	for _, h := range c.History {
		t.History = append(t.History, bot.Utterance{FromVisitor: true, Text: h})
	}
	return t
}

// score compares a reply with what its case expects.
func score(c Case, reply bot.Reply) Result {
	r := Result{ID: c.ID, Question: c.Question, Tags: c.Tags, Expected: c.Decision, Decision: reply.Decision,
		Reason: reply.Reason, Confidence: round(reply.Confidence), Threshold: reply.Threshold, Intent: reply.Intent.Name,
		Reply: reply.Text, Sources: sources(reply), Failures: []string{}, Features: reply.Features.Map(),
		Ms: round(float64(reply.Took.Microseconds()) / 1000)}
	fail := func(format string, args ...any) { r.Failures = append(r.Failures, fmt.Sprintf(format, args...)) }
	if reply.Decision != c.Decision {
		fail("decided %s (%s, confidence %.2f), expected %s", reply.Decision, reply.Reason, reply.Confidence, c.Decision)
	}
	if c.Reason != "" && reply.Reason != c.Reason {
		fail("reason %s, expected %s", reply.Reason, c.Reason)
	}
	if c.Intent != "" && reply.Intent.Name != c.Intent {
		fail("intent %q, expected %q", reply.Intent.Name, c.Intent)
	}
	r.Right = len(c.Sources) > 0 && len(reply.Passages) > 0 && matchesAny(reply.Passages[0].URI, c.Sources)
	r.Offered, r.Choices = offered(c, reply)
	if reply.Decision == bot.Answer {
		checkAnswer(c, reply, fail)
	}
	for _, f := range c.Forbidden {
		if contains(reply.Text, f) {
			fail("the reply holds %q", f)
		}
	}
	r.Pass = len(r.Failures) == 0
	return r
}

func checkAnswer(c Case, reply bot.Reply, fail func(string, ...any)) {
	if len(c.Sources) > 0 && !slices.ContainsFunc(reply.Citations, func(x bot.Citation) bool { return matchesAny(x.Source, c.Sources) }) {
		fail("cites %v, expected %v", sources(reply), c.Sources)
	}
	for _, alternatives := range c.Facts {
		if !slices.ContainsFunc(alternatives, func(f string) bool { return contains(reply.Text, f) }) {
			fail(`the reply lacks "%s"`, strings.Join(alternatives, `" or "`))
		}
	}
	if len(reply.Citations) == 0 && reply.Reason != bot.ReasonFixedReply {
		fail("answers without a citation")
	}
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

func matchesAny(uri string, ends []string) bool {
	return slices.ContainsFunc(ends, func(end string) bool { return strings.HasSuffix(uri, end) })
}

func contains(s, part string) bool { return strings.Contains(text.Normalize(s), text.Normalize(part)) }

// measure sums the results up:
//
//	pass                  share of cases with every expectation met
//	answered_right        share of the answerable cases answered from an expected source
//	wrong_answers         share of all answers that should not have been given, or cite the wrong source
//	needless_handoffs     share of the answerable cases handed to a person
//	escalation_precision  share of handoffs that were expected
//	escalation_recall     share of expected handoffs that happened
//	clarify_recall        share of ambiguous cases asked back
//	clarify_rate_clear    share of the other cases asked back
//	clarify_offered       share of the readings of ambiguous cases that the choices offer, where asked back
//	clarify_resolved      share of these that are answered once their choice is taken
//	effort_recall         share of the dialogues tagged effort that go to a person for anger, frustration or repetition
//	effort_precision      share of those tagged effort or calm and sent to a person for these that are tagged effort
//	retrieval_hit@1       share of cases with expected sources whose best passage is one of them
//	ece                   calibration error of the confidence, over cases with expected sources and unanswerable ones
//	p50_ms, p95_ms        time of a turn
func measure(results []Result) map[string]float64 {
	var pass, answers, wrong, answerable, answeredRight, needless, expectedHandoffs, handoffs, rightHandoffs float64
	var ambiguous, asked, clear, askedClear, sourced, hit, choosing, offered, taken, resolved float64
	var efforts, sensed, sensedRight float64
	var conf, took []float64
	var right []bool
	for _, r := range results {
		pass += truth(r.Pass)
		took = append(took, r.Ms)
		if r.Decision == bot.Answer {
			answers++
			wrong += truth(!r.Pass)
		}
		if r.Decision == bot.Handoff {
			handoffs++
			rightHandoffs += truth(r.Expected == bot.Handoff)
		}
		if r.Offered != nil {
			choosing++
			offered += *r.Offered
		}
		if r.Resolved != nil {
			taken++
			resolved += *r.Resolved
		}
		if r.Expected == bot.Clarify {
			ambiguous++
			asked += truth(r.Decision == bot.Clarify)
		} else {
			clear++
			askedClear += truth(r.Decision == bot.Clarify)
		}
		effort, troubled := slices.Contains(r.Tags, "effort"), slices.Contains(effortReasons(), r.Reason)
		efforts += truth(effort)
		sensed += truth(troubled && (effort || slices.Contains(r.Tags, "calm")))
		sensedRight += truth(troubled && effort)
		expectedHandoffs += truth(r.Expected == bot.Handoff)
		if slices.Contains(r.Tags, "answerable") {
			answerable++
			sourced++
			hit += truth(r.Right)
			answeredRight += truth(r.Decision == bot.Answer && r.Right)
			needless += truth(r.Decision == bot.Handoff)
		}
		if predictsRight(r) {
			conf, right = append(conf, r.Confidence), append(right, r.Right)
		}
	}
	m := map[string]float64{
		"pass": pass / float64(len(results)), "answered_right": answeredRight / answerable, "wrong_answers": wrong / answers,
		"needless_handoffs": needless / answerable, "escalation_precision": rightHandoffs / handoffs,
		"escalation_recall": rightHandoffs / expectedHandoffs, "clarify_recall": asked / ambiguous,
		"clarify_rate_clear": askedClear / clear, "retrieval_hit@1": hit / sourced, "ece": ECE(conf, right),
		"clarify_offered": offered / choosing, "clarify_resolved": resolved / taken, "effort_recall": sensedRight / efforts, "effort_precision": sensedRight / sensed,
		"p50_ms": quantile(took, .5), "p95_ms": quantile(took, .95),
	}
	for name, v := range m {
		if math.IsNaN(v) {
			delete(m, name) // the suite has no case of that kind
			continue
		}
		m[name] = round(v)
	}
	return m
}

// predictsRight reports whether the result's confidence says something that the case can judge: that the best passage
// answers the question.
func predictsRight(r Result) bool {
	return r.Confidence > 0 && r.Reason != bot.ReasonFixedReply &&
		(slices.Contains(r.Tags, "answerable") || slices.Contains(r.Tags, "unanswerable") || slices.Contains(r.Tags, "out_of_scope"))
}

func riskCoverage(results []Result) []Coverage {
	var conf []float64
	var right []bool
	for _, r := range results {
		if predictsRight(r) {
			conf, right = append(conf, r.Confidence), append(right, r.Right)
		}
	}
	return RiskCoverage(conf, right)
}

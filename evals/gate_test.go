package evals

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"handrail/bot"
)

// saved writes a baseline of the report and reads it back, as two runs of the program do.
func saved(t *testing.T, r Report) Baseline {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, WriteBaseline(&b, NewBaseline(r)))
	require.GreaterOrEqual(t, strings.Count(b.String(), "\n"), len(r.Results), "one case per line")
	base, err := ReadBaseline("b.json", &b)
	require.NoError(t, err)
	return base
}

func regressions(r Report, b Baseline) string {
	var out []string
	for _, w := range Gate(r, b) {
		out = append(out, w.String())
	}
	return strings.Join(out, "\n")
}

func TestGateWithoutAModelNamesEveryCaseThatFails(t *testing.T) {
	t.Parallel()
	s, r := suite()
	base := saved(t, run(t, s, r))
	require.True(t, base.Deterministic)
	require.NotContains(t, base.Metrics, "p50_ms", "times do not travel")
	require.Empty(t, Gate(run(t, s, r), base), "an unchanged run")

	_, worse := suite()
	worse["fee?"] = answered("It costs nothing [1]", "en/fees.md")
	report := run(t, s, worse)
	require.Equal(t, `case good passed before: the reply lacks "4.90" or "4,90"`, regressions(report, base))
	failing, better := Changed(report, base)
	require.Equal(t, [][]string{{"good"}, nil}, [][]string{failing, better})
	failing, better = Changed(run(t, s, r), saved(t, report))
	require.Equal(t, [][]string{nil, {"good"}}, [][]string{failing, better})

	shorter := Suite{Name: s.Name, Cases: s.Cases[:3]}
	require.Equal(t, "case hi passed before: it is gone from the suite", regressions(run(t, shorter, r), base))

	longer := Suite{Name: s.Name, Cases: append(slices.Clone(s.Cases), Case{ID: "new", Question: "it?", Decision: bot.Handoff})}
	require.Empty(t, Gate(run(t, longer, r), base), "a new case that fails is work to do, not a regression")
}

func TestGateReadsBaselinesWithoutOutcomes(t *testing.T) {
	t.Parallel()
	s, r := suite()
	base, err := ReadBaseline("old.json", strings.NewReader(`{"suite": "shop",
		"metrics": {"answered_right": 1, "ece": 0.1, "pass": 1}, "tolerance": {"answered_right": 0.02, "pass": 0.3},
		"passing": ["good", "hi"]}`))
	require.NoError(t, err)
	require.Empty(t, Gate(run(t, s, r), base))
	report := run(t, s, r)
	report.Metrics["ece"], report.Metrics["answered_right"], report.Metrics["pass"] = .15, .97, .75
	require.Equal(t, "answered_right is 0.970, baseline 1.000\nece is 0.150, baseline 0.100", regressions(report, base))
	report.Metrics["ece"], report.Metrics["answered_right"] = 0, .99
	require.Empty(t, Gate(report, base), "better, or within the tolerance")
	_, worse := suite()
	worse["hi"] = bot.Reply{Decision: bot.Clarify}
	require.Contains(t, regressions(run(t, s, worse), base), "case hi passed before: decided clarify")
}

// many is a suite of n questions of which a model answers all but the missed rightly.
func many(t *testing.T, n int, missed ...int) Report {
	t.Helper()
	s, r := Suite{Name: "many"}, replies{}
	for i := range n {
		q := fmt.Sprintf("question %d", i)
		s.Cases = append(s.Cases, Case{ID: fmt.Sprint(i), Question: q, Decision: bot.Answer, Tags: []string{"answerable"},
			Sources: []string{"fees.md"}})
		reply := answered("It costs 4.90 EUR [1]", "en/fees.md")
		if slices.Contains(missed, i) {
			reply = bot.Reply{Decision: bot.Handoff, Reason: bot.ReasonNoAnswer, Passages: reply.Passages}
		}
		reply.Model = "m"
		r[q] = reply
	}
	return run(t, s, r)
}

func TestGateWithAModelAsksWhetherItIsChance(t *testing.T) {
	t.Parallel()
	base := saved(t, many(t, 20))
	require.False(t, base.Deterministic)
	one := many(t, 20, 7)
	require.Empty(t, Gate(one, base), "one case of twenty may be chance")
	worse, _ := Changed(one, base)
	require.Equal(t, []string{"7"}, worse, "and is named all the same")

	got := regressions(many(t, 20, 1, 3, 5, 7, 9, 11, 13, 15, 17), base)
	require.Contains(t, got, "pass is 0.550, baseline 1.000 (p = 0.002); worse in 1, 3, 5, 7, 9, 11, 13, 15, 17")
	require.Contains(t, got, "answered_right is 0.550")
	require.NotContains(t, got, "retrieval_", "the passages were the same")
	require.NotContains(t, got, "passed before")

	silent := many(t, 20)
	delete(silent.Metrics, "citation_validity")
	require.Contains(t, regressions(silent, base), "citation_validity was 1.000 in the baseline: it is gone from the report")

	base.Tolerance["pass"] = .5
	require.NotContains(t, regressions(many(t, 20, 1, 3, 5, 7, 9, 11, 13, 15, 17), base), "pass is", "within its own tolerance")
}

// A model that answers nine of ten questions, at random, must not be stopped by its own dice more often than allowed.
func TestNoiseDoesNotGate(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	dice := func() (missed []int) {
		for i := range 40 {
			if random.Float64() < .1 {
				missed = append(missed, i)
			}
		}
		return missed
	}
	const runs = 30
	alarms := 0
	for range runs {
		if len(Gate(many(t, 40, dice()...), NewBaseline(many(t, 40, dice()...)))) > 0 {
			alarms++
		}
	}
	require.LessOrEqual(t, alarms, 2, "5 % of 30 are 1.5")
}

func outcomes(scores ...float64) (out []Outcome) {
	for i, s := range scores {
		out = append(out, Outcome{ID: fmt.Sprint(i), Scores: map[string]float64{"x": s}})
	}
	return out
}

func TestWorsening(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		before, after []Outcome
		loss, p       float64
	}{
		"the same":             {outcomes(1, 0, 1), outcomes(1, 0, 1), 0, 1},
		"six of eight fall":    {outcomes(1, 1, 1, 1, 1, 1, 1, 0), outcomes(0, 0, 0, 0, 0, 0, 1, 0), .75, 1.0 / 64},
		"four fall, one rises": {outcomes(1, 1, 1, 1, 0), outcomes(0, 0, 0, 0, 1), .6, 6.0 / 32},
		"better":               {outcomes(0, 0), outcomes(1, 1), -1, 1},
	} {
		loss, p := worsening(meanOf("x"), higher, test.before, test.after)
		require.InDelta(t, test.loss, loss, 1e-9, name)
		require.InDelta(t, test.p, p, 1e-9, name)
	}
	loss, p := worsening(meanOf("x"), lower, outcomes(0, 0), outcomes(1, 1))
	require.Equal(t, []float64{1, .25}, []float64{loss, p}, "of a metric that should be low")

	before, after := outcomes(1, 1, 1, 1), outcomes(0, 0, 0, 0)
	for i := range before {
		before[i].Dialogue, after[i].Dialogue = "d", "d"
	}
	_, p = worsening(meanOf("x"), higher, before, after)
	require.Equal(t, .5, p, "the turns of one dialogue are one piece of evidence")

	var ones, zeros []float64
	for range 40 {
		ones, zeros = append(ones, 1), append(zeros, 0)
	}
	_, p = worsening(meanOf("x"), higher, outcomes(ones...), outcomes(zeros...))
	require.Equal(t, 1.0/(swaps+1), p, "by random swaps")
}

func TestHolm(t *testing.T) {
	t.Parallel()
	names := func(tested int, ps ...float64) (out []string) {
		var suspects []Regression
		for i, p := range ps {
			suspects = append(suspects, Regression{Metric: string(rune('a' + i)), P: p})
		}
		for _, r := range significant(suspects, tested) {
			out = append(out, r.Metric)
		}
		return out
	}
	require.Equal(t, []string{"a", "b"}, names(4, .016, .01), ".01 < .05/4 and .016 < .05/3")
	require.Equal(t, []string{"b"}, names(4, .017, .01))
	require.Empty(t, names(4, .02, .013), "the first that fails ends it")
}

func TestWorseCases(t *testing.T) {
	t.Parallel()
	before, after := outcomes(1, 0, .5, 1), outcomes(.5, 1, 0, 0)
	require.Equal(t, []string{"3", "0", "2"}, worseCases("x", higher, before, after))
	require.Equal(t, []string{"1"}, worseCases("x", lower, before, after))
	delete(after[3].Scores, "x")
	require.Equal(t, "3", worseCases("x", higher, before, after)[0], "a success that is gone")
	confidence := func(c float64, right bool) []Outcome { return []Outcome{{ID: "c", Confidence: &c, Right: right}} }
	require.Equal(t, []string{"c"}, worseCases("ece", lower, confidence(.9, true), confidence(.9, false)))
	require.Empty(t, worseCases("ece", lower, confidence(.9, true), confidence(.95, true)))
}

func TestIntervals(t *testing.T) {
	t.Parallel()
	var scores []float64
	for i := range 100 {
		scores = append(scores, truth(i < 50))
	}
	set := outcomes(scores...)
	for i := range set {
		set[i].Scores["pass"] = set[i].Scores["x"]
	}
	got := intervals(set)["pass"]
	require.InDelta(t, .4, got.Low, .02, "half of a hundred, give or take 1.96 * 0.05")
	require.InDelta(t, .6, got.High, .02)
	require.Equal(t, got, intervals(set)["pass"], "the same on every machine")
	for i := range set {
		set[i].Dialogue = fmt.Sprint("d", i/25) // four dialogues, each all right or all wrong
	}
	wide := intervals(set)["pass"]
	require.Equal(t, Interval{0, 1}, wide, "turns of one dialogue are no independent questions")
	require.Empty(t, intervals(outcomes(1)))
}

func TestBaselineKeepsTolerances(t *testing.T) {
	t.Parallel()
	b := Baseline{Tolerance: map[string]float64{"pass": .02, "ece": .02}}
	b.KeepTolerances(Baseline{Tolerance: map[string]float64{"pass": .1, "gone": .3}})
	require.Equal(t, map[string]float64{"pass": .1, "ece": .02}, b.Tolerance)
}

func TestRunInAnyOrderIsTheSame(t *testing.T) {
	t.Parallel()
	s, r := suite()
	base := saved(t, run(t, s, r))
	for range 20 {
		rand.Shuffle(len(s.Cases), func(i, j int) { s.Cases[i], s.Cases[j] = s.Cases[j], s.Cases[i] })
		report, err := Run(t.Context(), r, uuid.New(), s, nil)
		require.NoError(t, err)
		require.Empty(t, Gate(report, base))
	}
}

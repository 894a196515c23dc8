package evals

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"handrail/bot"
	"handrail/internal/errs"
)

func TestUpperBound(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		k, n int
		want float64
	}{ // qbeta(0.95, k+1, n-k) of R
		{0, 99, 0.02981}, {0, 10, 0.25887}, {3, 100, 0.07571}, {5, 10, 0.77756}, {10, 10, 1}, {0, 0, 1},
	} {
		require.InDelta(t, c.want, UpperBound(c.k, c.n, 0.95), 2e-5, "%d of %d", c.k, c.n)
	}
	require.Equal(t, 99, flawless(0.03))
	require.Zero(t, flawless(0))
}

func TestAURC(t *testing.T) {
	t.Parallel()
	area, best := aurc([]float64{.9, .8, .7, .6}, []bool{true, false, true, false})
	require.InDelta(t, (0+1./2+1./3+2./4)/4, area, 1e-9)
	require.InDelta(t, (0+0+1./3+2./4)/4, best, 1e-9)
	tied, _ := aurc([]float64{.5, .5, .5, .5}, []bool{true, false, true, false})
	swapped, _ := aurc([]float64{.5, .5, .5, .5}, []bool{false, false, true, true})
	require.InDelta(t, tied, swapped, 1e-9, "the order of equals does not matter")
	require.InDelta(t, 0.5, tied, 1e-9)
	none, _ := aurc(nil, nil)
	require.True(t, math.IsNaN(none))
}

func TestAURCIsNeverBelowThePerfectOrder(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 40).Draw(t, "n")
		conf := rapid.SliceOfN(rapid.Float64Range(0, 1), n, n).Draw(t, "confidence")
		right := rapid.SliceOfN(rapid.Bool(), n, n).Draw(t, "right")
		area, best := aurc(conf, right)
		if area < best-1e-9 || area > 1 || best < 0 {
			t.Fatalf("area %v, best %v", area, best)
		}
	})
}

func TestRecommendation(t *testing.T) {
	t.Parallel()
	var conf []float64
	var right []bool
	for i := range 400 {
		conf, right = append(conf, 0.9, 0.6), append(right, true, i%4 > 0)
	}
	r := RiskOf(conf, right, 0.03)
	require.InDelta(t, 0.61, *r.Recommended.Threshold, 1e-9, "the least that leaves the wrong ones out")
	require.Equal(t, 0.5, r.Recommended.Coverage)
	require.InDelta(t, UpperBound(0, 400, .95), r.Recommended.Bound, 1e-4)
	require.Equal(t, RiskPoint{Threshold: 0.6, Coverage: 1, Risk: 0.125, Wrong: 100, Answered: 800}, r.Curve[59])

	few := RiskOf(conf[:40], right[:40], 0.03)
	require.Nil(t, few.Recommended.Threshold, "20 right answers do not prove 3 %")
	require.InDelta(t, 0.61, *few.Measured.Threshold, 1e-9)
	require.Empty(t, RiskOf(nil, nil, 0.03).Curve)
}

func riskResults() []Result {
	var list []Result
	for i := range 20 {
		list = append(list, Result{ID: fmt.Sprint(i), Tags: []string{"answerable"}, Expected: bot.Answer, Decision: bot.Handoff,
			Reason: bot.ReasonLowConfidence, Confidence: float64(i) / 20, Threshold: 0.8, Right: i > 4})
	}
	return append(list, Result{Tags: []string{"answerable"}, Reason: bot.ReasonFixedReply, Confidence: 0.99, Right: true, Threshold: 0.8},
		Result{Expected: bot.Handoff, Reason: bot.ReasonConfident, Confidence: 0.85, Threshold: 0.7},
		Result{Expected: bot.Clarify, Confidence: 0.99, Threshold: 0.8})
}

func TestPrintRisk(t *testing.T) {
	t.Parallel()
	var first, second bytes.Buffer
	require.NoError(t, PrintRisk(&first, riskResults(), 0.03))
	require.NoError(t, PrintRisk(&second, riskResults(), 0.03))
	require.Equal(t, first.String(), second.String())
	for _, want := range []string{
		"risk and coverage, 20 cases", // the one of confidence 0 had no answer
		"0.80             5    0.250      1  0.200",
		"at the thresholds 0.70 to 0.80 in use: 5 of 20 answered, 1 of these wrong, 11 right ones withheld",
		"for at most 3.0 % wrong answers with 95 % confidence (Clopper-Pearson, one-sided) no threshold will do: that takes at least 99",
		"without a margin for chance: threshold 0.86, which answers 10.0 %",
	} {
		require.Contains(t, first.String(), want)
	}
	var none bytes.Buffer
	require.NoError(t, PrintRisk(&none, nil, 0.03))
	require.Contains(t, none.String(), "no case says")
	var some bytes.Buffer
	require.NoError(t, PrintRisk(&some, riskResults(), 0.9))
	require.Contains(t, some.String(), "for at most 90.0 % wrong answers: threshold")
}

// calibrated draws cases that follow a calibrator which differs from the one that ships.
func calibrated(n int) []bot.Labelled {
	rnd := rand.New(rand.NewPCG(3, 4))
	truth := bot.Calibrator{Bias: -4, Weights: map[string]float64{"lexical": 6, "lead": 3}}
	var cases []bot.Labelled
	for i := range n {
		f := bot.FeaturesOf(map[string]float64{"lexical": rnd.Float64(), "lead": rnd.Float64(), "rest": rnd.Float64()})
		cases = append(cases, bot.Labelled{Features: f, Right: rnd.Float64() < truth.Probability(f), Group: fmt.Sprint(i)})
	}
	return cases
}

func TestRefitIsCalibratedOnTheOtherHalf(t *testing.T) {
	t.Parallel()
	cases := calibrated(2000)
	c := Calibrate(cases, nil)
	require.Equal(t, "isotonic", c.Kind)
	require.LessOrEqual(t, *c.Half.ECE, 0.05)
	require.LessOrEqual(t, *c.ECE, 0.05)
	require.Less(t, *c.Half.Floor, *c.Half.ECE+0.02)
	require.True(t, *c.Half.Low <= *c.Half.ECE+0.02 && *c.Half.ECE <= *c.Half.High)
	require.InDelta(t, 1000, c.Half.Cases, 60)
	require.Equal(t, c, Calibrate(cases, nil), "it is deterministic")

	var conf []float64
	var right []bool
	for _, k := range cases {
		conf, right = append(conf, bot.Shipped(k.Features).Probability(k.Features)), append(right, k.Right)
	}
	require.Greater(t, ECE(conf, right), 0.1, "what ships is not calibrated for them")
}

func TestFitWorkspaceNeedsLabels(t *testing.T) {
	t.Parallel()
	cases := calibrated(minLabels - 1)
	_, err := FitWorkspace(cases, LabelCount{Verdicts: minLabels - 1})
	require.True(t, errs.Is(err, errs.Invalid))
	require.ErrorContains(t, err, "at least 40 labelled turns, 10 of them right and 10 wrong; there are 39 (39 verdicts, 0 ratings, 0 reviewed cases)")
	agreed := calibrated(100)
	for i := range agreed {
		agreed[i].Right = true
	}
	_, err = FitWorkspace(agreed, LabelCount{})
	require.True(t, errs.Is(err, errs.Invalid), "nothing is learnt from cases that agree")
	fitted, err := FitWorkspace(calibrated(100), LabelCount{})
	require.NoError(t, err)
	require.Equal(t, 100, fitted.Fitted().Cases)
}

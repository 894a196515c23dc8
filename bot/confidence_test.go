package bot

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"handrail/intent"
	"handrail/knowledge"
)

// synthetic draws cases whose verdicts follow a known calibrator.
func synthetic(n int, c Calibrator, names ...string) []Labelled {
	rnd := rand.New(rand.NewPCG(1, 2))
	cases := make([]Labelled, n)
	for i := range cases {
		for _, name := range names {
			cases[i].Features.add(name, rnd.Float64())
		}
		cases[i].Right = rnd.Float64() < c.Probability(cases[i].Features)
	}
	return cases
}

func TestFitRecoversKnownWeights(t *testing.T) {
	t.Parallel()
	truth := Calibrator{Bias: -1.5, Weights: map[string]float64{"coverage": 3, "unknown": -2, "margin": 0.5}}
	names := []string{"coverage", "unknown", "margin"}
	cases := synthetic(40000, truth, names...)
	got := Fit(cases, names, 0.2)
	require.InDelta(t, truth.Bias, got.Bias, 0.15)
	for _, name := range names {
		require.InDelta(t, truth.Weights[name], got.Weights[name], 0.15, name)
	}
	require.Equal(t, got, Fit(cases, names, 0.2), "it is deterministic")
}

func TestFitOfSeparableOrUniformCases(t *testing.T) {
	t.Parallel()
	var separable, uniform []Labelled
	for i := range 20 {
		f := Features{{"coverage", float64(i) / 20}}
		separable = append(separable, Labelled{Features: f, Right: i >= 10})
		uniform = append(uniform, Labelled{Features: f, Right: true})
	}
	for name, cases := range map[string][]Labelled{"separable": separable, "all right": uniform, "none": nil} {
		c := Fit(cases, []string{"coverage"}, 0.2)
		for _, f := range []Features{{{"coverage", 0}}, {{"coverage", 1}}} {
			p := c.Probability(f)
			require.False(t, math.IsNaN(p), name)
			require.GreaterOrEqual(t, p, 0.0, name)
			require.LessOrEqual(t, p, 1.0, name)
		}
	}
	c := Fit(separable, []string{"coverage"}, 0.2)
	require.Greater(t, c.Probability(separable[19].Features), c.Probability(separable[0].Features))
}

func TestProbabilityStaysInside(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var f Features
		for name := range DefaultCalibrator().Weights {
			f.add(name, rapid.Float64Range(0, 1).Draw(t, name))
		}
		f.add("terms", float64(rapid.IntRange(0, 1000).Draw(t, "terms")))
		f.add("unheard of", 1e9)
		p := DefaultCalibrator().Probability(f)
		if p <= 0 || p >= 1 {
			t.Fatalf("probability %v of %v", p, f)
		}
	})
}

func TestFeatures(t *testing.T) {
	t.Parallel()
	turn := Turn{Text: "return my red bicycle", History: []Utterance{
		{Text: "return my red bicycle"}, {FromVisitor: true, Text: "return my bicycle"}}}
	f := features(turn, intent.Result{}, knowledge.Result{Evidence: knowledge.Evidence{Coverage: 0.12345}})
	require.Equal(t, averageIntent, f.get("intent_probability"), "no intents speak neither for nor against")
	require.Equal(t, 0.75, f.get("repeated"), "only the visitor's own words count")
	require.Equal(t, 0.0, f.get("no such feature"))
	require.Equal(t, 0.123, f.Map()["coverage"])
	require.Equal(t, f.Map(), FeaturesOf(f.Map()).Map())
	require.Equal(t, 1.0, squash(Feature{"terms", 100}))
}

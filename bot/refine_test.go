package bot

import (
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestRefinementRisesAndStaysInside(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		cases := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Judged {
			return Judged{Probability: rapid.Float64Range(1e-9, 1-1e-9).Draw(t, "p"), Right: rapid.Bool().Draw(t, "right"),
				Weight: rapid.Float64Range(0, 1).Draw(t, "weight")}
		}), 1, 60).Draw(t, "cases")
		c := Calibrator{Weights: map[string]float64{"coverage": 70}, Bias: -35, Refinement: Refine(cases)}
		before := 0.0
		for x := 0.0; x <= 1; x += 0.01 {
			p := c.Probability(Features{{"coverage", x}})
			if !(p > 0 && p < 1) || p < before-1e-12 {
				t.Fatalf("%v after %v at %v: %+v", p, before, x, c.Refinement)
			}
			before = p
		}
	})
}

func TestRefineCorrectsOverconfidence(t *testing.T) {
	t.Parallel()
	var cases []Judged
	for i := range 400 {
		// What is given as 0.9 is right in half of the cases, what is given as 0.2 in none.
		cases = append(cases, Judged{Probability: 0.9, Right: i%2 == 0}, Judged{Probability: 0.2})
	}
	r := Refine(cases)
	require.InDelta(t, 0.5, r.apply(0.9), 0.02)
	require.InDelta(t, 0, r.apply(0.2), 0.02)
	require.Equal(t, r, Refine(cases))
	require.Nil(t, Refine(nil))
}

func TestSplitKeepsGroupsTogether(t *testing.T) {
	t.Parallel()
	var cases []Labelled
	for i := range 300 {
		cases = append(cases, Labelled{Group: fmt.Sprint(i / 3)})
	}
	seen := 0
	for fold := range 5 {
		train, test := Split(cases, 5, fold)
		require.Len(t, append(train, test...), 300)
		require.NotEmpty(t, test)
		seen += len(test)
		inside := map[string]bool{}
		for _, c := range test {
			inside[c.Group] = true
		}
		for _, c := range train {
			require.False(t, inside[c.Group])
		}
	}
	require.Equal(t, 300, seen)
	require.Equal(t, GroupOf("How do I return a bicycle?"), GroupOf("a bicycle: return, do I"))
	require.NotEqual(t, GroupOf("return a bicycle"), GroupOf("return a saddle"))
}

func TestFitNearStaysNear(t *testing.T) {
	t.Parallel()
	near := Calibrator{Bias: -1, Weights: map[string]float64{"coverage": 2}}
	require.Equal(t, near, FitNear(near, nil, 1))
	few := FitNear(near, []Labelled{{Features: Features{{"coverage", 1}}}}, 1)
	require.Less(t, few.Weights["coverage"], 2.0)
	require.Greater(t, few.Weights["coverage"], 1.0, "one case moves it a little")
	truth := Calibrator{Bias: 1, Weights: map[string]float64{"coverage": -3}}
	require.InDelta(t, -3, FitNear(near, synthetic(20000, truth, "coverage"), 1).Weights["coverage"], 0.2, "many move it all the way")
}

func TestWeightsOfCases(t *testing.T) {
	t.Parallel()
	f := Features{{"coverage", 1}}
	cases := []Labelled{{Features: f, Right: true}, {Features: f, Right: false, Weight: 0.25}}
	require.InDelta(t, 0.8, Fit(cases, nil, 0).Probability(f), 1e-6)
}

func TestCalibrateRefinesWithEnoughCases(t *testing.T) {
	t.Parallel()
	cases := synthetic(400, Calibrator{Bias: -3, Weights: map[string]float64{"lexical": 2, "lead": 4}}, "lexical", "lead")
	require.Equal(t, "logistic", Calibrate(cases[:refineFrom-1]).Kind())
	c := Calibrate(cases)
	require.Equal(t, "isotonic", c.Kind())
	require.Equal(t, c, Calibrate(cases))
	for i := range cases {
		cases[i].Features.add("intents", 1)
	}
	require.Contains(t, Calibrate(cases).Weights, "favoured", "what ships for workspaces with intents is refitted")
	require.False(t, math.IsNaN(Calibrate(nil).Bias))
}

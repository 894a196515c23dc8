package evals

import (
	"math"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"handrail/bot"
)

func TestMain(m *testing.M) {
	if len(os.Args) == 3 && os.Args[1] == workerArgument {
		doomedWorker(os.Args[2])
	}
	goleak.VerifyTestMain(m)
}

func requireNumber(t *testing.T, want, got float64, msg ...any) {
	t.Helper()
	if math.IsNaN(want) {
		require.True(t, math.IsNaN(got), "want NaN, got %v %v", got, msg)
		return
	}
	require.InDelta(t, want, got, 1e-9, msg...)
}

func TestAUROC(t *testing.T) {
	t.Parallel()
	nan := math.NaN()
	for name, test := range map[string]struct {
		scores   []float64
		positive []bool
		want     float64
	}{
		"perfect":          {[]float64{.1, .2, .8, .9}, []bool{false, false, true, true}, 1},
		"reversed":         {[]float64{.9, .8, .2, .1}, []bool{false, false, true, true}, 0},
		"one pair swapped": {[]float64{.1, .4, .35, .8}, []bool{false, false, true, true}, .75},
		"all tied":         {[]float64{.5, .5, .5}, []bool{true, false, true}, .5},
		"some tied":        {[]float64{.2, .5, .5, .9}, []bool{false, true, false, true}, .875},
		"no positives":     {[]float64{.2, .5}, []bool{false, false}, nan},
		"no negatives":     {[]float64{.2, .5}, []bool{true, true}, nan},
		"empty":            {nil, nil, nan},
	} {
		requireNumber(t, test.want, AUROC(test.scores, test.positive), name)
	}
}

func TestECE(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		confidence []float64
		right      []bool
		want       float64
	}{
		"calibrated":     {[]float64{.5, .5}, []bool{true, false}, 0},
		"sure and wrong": {[]float64{1, 1}, []bool{false, false}, 1},
		"two bins":       {[]float64{.95, .95, .25, .25}, []bool{true, false, false, false}, (2*.45 + 2*.25) / 4},
		"edges":          {[]float64{0, 1}, []bool{false, true}, 0},
		"empty":          {nil, nil, math.NaN()},
	} {
		requireNumber(t, test.want, ECE(test.confidence, test.right), name)
	}
}

func TestRiskCoverage(t *testing.T) {
	t.Parallel()
	curve := RiskCoverage([]float64{.1, .9, .5, .5}, []bool{false, true, true, false})
	require.Len(t, curve, 10)
	at := map[float64]float64{}
	for _, p := range curve {
		at[p.Coverage] = p.Accuracy
	}
	require.Equal(t, map[float64]float64{.1: 1, .2: 1, .3: 1, .4: 1, .5: 1, .6: .6667, .7: .6667, .8: .5, .9: .5, 1: .5}, at,
		"ties keep the order of the cases")
	require.Empty(t, RiskCoverage(nil, nil))
}

func TestRanking(t *testing.T) {
	t.Parallel()
	rel := map[string]float64{"a": 2, "b": 1, "c": 0}
	for name, test := range map[string]struct {
		ranked            []string
		ndcg, mrr, recall float64
	}{
		"ideal":             {[]string{"a", "b", "x"}, 1, 1, 1},
		"swapped":           {[]string{"b", "a"}, (1 + 2/math.Log2(3)) / (2 + 1/math.Log2(3)), 1, 1},
		"second":            {[]string{"x", "b"}, (1 / math.Log2(3)) / (2 + 1/math.Log2(3)), .5, .5},
		"grade 0 is no hit": {[]string{"c", "x", "y"}, 0, 0, 0},
		"beyond the cut":    {[]string{"x", "y", "z", "a", "b"}, 0, 0, 0},
		"nothing found":     {nil, 0, 0, 0},
	} {
		requireNumber(t, test.ndcg, nDCG(test.ranked, rel, 3), name)
		requireNumber(t, test.mrr, reciprocalRank(test.ranked, rel, 3), name)
		requireNumber(t, test.recall, recall(test.ranked, rel, 3), name)
	}
	require.Zero(t, nDCG([]string{"a"}, nil, 3))
	requireNumber(t, 2, mean([]float64{1, 3}))
	requireNumber(t, math.NaN(), mean(nil))
}

func TestMacroF1(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		gold, predicted []string
		want            float64
	}{
		"perfect":                   {[]string{"a", "b"}, []string{"a", "b"}, 1},
		"one class missed":          {[]string{"a", "a", "b"}, []string{"a", "a", "a"}, (.8 + 0) / 2},
		"predicted a foreign class": {[]string{"a", "a"}, []string{"a", "z"}, 2.0 / 3},
		"empty":                     {nil, nil, math.NaN()},
	} {
		requireNumber(t, test.want, macroF1(test.gold, test.predicted), name)
	}
}

func TestQuantile(t *testing.T) {
	t.Parallel()
	values := []float64{4, 1, 3, 2}
	for q, want := range map[float64]float64{0: 1, .25: 1, .5: 2, .75: 3, .99: 4, 1: 4} {
		require.Equal(t, want, quantile(values, q))
	}
	require.Equal(t, []float64{4, 1, 3, 2}, values, "the caller's order stays")
	require.Zero(t, quantile(nil, .5))
	require.Nil(t, number(math.NaN()))
	require.Equal(t, 0.1235, *number(0.12345678))
}

func TestCalibrate(t *testing.T) {
	t.Parallel()
	var cases []bot.Labelled
	for i := range 100 {
		cases = append(cases, bot.Labelled{Features: bot.FeaturesOf(map[string]float64{"coverage": float64(i) / 100}), Right: i >= 40})
	}
	c := Calibrate(cases, []string{"coverage"})
	require.Equal(t, []any{100, 0.6, 1.0}, []any{c.Cases, c.Right, *c.AUROC})
	require.Less(t, *c.ECE, 0.2)
	require.Greater(t, c.Calibrator.Weights["coverage"], 1.0)
	require.Equal(t, c, Calibrate(cases, []string{"coverage"}))
}

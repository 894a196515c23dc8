package evals

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"handrail/internal/llm"
	"handrail/internal/llm/llmtest"
)

// strict is a judge that calls every answer right that names a price, and how often it was asked.
func strict(t *testing.T, dir string) (*Judge, *atomic.Int64) {
	t.Helper()
	var asked atomic.Int64
	server := llmtest.Start(t)
	server.Match(func(q llmtest.Request) (llmtest.Reply, bool) {
		asked.Add(1)
		_, answer, _ := strings.Cut(q.Messages[1].Content, "<<<answer")
		if strings.Contains(answer, "EUR") {
			return llmtest.Reply{Text: `{"reason": "it names a price", "right": true}`}, true
		}
		return llmtest.Reply{Text: `{"reason": "it names none", "right": false}`}, true
	})
	model, err := llm.NewOpenAI(llm.Config{BaseURL: server.URL(), APIKey: llmtest.Key, Model: llmtest.ChatModel})
	require.NoError(t, err)
	t.Cleanup(model.Close)
	return NewJudge(model, dir), &asked
}

func TestJudge(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "verdicts")
	j, asked := strict(t, dir)
	s, r := suite()
	s.Cases[0].Verdict = &Verdict{Reply: "It costs 4.90 EUR.", Right: true}
	s.Cases[1].Verdict = &Verdict{Reply: "No idea.", Right: false}
	s.Cases[2].Verdict = &Verdict{Reply: "0 EUR", Right: false}
	s.Cases[3].Verdict = &Verdict{Reply: "Hello!", Right: true}
	judgedRun := func() Report {
		report, err := RunWith(t.Context(), r, uuid.New(), s, RunOptions{Judge: j})
		require.NoError(t, err)
		return report
	}
	report := judgedRun()
	require.Equal(t, 1.0, report.Metrics["judged_right"])
	require.NotContains(t, report.Results[2].Scores, "judged_right", "a handoff is no matter of opinion")
	require.Equal(t, 4, report.Judge.Verdicts)
	require.Equal(t, []float64{.5, 0}, []float64{*report.Judge.Accuracy, *report.Judge.Kappa})
	require.EqualValues(t, 5, asked.Load())

	judgedRun()
	require.EqualValues(t, 5, asked.Load(), "verdicts are kept")
	files, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, files, 5)
	require.NoError(t, os.WriteFile(filepath.Join(dir, files[0].Name()), []byte(`{"rea`), 0o644))
	judgedRun()
	require.EqualValues(t, 6, asked.Load(), "a verdict that is cut off is asked for again")

	s.Cases[0].Facts = append(s.Cases[0].Facts, []string{"EUR"})
	judgedRun()
	require.EqualValues(t, 8, asked.Load(), "what the verdict rests on has changed, for the reply and for the labelled one")
}

func TestJudgeThatFailsEndsTheRun(t *testing.T) {
	t.Parallel()
	server := llmtest.Start(t)
	server.Match(func(llmtest.Request) (llmtest.Reply, bool) { return llmtest.Reply{Text: `{"right": "perhaps"}`}, true })
	model, err := llm.NewOpenAI(llm.Config{BaseURL: server.URL(), APIKey: llmtest.Key, Model: llmtest.ChatModel})
	require.NoError(t, err)
	t.Cleanup(model.Close)
	dir := t.TempDir()
	s, r := suite()
	_, err = RunWith(t.Context(), r, uuid.New(), s, RunOptions{Judge: NewJudge(model, dir)})
	require.ErrorIs(t, err, llm.ErrIncomplete)
	require.ErrorContains(t, err, "case good: ask the judge llmtest-chat")
	files, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Empty(t, files, "what is no verdict is not kept")
}

func TestAgree(t *testing.T) {
	t.Parallel()
	yes, no := true, false
	// 20 yes-yes, 5 yes-no, 10 no-yes, 15 no-no: agreement .7, by chance .5, kappa .4.
	var a, b []bool
	for range 20 {
		a, b = append(a, yes), append(b, yes)
	}
	for range 5 {
		a, b = append(a, yes), append(b, no)
	}
	for range 10 {
		a, b = append(a, no), append(b, yes)
	}
	for range 15 {
		a, b = append(a, no), append(b, no)
	}
	accuracy, kappa := agree(a, b)
	require.InDelta(t, .7, accuracy, 1e-9)
	require.InDelta(t, .4, kappa, 1e-9)
	_, kappa = agree([]bool{yes, yes}, []bool{yes, yes})
	requireNumber(t, math.NaN(), kappa, "all the same says nothing")
}

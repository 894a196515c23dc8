package intent_test

import (
	_ "embed"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"handrail/intent"
)

//go:embed testdata/dissatisfied.txt
var dissatisfiedCases string

// labelled reads a set of lines "yes<TAB>message" and "no<TAB>message".
func labelled(t *testing.T, source string) (messages []string, gold []bool) {
	t.Helper()
	for line := range strings.Lines(source) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		want, message, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		require.True(t, ok && (want == "yes" || want == "no"), line)
		messages, gold = append(messages, message), append(gold, want == "yes")
	}
	return messages, gold
}

func scoreSet(t *testing.T, source string, says func(string) bool) (precision, recall float64) {
	t.Helper()
	messages, gold := labelled(t, source)
	var tp, fp, fn float64
	for i, m := range messages {
		switch got := says(m); {
		case got && gold[i]:
			tp++
		case got:
			fp++
			t.Logf("wrongly yes: %s", m)
		case gold[i]:
			fn++
			t.Logf("wrongly no:  %s", m)
		}
	}
	return tp / (tp + fp), tp / (tp + fn)
}

func TestDissatisfied(t *testing.T) {
	t.Parallel()
	precision, recall := scoreSet(t, dissatisfiedCases, func(s string) bool { return intent.Dissatisfied(s) >= 0.5 })
	t.Logf("precision %.3f recall %.3f", precision, recall)
	require.GreaterOrEqual(t, precision, 0.97)
	require.GreaterOrEqual(t, recall, 0.97)
}

func BenchmarkDissatisfied(b *testing.B) {
	for b.Loop() {
		intent.Dissatisfied(typical)
	}
}

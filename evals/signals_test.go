package evals_test

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"handrail/evals"
)

// The goals of every signal, on the sets that the rules were tuned on and on those they were not.
func TestSignalsReachTheirGoals(t *testing.T) {
	t.Parallel()
	scores, err := evals.Signals(os.DirFS("../intent/testdata"))
	require.NoError(t, err)
	for _, s := range scores {
		t.Logf("%-24s %-22s n %4d  precision %.3f  recall %.3f  F1 %.3f", s.Signal, s.Set, s.N, s.Precision, s.Recall, s.F1)
		for _, m := range s.Misses {
			t.Log("    ", m)
		}
		switch {
		case s.Signal == "entities":
			assert.GreaterOrEqual(t, s.F1, 0.95, "%s %s", s.Signal, s.Set)
		case strings.HasPrefix(s.Signal, "entities"):
		case s.Signal == "person":
			assert.GreaterOrEqual(t, min(s.Precision, s.Recall), 0.98, "%s %s", s.Signal, s.Set)
		default:
			assert.GreaterOrEqual(t, min(s.Precision, s.Recall), 0.9, "%s %s", s.Signal, s.Set)
		}
	}
}

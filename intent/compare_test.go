package intent_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"handrail/intent"
	"handrail/internal/errs"
	"handrail/internal/postgres/pgtest"
)

func TestCompareFindsWhatAMislabelledVersionGetsWrong(t *testing.T) {
	t.Parallel()
	db := pgtest.Open(t)
	ws, c := pgtest.Workspace(t, db), intent.NewClassifier(db)
	good := sorted(shopCatalog())
	good.OutOfScope = map[string][]string{"en": {"who painted the mona lisa", "what is the capital of peru", "sing me a song",
		"how tall is mount everest", "write a poem"}}
	bad := sorted(shopCatalog())
	bad.OutOfScope = good.OutOfScope
	// The later version calls every request for a refund but one a question about opening hours.
	refund, hours := indexOf(bad, "refund"), indexOf(bad, "opening_hours")
	examples := bad.Intents[refund].Examples["en"]
	bad.Intents[refund].Examples = map[string][]string{"en": {"pay me back at once"}}
	bad.Intents[hours].Examples = map[string][]string{"en": append(append([]string{}, shop["opening_hours"]...), examples...)}
	for _, cat := range []intent.Catalog{bad, good} {
		_, err := c.Train(t.Context(), ws, cat)
		require.NoError(t, err)
	}
	got, err := c.Compare(t.Context(), ws, 1, 2)
	require.NoError(t, err)
	require.Equal(t, len(good.Train())+1, got.Examples, "those of either version, each once")
	require.Greater(t, got.Accuracy.B, got.Accuracy.A+0.1)
	require.NotNil(t, got.OOSRecall)

	var scores intent.IntentScores
	for _, i := range got.Intents {
		if i.Name == "refund" {
			scores = i
		}
	}
	require.Equal(t, len(shop["refund"])+1, scores.N)
	require.Zero(t, scores.A.Recall)
	require.Greater(t, scores.B.Recall, 0.5)
	require.Greater(t, scores.B.F1, 0.5)
	require.Equal(t, intent.Confusion{Want: "refund", Got: "opening_hours", A: got.Confusion[0].A, B: got.Confusion[0].B}, got.Confusion[0])
	require.Greater(t, got.Confusion[0].A, got.Confusion[0].B)
	require.NotEmpty(t, got.Flipped)
	better := 0
	for _, f := range got.Flipped {
		require.NotEqual(t, f.A, f.B)
		require.Equal(t, f.Better == "a", f.A == f.Want, "%+v", f)
		require.Equal(t, f.Better == "b", f.B == f.Want, "%+v", f)
		if f.Better == "b" && f.Want == "refund" {
			better++
		}
	}
	require.Greater(t, better, 3)

	again, err := c.Compare(t.Context(), ws, 1, 2)
	require.NoError(t, err)
	require.Equal(t, got, again, "the split is always the same")
	swapped, err := c.Compare(t.Context(), ws, 2, 1)
	require.NoError(t, err)
	require.Equal(t, got.Accuracy.A, swapped.Accuracy.B)
	require.Equal(t, got.Accuracy.B, swapped.Accuracy.A)

	_, err = c.Compare(t.Context(), ws, 1, 9)
	require.True(t, errs.Is(err, errs.NotFound))
	require.Contains(t, errs.Public(err), "no version 9")
}

// sorted is a catalog in an order that does not depend on a map's.
func sorted(c intent.Catalog) intent.Catalog {
	var out intent.Catalog
	for _, name := range []string{"change_address", "greeting", "opening_hours", "order_status", "refund"} {
		out.Intents = append(out.Intents, c.Intents[indexOf(c, name)])
	}
	return out
}

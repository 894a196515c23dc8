package intent

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestCoverageIsTheShareThatTheBestIntentKnows(t *testing.T) {
	t.Parallel()
	var examples []observed
	for intent, texts := range map[string][]string{
		"parcel": {"track the parcel", "parcel shipped", "track the shipped parcel"},
		"refund": {"refund the cash", "cash refund", "refund wanted"},
	} {
		for _, text := range texts {
			examples = append(examples, observe(Example{Text: text, Intent: intent}))
		}
	}
	c := fitClassifier(examples, 0)
	coverage := func(text string) float64 {
		_, ev := c.score(observe(Example{Text: text}))
		require.True(t, ev[6] >= 0 && ev[6] <= 1, "%v", ev)
		return ev[6]
	}
	require.InDelta(t, 1, coverage("track the shipped parcel"), 1e-6)
	require.Zero(t, coverage(""))
	foreign := coverage("parcel zebra")
	require.Less(t, foreign, 0.7, "a word that no example has")
	require.Less(t, coverage("track the parcel cash"), 0.95, "a word that only examples of another intent have")
	require.Greater(t, foreign, coverage("zebra"))
}

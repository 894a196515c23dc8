package intent_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"handrail/intent"
)

// ambiguous draws messages whose one telling word means its intent in 7 of 10 cases, and any other intent else.
func ambiguous(n int, seed uint64) []intent.Example {
	words := []string{"apricot", "bicycle", "candle", "dolphin", "engine"}
	random := rand.New(rand.NewPCG(seed, 0))
	out := make([]intent.Example, n)
	for i := range out {
		k := random.IntN(len(words))
		label := k
		if random.Float64() > 0.7 {
			label = (k + 1 + random.IntN(len(words)-1)) % len(words)
		}
		filler := []string{"please", "today", "thanks", "hello", "maybe"}[random.IntN(5)]
		out[i] = intent.Example{Text: words[k] + " " + filler, Intent: fmt.Sprintf("i%d", label)}
	}
	return out
}

func TestProbabilityIsTheShareOfRightAnswers(t *testing.T) {
	t.Parallel()
	for name, options := range map[string]intent.TrainOptions{"crossed": {}, "validated": {Valid: ambiguous(400, 2)}} {
		m, err := intent.TrainModel(ambiguous(400, 1), options)
		require.NoError(t, err)
		said, right := 0.0, 0.0
		test := ambiguous(1000, 3)
		for _, e := range test {
			p := m.Predict(e.Text)
			said += p.Probability
			if p.Alternatives[0].Name == e.Intent {
				right++
			}
		}
		require.InDelta(t, right/1000, said/1000, 0.08, name)
		require.Greater(t, right, 600.0, name)
	}
}

func TestHiddenIntentsTeachWhatIsOutOfScope(t *testing.T) {
	t.Parallel()
	var train []intent.Example
	for k := range 12 {
		for i := range 8 {
			train = append(train, intent.Example{
				Text: fmt.Sprintf("could you topic%c%c about detail%c", 'a'+k, 'p'+k, 'a'+i), Intent: fmt.Sprintf("t%d", k)})
		}
	}
	m, err := intent.TrainModel(train, intent.TrainOptions{})
	require.NoError(t, err)
	require.Equal(t, "t3", m.Predict("could you topicds about detailz").Intent)
	p := m.Predict("could you sing about rain")
	require.Equal(t, intent.OutOfScope, p.Intent, "%+v", p)
	require.Greater(t, p.OutOfScope, 0.98, "the score without hidden intents, which knows these words no better, is 0.94")
}

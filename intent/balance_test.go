package intent_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"handrail/intent"
)

// Both examples of one intent share a word with 3 of the 60 of each of four others.
func TestIntentsWithFewExamplesAreNotGivenUp(t *testing.T) {
	t.Parallel()
	examples := []intent.Example{{Text: "walnut today", Intent: "few"}, {Text: "a walnut please", Intent: "few"}}
	for i := range 240 {
		text := fmt.Sprintf("a topic%c%c today", 'a'+i%26, 'a'+i/26)
		if i < 12 {
			text = fmt.Sprintf("a walnut topic%c today", 'a'+i)
		}
		examples = append(examples, intent.Example{Text: text, Intent: fmt.Sprintf("many%d", i%4)})
	}
	m, err := intent.TrainModel(examples, intent.TrainOptions{})
	require.NoError(t, err)
	p := m.Predict("a walnut today")
	require.Equal(t, "few", p.Alternatives[0].Name)
	require.Greater(t, p.Probability, 0.8, "0.62 where every example weighs the same")
}

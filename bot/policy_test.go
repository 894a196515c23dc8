package bot

import (
	"testing"

	"github.com/stretchr/testify/require"

	"handrail/intent"
)

func TestPolicyClarifyAsksOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.train()
	catalog, _, err := w.intents.Catalog(t.Context(), w.ws)
	require.NoError(t, err)
	catalog.Intents = append(catalog.Intents, intent.Intent{Name: "problem", Policy: intent.PolicyClarify,
		Reply: map[string]string{"en": "What is wrong with it?"}, Examples: map[string][]string{"en": {
			"there is a problem with my bicycle", "something is wrong with my bicycle", "I have an issue with my bicycle",
			"my bicycle has a problem", "I have a problem with a frame", "something is wrong with the frame"}}})
	_, err = w.intents.Train(t.Context(), w.ws, catalog)
	require.NoError(t, err)

	turn := w.turn("I have a problem with my new bicycle")
	b := w.bot(0.99, nil)
	r := w.respond(b, turn)
	require.Equal(t, "problem", r.Intent.Name)
	require.Equal(t, Clarify, r.Decision, "however sure the bot is of an answer")
	require.Equal(t, ReasonAmbiguous, r.Reason)
	require.Equal(t, "What is wrong with it?", r.Text)
	require.GreaterOrEqual(t, len(r.Choices), 2)

	turn.History = []Utterance{{FromVisitor: true, Text: turn.Text}, {Text: r.Text, Choices: r.Choices}}
	r = w.respond(b, turn)
	require.NotEqual(t, Clarify, r.Decision, "never twice in a row")

	require.NotEqual(t, Clarify, w.respond(b, w.turn("how long can I return a bicycle")).Decision, "another intent's")
}

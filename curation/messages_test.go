package curation

import (
	"testing"

	"github.com/stretchr/testify/require"

	"handrail/bot"
)

func TestMessagesAreWhatVisitorsSaidToTheBot(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first, second := w.conversation(), w.conversation()
	w.ask(first, "Do you engrave frames?", bot.Handoff, bot.ReasonLowConfidence)
	w.ask(second, "frames", bot.Clarify, bot.ReasonAmbiguous)
	w.ask(second, "Steel", bot.Answer, bot.ReasonConfident) // the answer to a question back
	w.ask(second, "And who pays for returns?", bot.Answer, bot.ReasonConfident)
	w.ask(second, "a person please", bot.Handoff, bot.ReasonAskedForPerson)
	old := w.conversation()
	w.ask(old, "long ago", bot.Handoff, bot.ReasonLowConfidence)
	w.exec(`UPDATE turns SET at = now() - interval '40 days' WHERE workspace_id = $1 AND conversation_id = $2`, w.ws, old)
	other := worldOn(t, w.db)
	other.ask(other.conversation(), "of another workspace", bot.Handoff, bot.ReasonLowConfidence)

	list, err := w.Messages(t.Context(), w.ws, 30)
	require.NoError(t, err)
	var texts []string
	for _, m := range list {
		texts = append(texts, m.Text)
	}
	require.Equal(t, []string{"And who pays for returns?", "frames", "Do you engrave frames?"}, texts)
	require.True(t, list[0].Answered)
	require.False(t, list[2].Answered)
	require.Equal(t, first, list[2].Conversation)
	require.Equal(t, "en", list[2].Lang)
}

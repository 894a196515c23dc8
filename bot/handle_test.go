package bot

import (
	"encoding/json"
	"strconv"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"handrail/internal/chat"
	"handrail/internal/errs"
	"handrail/internal/llm/llmtest"
)

func (w *world) explain(b *Bot, conversation uuid.UUID) []Explanation {
	w.t.Helper()
	turns, err := b.Explain(w.t.Context(), w.ws, conversation)
	require.NoError(w.t, err)
	return turns
}

func TestHandleAnswersOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b, id := w.bot(0.9, nil), w.conversation()
	turn := w.say(id, returnsQuestion)
	results := make(chan error)
	for range 2 { // a retry that overlaps the first try, as after a lease that ended too early
		go func() { results <- b.Handle(t.Context(), turn) }()
	}
	first, second := <-results, <-results
	require.True(t, (first == nil) != (second == nil), "%v, %v", first, second)
	require.True(t, errs.Is(first, errs.Conflict) || errs.Is(second, errs.Conflict))
	require.True(t, errs.Is(b.Handle(t.Context(), turn), errs.Conflict), "and a late one")

	require.Equal(t, []string{"visitor text", "bot text"}, w.entries(id))
	said := w.messages(id)[1]
	require.Equal(t, uuid.NewSHA1(id, []byte("turn "+strconv.FormatInt(turn.Seq, 10))), said.ClientID)
	require.Equal(t, "Linden", said.Sender.Name)
	var data messageData
	require.NoError(t, json.Unmarshal(said.Data, &data))
	require.True(t, data.AI)
	require.Len(t, data.Citations, 1)
	c := w.get(id)
	require.Equal(t, []any{chat.StateBot, int64(0), "en"}, []any{c.State, c.TurnDue, c.Lang})

	turns := w.explain(b, id)
	require.Len(t, turns, 1)
	require.Equal(t, []any{turn.Seq, Answer, ReasonConfident, "en"},
		[]any{turns[0].Seq, turns[0].Decision, turns[0].Reason, turns[0].Lang})
	require.InDelta(t, 0.9, turns[0].Confidence, 1e-9)
	require.Contains(t, turns[0].Features, "coverage")
	require.Contains(t, string(turns[0].Passages), "returns.md")
	require.Empty(t, w.handoffs(id))
}

func TestHandleReadsTheConversation(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.conversation()
	var seen []Turn
	b := w.bot(0.99, nil)
	for _, text := range []string{"card", "30 days to return a bicycle, right?"} {
		w.append(id, "And the card")
		turn := w.say(id, text)
		loaded, err := b.load(t.Context(), turn)
		require.NoError(t, err)
		seen = append(seen, loaded)
		require.NoError(t, b.Handle(t.Context(), turn))
	}
	require.Equal(t, "And the card\ncard", seen[0].Text, "messages in quick succession are one question")
	require.Empty(t, seen[0].History)
	require.Equal(t, "And the card\n30 days to return a bicycle, right?", seen[1].Text)
	require.Len(t, seen[1].History, 2)
	require.Equal(t, Utterance{FromVisitor: true, Text: "And the card\ncard"}, seen[1].History[0])
	require.False(t, seen[1].History[1].FromVisitor)
}

func TestClarificationIsReadBackWithItsChoices(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b, id := w.bot(0.5, nil), w.conversation()
	require.NoError(t, b.Handle(t.Context(), w.say(id, "card")))
	require.Equal(t, Clarify, w.explain(b, id)[0].Decision)
	loaded, err := b.load(t.Context(), w.say(id, "card"))
	require.NoError(t, err)
	require.Len(t, lastClarification(loaded), 2)
}

// A person takes over while the model is writing: nothing of the turn remains.
func TestOvertakenTurnLeavesNothing(t *testing.T) {
	t.Parallel()
	w, s := newWorld(t), llmtest.Start(t)
	id := w.conversation()
	s.Match(func(llmtest.Request) (llmtest.Reply, bool) {
		w.become(id, chat.StateQueued, 0)
		return llmtest.Reply{Text: "You can return a bicycle within 30 days [1]."}, true
	})
	b := w.bot(0.9, writer(t, s, nil))
	err := b.Handle(t.Context(), w.say(id, returnsQuestion))
	require.True(t, errs.Is(err, errs.Conflict), "%v", err)
	require.Equal(t, []string{"visitor text"}, w.entries(id))
	require.Empty(t, w.explain(b, id))
	require.Empty(t, w.handoffs(id))
}

func TestHandoffIsOneTransaction(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.train()
	b, id := w.bot(0.9, nil), w.conversation()
	w.desk.broken = errBroken
	turn := w.say(id, "My order is HR-10423. I want to talk to a human, please")
	require.ErrorIs(t, b.Handle(t.Context(), turn), errBroken)
	require.Equal(t, []string{"visitor text"}, w.entries(id), "half a handoff leaves nothing")
	require.Empty(t, w.handoffs(id))
	require.Empty(t, w.explain(b, id))
	c := w.get(id)
	require.Equal(t, []any{chat.StateBot, turn.Seq, turn.Epoch}, []any{c.State, c.TurnDue, c.Epoch}, "the turn stays due")

	w.desk.broken = nil
	require.NoError(t, b.Handle(t.Context(), turn))
	require.Error(t, b.Handle(t.Context(), turn))
	require.Equal(t, []string{"visitor text", "bot text", "system handoff"}, w.entries(id))
	require.JSONEq(t, `{"reason":"asked_for_person"}`, string(w.messages(id)[2].Data))
	require.Equal(t, []string{ReasonAskedForPerson}, w.handoffs(id))
	c = w.get(id)
	require.Equal(t, []any{chat.StateQueued, int64(0), turn.Epoch + 1}, []any{c.State, c.TurnDue, c.Epoch})
	require.Equal(t, Handoff, w.explain(b, id)[0].Decision)
	require.Contains(t, string(w.explain(b, id)[0].Entities), "HR-10423")

	id = w.conversation()
	require.NoError(t, b.Handle(t.Context(), w.say(id, "Worst shop ever, you damn liars! I am furious!!!")))
	require.Equal(t, 1, w.get(id).Priority, "the angry are served first")
	id = w.conversation()
	require.NoError(t, b.Handle(t.Context(), w.say(id, "my account was hacked")))
	var team string
	require.NoError(t, w.db.InTx(t.Context(), w.ws, func(tx pgx.Tx) error {
		return tx.QueryRow(t.Context(), `SELECT team FROM handoffs WHERE conversation_id = $1`, id).Scan(&team)
	}))
	require.Equal(t, "security", team)
}

func TestCallPersonInEachState(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b, agent := w.bot(0.9, nil), w.user()
	for _, test := range []struct {
		name   string
		path   []chat.State
		want   chat.State
		queues int
	}{
		{"bot", nil, chat.StateQueued, 1},
		{"queued", []chat.State{chat.StateQueued}, chat.StateQueued, 0},
		{"human", []chat.State{chat.StateQueued, chat.StateHuman}, chat.StateHuman, 0},
		{"closed", []chat.State{chat.StateClosed}, chat.StateQueued, 1},
	} {
		id := w.conversation()
		turn := w.say(id, returnsQuestion)
		for _, s := range test.path {
			in := int64(0)
			if s == chat.StateHuman {
				in = agent
			}
			w.become(id, s, in)
		}
		for range 2 {
			require.NoError(t, b.CallPerson(t.Context(), w.ws, id), test.name)
		}
		c := w.get(id)
		require.Equal(t, test.want, c.State, test.name)
		require.Zero(t, c.TurnDue, test.name)
		require.Len(t, w.handoffs(id), test.queues, "%s: pressing twice queues once", test.name)
		require.Len(t, w.entries(id), 1+test.queues, test.name)
		require.True(t, errs.Is(b.Handle(t.Context(), turn), errs.Conflict), "%s: the bot is silent from now on", test.name)
	}
	require.True(t, errs.Is(b.CallPerson(t.Context(), w.ws, uuid.New()), errs.NotFound))
}

func TestAnEditedQuestionIsAnsweredAsEdited(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b, id := w.bot(0.99, nil), w.conversation()
	before := w.say(id, "What is the weather like?")
	_, err := w.log.Edit(t.Context(), w.ws, id, chat.Edit{ClientID: uuid.New(), Seq: 1, Body: returnsQuestion, Epoch: -1,
		Sender: chat.Sender{Kind: chat.Visitor, ID: w.contact.String()}})
	require.NoError(t, err)
	require.True(t, errs.Is(b.Handle(t.Context(), before), errs.Conflict), "whoever works on the old text is overtaken")
	turn, err := w.log.ClaimTurnOf(t.Context(), w.ws, id, "node", leaseLife)
	require.NoError(t, err)
	loaded, err := b.load(t.Context(), *turn)
	require.NoError(t, err)
	require.Equal(t, returnsQuestion, loaded.Text)
	require.NoError(t, b.Handle(t.Context(), *turn))
	answer := w.messages(id)[2]
	require.Contains(t, answer.Body, "30 days")
}

// A person calls for a person again after theirs was closed, and is given back: what was settled is not answered again.
func TestNothingIsLeftToAnswer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b, id := w.bot(0.99, nil), w.conversation()
	turn := w.say(id, "thanks")
	_, err := w.log.Edit(t.Context(), w.ws, id, chat.Edit{ClientID: uuid.New(), Seq: 1, Removed: true, Epoch: -1,
		Sender: chat.Sender{Kind: chat.Visitor, ID: w.contact.String()}})
	require.NoError(t, err)
	require.Zero(t, w.get(id).TurnDue, "what was taken back awaits nothing")
	_, err = w.log.Decide(t.Context(), w.ws, id, func(_ pgx.Tx, c *chat.Conversation) ([]chat.Entry, error) {
		c.TurnDue = turn.Seq
		return nil, nil
	})
	require.NoError(t, err)
	again, err := w.log.ClaimTurnOf(t.Context(), w.ws, id, "node", leaseLife)
	require.NoError(t, err)
	require.True(t, errs.Is(b.Handle(t.Context(), *again), errs.Conflict))
	require.Zero(t, w.get(id).TurnDue, "a turn without words ends, or it would be claimed for ever")
}

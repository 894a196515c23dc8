package bot

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// after returns a turn that follows other messages of the visitor, each of which was answered.
func (w *world) after(text string, earlier ...string) Turn {
	t := w.turn(text)
	for _, s := range earlier {
		t.History = append(t.History, Utterance{FromVisitor: true, Text: s}, Utterance{Text: "An answer."})
	}
	return t
}

func TestEffort(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.bot(0.9, nil)
	for _, test := range []struct {
		want string
		turn Turn
	}{
		{ReasonFrustrated, w.after("That did not help.", returnsQuestion)},
		{ReasonFrustrated, w.after("没有帮助", "自行车可以退货吗")},
		{ReasonRepeated, w.after("Can I return the bicycle within 30 days?", "can I return a bicycle within 30 days")},
		{ReasonRepeated, w.after("自行车签收后可以退货吗？", "自行车签收以后能退货吗")},
		{ReasonRepeated, w.after("Please, what warranty do you give for my frame?", "Is there a warranty on steel frames?")},
		{ReasonConfident, w.after("Does the warranty cover rust on frames?", "can I return a bicycle within 30 days")},
		{ReasonConfident, w.after("Does the workshop repair brakes?", "Does the workshop repair flat tyres?")},
		{ReasonConfident, w.turn("can I return a bicycle within 30 days")},
	} {
		r := w.respond(b, test.turn)
		require.Equal(t, test.want, r.Reason, test.turn.Text)
		require.Equal(t, test.want != ReasonConfident, r.Urgent)
	}
}

func TestSayingAgainWhatWasAskedBackIsNoEffort(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	turn := w.after("can I return a bicycle within 30 days", "can I return a bicycle within 30 days")
	turn.History[1].Choices = []Choice{{"document:x", "Returns"}, {"document:y", "Workshop"}}
	require.Equal(t, Answer, w.respond(w.bot(0.9, nil), turn).Decision)
}

func TestStrainAddsUp(t *testing.T) {
	t.Parallel()
	bad, calm := "this is not what I asked, and I am annoyed", "Do you repair brakes?"
	require.False(t, strained([]string{bad}))
	require.True(t, strained([]string{bad, bad, bad}))
	require.False(t, strained([]string{bad, bad, bad, calm}), "a calm message is answered")
	require.False(t, strained([]string{bad, bad, calm, calm, calm, calm, calm, bad}), "old trouble is forgotten")
}

func TestWhoTriedInVainIsServedFirst(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	person := w.respond(w.bot(0.9, nil), w.turn("I want to talk to a human"))
	require.Equal(t, []any{ReasonAskedForPerson, false}, []any{person.Reason, person.Urgent})
	person = w.respond(w.bot(0.9, nil), w.turn("You are useless idiots! I want to talk to a human"))
	require.Equal(t, []any{ReasonAskedForPerson, true}, []any{person.Reason, person.Urgent})

	b, id := w.bot(0.99, nil), w.conversation()
	require.NoError(t, b.Handle(t.Context(), w.say(id, "can I return a bicycle within 30 days")))
	require.NoError(t, b.Handle(t.Context(), w.say(id, "that did not help")))
	require.Equal(t, []string{ReasonFrustrated}, w.handoffs(id))
	require.Equal(t, 1, w.get(id).Priority)
}

func TestEveryHandoffHasWords(t *testing.T) {
	t.Parallel()
	for _, lang := range []string{"en", "zh"} {
		for _, reason := range []string{ReasonAskedForPerson, ReasonAnger, ReasonFrustrated, ReasonRepeated, ReasonSensitive,
			ReasonLowConfidence, ReasonOutOfScope, ReasonNoAnswer, ReasonModelFailure} {
			require.NotEmpty(t, phrases(lang).handoff[reason], "%s %s", lang, reason)
		}
	}
}

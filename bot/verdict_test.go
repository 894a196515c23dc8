package bot

import (
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"handrail/internal/chat"
	"handrail/internal/errs"
)

func TestVerdicts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.bot(0.5, nil)
	id, e := w.handled(b, returnsQuestion)
	require.Nil(t, e.Verdict)
	yes, no := true, false
	for _, right := range []*bool{&yes, &no} {
		require.NoError(t, b.Judge(t.Context(), w.ws, "user:7", id, e.Seq, right))
		require.Equal(t, right, w.explain(b, id)[0].Verdict)
	}
	labels, err := b.Labels(t.Context(), w.ws)
	require.NoError(t, err)
	require.Len(t, labels.Verdicts, 1)
	require.Equal(t, []any{false, 1.0, GroupOf(returnsQuestion)},
		[]any{labels.Verdicts[0].Right, labels.Verdicts[0].Weight, labels.Verdicts[0].Group})
	require.Equal(t, e.Features["coverage"], labels.Verdicts[0].Features.get("coverage"))

	require.NoError(t, b.Judge(t.Context(), w.ws, "user:7", id, e.Seq, nil))
	require.Nil(t, w.explain(b, id)[0].Verdict)
	require.Equal(t, 3, w.audited("turn.verdict"))

	require.True(t, errs.Is(b.Judge(t.Context(), w.ws, "user:7", id, 99, &yes), errs.NotFound))
	require.True(t, errs.Is(b.Judge(t.Context(), w.ws, "user:7", uuid.New(), 1, &yes), errs.NotFound))
	asked, e := w.handled(b, "I want to talk to a human")
	require.True(t, errs.Is(b.Judge(t.Context(), w.ws, "user:7", asked, e.Seq, &yes), errs.Invalid), "there was no answer")
}

// rate closes a conversation and rates it, as the desk and the visitor do.
func (w *world) rate(conversation uuid.UUID, score string) {
	w.t.Helper()
	_, err := w.log.Decide(w.t.Context(), w.ws, conversation, func(_ pgx.Tx, c *chat.Conversation) ([]chat.Entry, error) {
		c.State = chat.StateClosed
		return []chat.Entry{{ClientID: uuid.New(), Kind: chat.KindCSAT, Data: []byte(`{"score": ` + score + `}`), Epoch: -1,
			Sender: chat.Sender{Kind: chat.Visitor, ID: w.contact.String()}}}, nil
	})
	require.NoError(w.t, err)
}

func TestRatings(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.bot(0.9, nil)
	for _, score := range []string{"5", "3", "1"} {
		id, _ := w.handled(b, returnsQuestion)
		w.rate(id, score)
	}
	judged, e := w.handled(b, returnsQuestion)
	w.rate(judged, "5")
	no := false
	require.NoError(t, b.Judge(t.Context(), w.ws, "user:7", judged, e.Seq, &no))
	escalated, _ := w.handled(w.bot(0.5, nil), returnsQuestion)
	w.rate(escalated, "5")

	labels, err := b.Labels(t.Context(), w.ws)
	require.NoError(t, err)
	require.Len(t, labels.Verdicts, 1, "a verdict on the same turn says more than a rating")
	require.Len(t, labels.Ratings, 2, "three stars say nothing, nor does a rating of what a person did")
	require.ElementsMatch(t, []bool{true, false}, []bool{labels.Ratings[0].Right, labels.Ratings[1].Right})
	require.Equal(t, ratingWeight, labels.Ratings[0].Weight)
}

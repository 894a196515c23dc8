package bot

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"handrail/internal/chat"
	"handrail/internal/errs"
)

func (w *world) audited(action string) (n int) {
	w.t.Helper()
	require.NoError(w.t, w.db.InTx(w.t.Context(), w.ws, func(tx pgx.Tx) error {
		return tx.QueryRow(w.t.Context(), `SELECT count(*) FROM audit_log WHERE action = $1`, action).Scan(&n)
	}))
	return n
}

// handled lets a bot answer a question in a conversation of its own, and returns what is stored of it.
func (w *world) handled(b *Bot, question string) (uuid.UUID, Explanation) {
	w.t.Helper()
	id := w.conversation()
	require.NoError(w.t, b.Handle(w.t.Context(), w.say(id, question)))
	return id, w.explain(b, id)[0]
}

func TestThresholdDecides(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id, e := w.handled(w.bot(0.79, nil), returnsQuestion)
	require.Equal(t, []any{Handoff, ReasonLowConfidence, 0.8}, []any{e.Decision, e.Reason, e.Threshold})
	require.Equal(t, []string{ReasonLowConfidence}, w.handoffs(id))
	require.Equal(t, chat.StateQueued, w.get(id).State)
	require.Contains(t, e.Withheld.Text, "within 30 days", "the agent judges what was not said")
	require.Equal(t, "returns.md", e.Withheld.Citations[0].Source)
	require.NotContains(t, w.messages(id)[1].Body, "30 days", "and the visitor is not told")

	id, e = w.handled(w.bot(0.81, nil), returnsQuestion)
	require.Equal(t, []any{Answer, ReasonConfident, 0.8}, []any{e.Decision, e.Reason, e.Threshold})
	require.Empty(t, w.handoffs(id))
	require.Nil(t, e.Withheld)
}

func TestIntentThresholdDecides(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.train()
	b := w.bot(0.75, nil)
	threshold := 0.9
	require.NoError(t, b.SetThreshold(t.Context(), w.ws, "user:1", &threshold))
	for question, want := range map[string]Explanation{
		"how long can I return a bicycle, and is returning a bicycle free": {Decision: Answer, Threshold: 0.7},
		"how long is the warranty on frames against cracks":                {Decision: Handoff, Threshold: 0.95},
		"which workshop repairs flat tyres without an appointment":         {Decision: Handoff, Threshold: 0.9},
	} {
		_, e := w.handled(b, question)
		require.Equal(t, []any{want.Decision, want.Threshold}, []any{e.Decision, e.Threshold}, "%s: %s %v", question, e.Intent, e.IntentProbability)
	}
}

func TestThresholdOfTheWorkspace(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	here, there := w.bot(0.81, nil), w.bot(0.81, nil)
	now := time.Now()
	there.tunings.now = func() time.Time { return now }
	require.Equal(t, Answer, w.respond(there, w.turn(returnsQuestion)).Decision)

	threshold := 0.9
	require.NoError(t, here.SetThreshold(t.Context(), w.ws, "user:1", &threshold))
	require.Equal(t, Handoff, w.respond(here, w.turn(returnsQuestion)).Decision, "at once on the node that was asked")
	now = now.Add(retune - time.Millisecond)
	require.Equal(t, Answer, w.respond(there, w.turn(returnsQuestion)).Decision)
	now = now.Add(time.Millisecond)
	require.Equal(t, Handoff, w.respond(there, w.turn(returnsQuestion)).Decision, "and after two seconds on every other")

	require.NoError(t, here.SetThreshold(t.Context(), w.ws, "user:1", nil))
	got, err := here.Threshold(t.Context(), w.ws)
	require.NoError(t, err)
	require.Equal(t, DefaultThreshold, got)
	for _, bad := range []float64{0, 1, -1, 80} {
		require.True(t, errs.Is(here.SetThreshold(t.Context(), w.ws, "user:1", &bad), errs.Invalid))
	}
	require.Equal(t, 2, w.audited("bot.threshold"))
}

func TestCalibratorVersions(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	here, there := w.bot(0.5, nil), w.bot(0.5, nil)
	now := time.Now()
	there.tunings.now = func() time.Time { return now }
	ece := 0.04
	refined := sure(0.6)
	refined.Refinement = &Refinement{Slope: 1, Steps: []Step{{0.5, 0.98}}}
	for i, c := range []Calibrator{sure(0.9), refined} {
		v, err := here.SaveCalibrator(t.Context(), w.ws, "user:1", Fitted{Calibrator: c, Cases: 50, ECE: &ece, Curve: []int{1}})
		require.NoError(t, err)
		require.Equal(t, i+1, v.Version)
	}
	require.InDelta(t, 0.5, w.respond(there, w.turn(returnsQuestion)).Confidence, 1e-9, "stored is not active")

	for version, want := range map[int]float64{1: 0.9, 2: 0.79, 0: 0.5} {
		require.NoError(t, here.ActivateCalibrator(t.Context(), w.ws, "user:1", version))
		require.InDelta(t, want, w.respond(here, w.turn(returnsQuestion)).Confidence, 1e-9)
		now = now.Add(retune)
		require.InDelta(t, want, w.respond(there, w.turn(returnsQuestion)).Confidence, 1e-9)
		_, e := w.handled(here, returnsQuestion)
		require.Equal(t, version, e.Calibrator)
	}
	require.True(t, errs.Is(here.ActivateCalibrator(t.Context(), w.ws, "user:1", 3), errs.NotFound))
	require.NoError(t, here.ActivateCalibrator(t.Context(), w.ws, "user:1", 2))
	list, err := here.Calibrators(t.Context(), w.ws)
	require.NoError(t, err)
	require.Len(t, list, 2)
	require.Equal(t, []any{2, "isotonic", true}, []any{list[0].Version, list[0].Kind, list[0].Active})
	require.Equal(t, []any{1, "logistic", false, &ece}, []any{list[1].Version, list[1].Kind, list[1].Active, list[1].ECE})
	require.Equal(t, 2, w.audited("calibrator.save"))
}

func TestAnotherWorkspaceKeepsItsOwn(t *testing.T) {
	t.Parallel()
	w, other := newWorld(t), newWorld(t)
	b := w.bot(0.5, nil)
	_, err := b.SaveCalibrator(t.Context(), w.ws, "cli", Fitted{Calibrator: sure(0.9), Cases: 50})
	require.NoError(t, err)
	require.NoError(t, b.ActivateCalibrator(t.Context(), w.ws, "cli", 1))
	require.InDelta(t, 0.5, other.respond(other.bot(0.5, nil), other.turn(returnsQuestion)).Confidence, 1e-9)
	list, err := b.Calibrators(t.Context(), other.ws)
	require.NoError(t, err)
	require.Empty(t, list)
}

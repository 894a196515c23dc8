package handoff_test

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"handrail/handoff"
	"handrail/handoff/hours"
	"handrail/internal/chat"
	"handrail/internal/errs"
)

// check looks at the limits at a moment and returns how many alerts that raised.
func (w *world) check(d *handoff.Desk, at time.Time) int {
	w.t.Helper()
	n, err := d.CheckSLA(w.t.Context(), w.ws, at)
	require.NoError(w.t, err)
	return n
}

func (w *world) alerts() []handoff.Alert {
	w.t.Helper()
	b, err := w.Board(w.t.Context(), w.ws)
	require.NoError(w.t, err)
	return b.Alerts
}

// reply lets the agent in charge write to the visitor.
func (w *world) reply(id uuid.UUID) {
	w.t.Helper()
	_, err := w.log.Append(w.t.Context(), w.ws, id, chat.Entry{ClientID: uuid.New(), Body: "hello", Epoch: w.get(id).Epoch,
		Sender: chat.Sender{Kind: chat.Agent, ID: "1"}})
	require.NoError(w.t, err)
}

func TestFirstResponseAlertsOnceAfterThirtySeconds(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, _, other := w.node()
	w.agent("A")
	id := w.queued(0)
	require.Equal(t, 1, w.assign())
	began := query[time.Time](w, `SELECT queued_at FROM handoffs`)
	require.Zero(t, w.check(w.Desk, began.Add(29*time.Second)))
	require.Zero(t, w.check(w.Desk, began.Add(30*time.Second)))
	require.Empty(t, w.alerts())

	var raised atomic.Int64
	var racing sync.WaitGroup
	for i := range 8 {
		racing.Go(func() {
			n, err := []*handoff.Desk{w.Desk, other}[i%2].CheckSLA(t.Context(), w.ws, began.Add(31*time.Second))
			if err != nil {
				t.Error(err)
			}
			raised.Add(int64(n))
		})
	}
	racing.Wait()
	require.EqualValues(t, 1, raised.Load(), "once, whatever number of nodes looks")
	_, _, restarted := w.node()
	require.Zero(t, w.check(restarted, began.Add(90*time.Second)), "and not again after a restart")
	require.Len(t, w.alerts(), 1)
	require.Equal(t, handoff.AlertFirstResponse, w.alerts()[0].Kind)
	w.reply(id)
	require.Zero(t, w.check(w.Desk, time.Now().Add(time.Hour)))
	require.Empty(t, w.alerts(), "the first reply clears it")
}

func TestWhatCountsIsWhenTheReplyCame(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.agent("A")
	early, late := w.queued(0), w.queued(0)
	require.Equal(t, 2, w.assign())
	w.reply(early)
	w.reply(late)
	ago := func(id uuid.UUID, d time.Duration) {
		w.exec(`UPDATE handoffs SET queued_at = (SELECT at FROM messages WHERE conversation_id = $1 AND sender_kind = 'agent') - $2::interval
			WHERE conversation_id = $1`, id, d)
	}
	ago(early, 29*time.Second)
	ago(late, 31*time.Second)
	require.Equal(t, 1, w.check(w.Desk, time.Now().Add(time.Hour)), "nobody looked in between")
	require.Empty(t, w.alerts(), "both have been answered")
	require.Equal(t, late, query[uuid.UUID](w, `SELECT conversation_id FROM desk_alerts`))
}

func TestLadder(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	a, admin := w.agent("A"), w.user("Root", "admin")
	w.group("billing", 0, a)
	require.NoError(t, w.SetSLA(ctx, w.ws, "test", handoff.SLA{FirstResponseS: 0, WaitingS: 60,
		Ladder: []handoff.Step{{AfterS: 0, Notify: "group"}, {AfterS: 120, Notify: "admins"}}}))
	require.NoError(t, w.SetStatus(ctx, w.ws, a, handoff.Away))
	id := w.queuedFor("billing", 0)
	began := query[time.Time](w, `SELECT queued_at FROM handoffs`)
	require.Zero(t, w.check(w.Desk, began.Add(60*time.Second)))
	require.Equal(t, 1, w.check(w.Desk, began.Add(61*time.Second)))
	require.Equal(t, 1, w.alerts()[0].Level)
	require.True(t, w.alerts()[0].For(a, false))
	require.False(t, w.alerts()[0].For(admin, true), "not their turn yet")
	require.Zero(t, w.check(w.Desk, began.Add(179*time.Second)))
	require.Equal(t, 1, w.alerts()[0].Level)
	require.Zero(t, w.check(w.Desk, began.Add(181*time.Second)))
	require.Equal(t, 2, w.alerts()[0].Level)
	require.True(t, w.alerts()[0].For(admin, true))
	require.NoError(t, w.Claim(ctx, w.ws, id, a))
	w.check(w.Desk, began.Add(200*time.Second))
	require.Empty(t, w.alerts(), "somebody has taken it")

	kindOf(t, errs.Invalid, w.SetSLA(ctx, w.ws, "test", handoff.SLA{FirstResponseS: -1}))
	kindOf(t, errs.Invalid, w.SetSLA(ctx, w.ws, "test", handoff.SLA{Ladder: []handoff.Step{{Notify: "boss"}}}))
	kindOf(t, errs.Invalid, w.SetSLA(ctx, w.ws, "test", handoff.SLA{Ladder: []handoff.Step{{9, "group"}, {3, "admins"}}}))
}

func TestOutOfHours(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	a := w.agent("A")
	week := func(days ...string) (s []hours.Span) {
		for _, d := range days {
			s = append(s, hours.Span{Day: d, From: "00:00", To: "24:00"})
		}
		return s
	}
	// Closed today, open on all other days.
	today := time.Now().UTC().Format(time.DateOnly)
	closed := hours.Schedule{Name: "default", Timezone: "UTC", Week: week("mon", "tue", "wed", "thu", "fri", "sat", "sun"),
		Holidays: []hours.Holiday{{Date: today, Name: "today"}}}
	require.NoError(t, w.SetHours(ctx, w.ws, "test", []hours.Schedule{closed}))
	id := w.queued(0)
	require.Zero(t, w.assign(), "the desk is closed")
	p, err := w.Position(ctx, w.ws, id)
	require.NoError(t, err)
	require.True(t, p.Closed)
	require.Equal(t, time.Now().UTC().Truncate(24*time.Hour).Add(24*time.Hour), p.OpensAt.UTC())
	require.Zero(t, w.check(w.Desk, time.Now().Add(time.Minute)), "time does not count while the desk is closed")

	visitor, client := chat.Sender{Kind: chat.Visitor, ID: w.contact.String()}, uuid.New()
	_, err = w.LeaveMessage(ctx, w.ws, id, visitor, "not an address", "", client)
	kindOf(t, errs.Invalid, err)
	_, err = w.LeaveMessage(ctx, w.ws, id, chat.Sender{Kind: chat.Visitor, ID: uuid.NewString()}, "ada@example.com", "", client)
	kindOf(t, errs.NotFound, err)
	seq, err := w.LeaveMessage(ctx, w.ws, id, visitor, "ada@example.com", "call me back", client)
	require.NoError(t, err)
	again, err := w.LeaveMessage(ctx, w.ws, id, visitor, "ada@example.com", "call me back", client)
	require.NoError(t, err)
	require.Equal(t, seq, again)
	require.Equal(t, []chat.Kind{chat.KindHandoff, chat.KindLeftMessage}, w.kinds(id))
	board, err := w.Board(ctx, w.ws)
	require.NoError(t, err)
	require.True(t, board.Marks[id].OutOfHours)

	w.exec(`UPDATE handoffs SET opens_at = now()`) // the next morning
	require.Equal(t, 1, w.assign())
	require.Equal(t, a, w.get(id).AgentID)
	_, err = w.LeaveMessage(ctx, w.ws, id, visitor, "ada@example.com", "", uuid.New())
	kindOf(t, errs.Conflict, err)

	waits := w.queued(0)
	require.NoError(t, w.SetHours(ctx, w.ws, "test", nil))
	require.Equal(t, 1, w.assign(), "without hours the desk is open at once")
	require.Equal(t, a, w.get(waits).AgentID)
	g := w.group("night", 0)
	g.Hours = "night"
	_, err = w.SaveGroup(ctx, w.ws, "test", g)
	kindOf(t, errs.Invalid, err)
	closed.Name = "night"
	require.NoError(t, w.SetHours(ctx, w.ws, "test", []hours.Schedule{closed}))
	_, err = w.SaveGroup(ctx, w.ws, "test", g)
	require.NoError(t, err)
	kindOf(t, errs.Conflict, w.SetHours(ctx, w.ws, "test", nil))
}

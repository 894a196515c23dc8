package handoff_test

import (
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"handrail/handoff"
	"handrail/internal/chat"
)

// TestAnyHistoryOfADeskIsSound plays random histories on two nodes, one of which may restart at any time, and checks after
// each step what must always hold, and that the queue keeps its order for those who stay in it.
func TestAnyHistoryOfADeskIsSound(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, _, other := w.node()
	rapid.Check(t, func(rt *rapid.T) {
		w.exec(`UPDATE agents SET status = 'offline'`)
		var staff []int64
		for range 3 {
			staff = append(staff, w.agent("agent"))
			require.NoError(t, w.SetCapacity(t.Context(), w.ws, staff[len(staff)-1], rapid.IntRange(1, 3).Draw(rt, "capacity")))
		}
		asked, given := uuid.NewString(), uuid.NewString()
		w.group(asked, 60, staff...)
		w.group(given, 0, staff[0])
		var ids []uuid.UUID
		steps := rapid.IntRange(5, 25).Draw(rt, "steps")
		for range steps {
			before := w.waiting()
			if len(ids) == 0 || rapid.IntRange(0, 3).Draw(rt, "arrives") == 0 {
				ids = append(ids, w.queuedFor(rapid.SampledFrom([]string{asked, given, ""}).Draw(rt, "group"), rapid.IntRange(0, 3).Draw(rt, "priority")))
			} else {
				d := rapid.SampledFrom([]*handoff.Desk{w.Desk, other}).Draw(rt, "node")
				w.act(t, d, rapid.SampledFrom([]int{0, 0, 1, 2, 3, 4, 6, 7}).Draw(rt, "what"), rapid.SampledFrom(ids).Draw(rt, "conversation"),
					rapid.SampledFrom(staff).Draw(rt, "agent"), rapid.SampledFrom(staff).Draw(rt, "colleague"))
			}
			w.sound()
			w.sameOrder(before, w.waiting())
		}
		for _, id := range ids {
			if c := w.get(id); c.State == chat.StateQueued || c.State == chat.StateHuman {
				require.NoError(t, w.Close(t.Context(), w.ws, id, max(c.AgentID, 1), uuid.New()))
			}
		}
	})
}

// sameOrder fails if two who waited before and still wait have changed places.
func (w *world) sameOrder(before, after []uuid.UUID) {
	w.t.Helper()
	place := map[uuid.UUID]int{}
	for i, id := range after {
		place[id] = i + 1
	}
	last := 0
	for _, id := range before {
		if p := place[id]; p > 0 {
			require.Greater(w.t, p, last, "those who wait keep their order")
			last = p
		}
	}
}

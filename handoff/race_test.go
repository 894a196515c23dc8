package handoff_test

import (
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"handrail/handoff"
	"handrail/internal/chat"
	"handrail/internal/errs"
)

func TestRacingAssignmentsAreExact(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, _, other := w.node()
	desks := []*handoff.Desk{w.Desk, other}
	const conversations, agents, capacity = 500, 10, 40
	ids := make([]uuid.UUID, conversations)
	for i := range ids {
		ids[i] = w.queued(i % 3)
	}
	staff := make([]int64, agents)
	for i := range staff {
		staff[i] = w.agent("agent")
		require.NoError(t, w.SetCapacity(t.Context(), w.ws, staff[i], capacity))
	}
	var given atomic.Int64
	var racing sync.WaitGroup
	for i := range 8 {
		racing.Go(func() {
			n, err := desks[i%2].Assign(t.Context(), w.ws)
			if err != nil {
				t.Error(err)
			}
			given.Add(int64(n))
		})
	}
	for i := range 4 {
		racing.Go(func() {
			for range 50 {
				err := desks[i%2].Claim(t.Context(), w.ws, ids[rand.IntN(len(ids))], staff[rand.IntN(agents)])
				if err != nil && !errs.Is(err, errs.Conflict) {
					t.Error(err)
				}
			}
		})
	}
	racing.Wait()
	_, err := w.Assign(t.Context(), w.ws)
	require.NoError(t, err)

	require.Equal(t, conversations-agents*capacity, len(w.waiting()))
	require.Equal(t, agents*capacity, query[int](w, `SELECT count(*) FROM assignments WHERE ended_at IS NULL`))
	require.Zero(t, query[int](w, `
		SELECT count(*) FROM conversations c
		WHERE (c.state = 'human') <> EXISTS (
			SELECT FROM assignments a
			WHERE a.conversation_id = c.id AND a.agent_id = c.agent_id AND a.ended_at IS NULL)`))
	for _, a := range staff {
		require.Equal(t, capacity, w.load(a))
	}
	require.Equal(t, agents*capacity, query[int](w, `SELECT count(*) FROM messages WHERE kind = 'assigned'`))
}

func TestReaperReturnsEachConversationOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, _, other := w.node()
	gone, stays := w.agent("Gone"), w.agent("Stays")
	var mine []uuid.UUID
	for range 5 {
		id := w.queued(0)
		require.NoError(t, w.Claim(t.Context(), w.ws, id, gone))
		mine = append(mine, id)
	}
	kept := w.queued(0)
	require.NoError(t, w.Claim(t.Context(), w.ws, kept, stays))
	urgent := w.queued(9)
	before := w.get(mine[0])
	w.exec(`UPDATE agents SET lease_until = now() WHERE user_id = $1`, gone)

	var moved atomic.Int64
	var racing sync.WaitGroup
	for i := range 8 {
		racing.Go(func() {
			n, err := []*handoff.Desk{w.Desk, other}[i%2].Reap(t.Context(), w.ws)
			if err != nil {
				t.Error(err)
			}
			moved.Add(int64(n))
		})
	}
	racing.Wait()
	require.EqualValues(t, len(mine), moved.Load())
	require.Equal(t, append(mine, urgent), w.waiting(), "they go to the front, in their old order")
	require.Equal(t, before.Epoch+1, w.get(mine[0]).Epoch)
	require.Zero(t, w.load(gone))
	require.Equal(t, stays, w.get(kept).AgentID)
	require.Equal(t, []chat.Kind{chat.KindHandoff, chat.KindAssigned, chat.KindHandoff}, w.kinds(mine[0]))

	_, err := w.log.Append(t.Context(), w.ws, mine[0], chat.Entry{ClientID: uuid.New(), Body: "late", Epoch: before.Epoch,
		Sender: chat.Sender{Kind: chat.Agent, ID: "1"}})
	kindOf(t, errs.Conflict, err)
}

func TestDeskAssignsByItselfAndStops(t *testing.T) {
	w := newWorld(t)
	before := goleak.IgnoreCurrent()
	assigned := make(chan struct{}, 10)
	w.Start(t.Context())
	agent := w.agent("Grace")
	id := w.conversation()
	sub, err := w.bus.Subscribe(chat.HintSubject(id), func(string, []byte) { assigned <- struct{}{} })
	require.NoError(t, err)
	require.NoError(t, w.enqueue(id, chat.Handoff{Reason: "no_answer"}))
	<-assigned // queued
	<-assigned // given to the agent
	require.Equal(t, agent, w.get(id).AgentID)
	sub.Close()
	w.Stop()
	goleak.VerifyNone(t, before, goleak.IgnoreAnyFunction("github.com/jackc/pgx/v5/pgxpool.(*Pool).backgroundHealthCheck"))
}

func TestTickReturnsAndReassignsWithoutAnyHint(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	gone := w.agent("Gone")
	id := w.queued(0)
	require.NoError(t, w.Claim(t.Context(), w.ws, id, gone))
	next := w.agent("Next")
	w.exec(`UPDATE agents SET lease_until = now() WHERE user_id = $1`, gone)

	moved := make(chan struct{}, 10)
	sub, err := w.bus.Subscribe(chat.HintSubject(id), func(string, []byte) { moved <- struct{}{} })
	require.NoError(t, err)
	defer sub.Close()
	desk := handoff.New(w.db, w.log, w.bus, handoff.Config{Tick: 10 * time.Millisecond})
	desk.Start(t.Context())
	defer desk.Stop()
	<-moved // back to the queue
	<-moved // given to the next agent
	require.Equal(t, next, w.get(id).AgentID)
}

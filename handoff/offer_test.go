package handoff_test

import (
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"handrail/handoff"
	"handrail/handoff/routing"
	"handrail/internal/chat"
	"handrail/internal/errs"
)

// group makes a group; offer is in seconds.
func (w *world) group(name string, offer int, members ...int64) handoff.Group {
	w.t.Helper()
	g, err := w.SaveGroup(w.t.Context(), w.ws, "test", handoff.Group{Name: name, Policy: routing.LeastLoaded, OfferS: offer, Members: members})
	require.NoError(w.t, err)
	return g
}

// queuedFor makes a conversation that waits for a group.
func (w *world) queuedFor(group string, priority int) uuid.UUID {
	w.t.Helper()
	id := w.conversation()
	require.NoError(w.t, w.enqueue(id, chat.Handoff{Reason: "no_answer", Group: group, Priority: priority}))
	return id
}

func (w *world) assign() int {
	w.t.Helper()
	n, err := w.Assign(w.t.Context(), w.ws)
	require.NoError(w.t, err)
	return n
}

// offered is who has the offer of a conversation, 0 = nobody.
func (w *world) offered(id uuid.UUID) int64 {
	return query[int64](w, `SELECT coalesce(max(agent_id), 0) FROM offers WHERE conversation_id = $1 AND ended_at IS NULL`, id)
}

func TestGroupsAreServedByTheirMembers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a, b := w.agent("A"), w.agent("B")
	w.group("billing", 0, a)
	w.group("nobody", 0)
	billing, unknown, empty := w.queuedFor("billing", 0), w.queuedFor("misspelt", 0), w.queuedFor("nobody", 0)
	require.NoError(t, w.SetCapacity(t.Context(), w.ws, a, 1))
	require.Equal(t, 3, w.assign())
	require.Equal(t, a, w.get(billing).AgentID)
	require.Equal(t, b, w.get(unknown).AgentID, "a group that does not exist keeps nobody waiting")
	require.Equal(t, b, w.get(empty).AgentID, "nor does one without members")

	stuck, free := w.queuedFor("billing", 9), w.queued(0)
	require.Equal(t, 1, w.assign())
	require.Equal(t, []uuid.UUID{stuck}, w.waiting(), "who waits for a busy group does not hold up the others")
	require.Equal(t, b, w.get(free).AgentID)
	require.NoError(t, w.SetProfile(t.Context(), w.ws, "test", handoff.Profile{AgentID: b, Capacity: 5, Groups: []string{"billing"}}))
	require.Equal(t, 1, w.assign())
	require.Equal(t, b, w.get(stuck).AgentID)
}

func TestOfferPassesOnUntilSomebodyAccepts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a, b := w.agent("A"), w.agent("B")
	w.group("sales", 20, a, b)
	first := w.queuedFor("sales", 0)
	second := w.queuedFor("sales", 0)
	require.NoError(t, w.SetCapacity(t.Context(), w.ws, a, 1))
	require.NoError(t, w.SetCapacity(t.Context(), w.ws, b, 1))
	require.Equal(t, 2, w.assign())
	require.Equal(t, a, w.offered(first))
	require.Equal(t, b, w.offered(second))
	require.Equal(t, chat.StateQueued, w.get(first).State)
	require.Zero(t, w.load(a))
	third := w.queuedFor("sales", 5)
	require.Zero(t, w.assign(), "what is offered takes a place")
	kindOf(t, errs.Conflict, w.Claim(t.Context(), w.ws, third, a))

	kindOf(t, errs.Conflict, w.Accept(t.Context(), w.ws, first, b))
	require.NoError(t, w.Accept(t.Context(), w.ws, second, b))
	require.NoError(t, w.Accept(t.Context(), w.ws, second, b), "again is no error")
	require.Equal(t, b, w.get(second).AgentID)
	require.NoError(t, w.Decline(t.Context(), w.ws, first, a))
	kindOf(t, errs.Conflict, w.Decline(t.Context(), w.ws, first, a))
	require.Equal(t, []uuid.UUID{third, first}, w.waiting(), "the order is kept")
	require.Equal(t, 1, w.assign())
	require.Equal(t, a, w.offered(third))
	require.NoError(t, w.Accept(t.Context(), w.ws, third, a))
	require.NoError(t, w.Close(t.Context(), w.ws, third, a, uuid.New()))
	require.Zero(t, w.assign(), "a declined it, and b is there, if busy")
	require.NoError(t, w.Close(t.Context(), w.ws, second, b, uuid.New()))
	require.Equal(t, 1, w.assign())
	require.Equal(t, b, w.offered(first))

	w.exec(`UPDATE offers SET expires_at = now()`)
	n, err := w.Expire(t.Context(), w.ws)
	require.NoError(t, err)
	require.Equal(t, 1, n)
	require.Zero(t, w.assign(), "both refused a moment ago")
	w.exec(`UPDATE offers SET ended_at = now() - interval '1 minute'`)
	require.Equal(t, 1, w.assign(), "nobody else is there: it is offered again")
	require.Equal(t, 0, query[int](w, `SELECT sum(offered) FROM agents`)-1)
	require.Equal(t, 3, query[int](w, `SELECT count(*) FROM audit_log WHERE action IN ('handoff.accept', 'handoff.decline')`))
}

func TestAnOfferEndsWithItsAgentOrItsConversation(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a, b := w.agent("A"), w.agent("B")
	w.group("sales", 60, a)
	taken, closed, gone := w.queuedFor("sales", 2), w.queuedFor("sales", 1), w.queuedFor("sales", 0)
	require.Equal(t, 3, w.assign())
	require.NoError(t, w.Claim(t.Context(), w.ws, taken, b), "a person's decision goes before an offer")
	require.NoError(t, w.Close(t.Context(), w.ws, closed, b, uuid.New()))
	require.Equal(t, 1, query[int](w, `SELECT offered FROM agents WHERE user_id = $1`, a))
	kindOf(t, errs.Conflict, w.Accept(t.Context(), w.ws, taken, a))
	w.exec(`UPDATE agents SET lease_until = now() WHERE user_id = $1`, a)
	n, err := w.Expire(t.Context(), w.ws)
	require.NoError(t, err)
	require.Equal(t, 1, n)
	require.Zero(t, query[int](w, `SELECT sum(offered) FROM agents`))
	require.Equal(t, []uuid.UUID{gone}, w.waiting())
}

// TestRacingOffersAndDecisions lets people accept, decline, claim, transfer and close what two nodes offer, while offers run
// out and agents go.
func TestRacingOffersAndDecisions(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, _, other := w.node()
	desks := []*handoff.Desk{w.Desk, other}
	const agents, conversations = 6, 60
	var staff []int64
	for range agents {
		staff = append(staff, w.agent("agent"))
		require.NoError(t, w.SetCapacity(t.Context(), w.ws, staff[len(staff)-1], 3))
	}
	w.group("asked", 60, staff...)
	w.group("given", 0, staff[:3]...)
	var ids []uuid.UUID
	for i := range conversations {
		ids = append(ids, w.queuedFor([]string{"asked", "given"}[i%2], i%3))
	}
	var racing sync.WaitGroup
	for g := range 8 {
		racing.Go(func() {
			rng, d := newRand(g), desks[g%2]
			for range 40 {
				w.act(t, d, rng.IntN(9), ids[rng.IntN(len(ids))], staff[rng.IntN(agents)], staff[rng.IntN(agents)])
			}
		})
	}
	racing.Wait()
	w.sound()
}

// act does one of the things that happen at a desk. Conflicts are part of life there.
func (w *world) act(t *testing.T, d *handoff.Desk, what int, id uuid.UUID, a, b int64) {
	ctx := t.Context()
	var err error
	switch what {
	case 0:
		_, err = d.Assign(ctx, w.ws)
	case 1:
		err = d.Accept(ctx, w.ws, id, a)
	case 2:
		err = d.Decline(ctx, w.ws, id, a)
	case 3:
		err = d.Claim(ctx, w.ws, id, a)
	case 4:
		err = d.Transfer(ctx, w.ws, handoff.Transfer{Conversation: id, From: a, Agent: b, ClientID: uuid.New()})
	case 5:
		err = d.Transfer(ctx, w.ws, handoff.Transfer{Conversation: id, From: a, Group: "given", ClientID: uuid.New()})
	case 6:
		err = d.Return(ctx, w.ws, id, a, uuid.New())
	case 7:
		w.exec(`UPDATE offers SET expires_at = now() WHERE ended_at IS NULL AND agent_id = $1`, a)
		_, err = d.Expire(ctx, w.ws)
	case 8:
		w.exec(`UPDATE agents SET lease_until = now() WHERE user_id = $1`, a)
		if _, err = d.Reap(ctx, w.ws); err == nil {
			err = d.SetStatus(ctx, w.ws, a, handoff.Online)
		}
	}
	if err != nil && !errs.Is(err, errs.Conflict) && !errs.Is(err, errs.Invalid) {
		t.Errorf("operation %d: %v", what, err)
	}
}

// sound checks what must hold of a desk at any time.
func (w *world) sound() {
	w.t.Helper()
	for what, sql := range map[string]string{
		"an agent's load is not the number of their conversations": `
			SELECT count(*) FROM agents a WHERE load <> (SELECT count(*) FROM assignments s WHERE s.agent_id = a.user_id AND ended_at IS NULL)`,
		"an agent's offers are not those that are open": `
			SELECT count(*) FROM agents a WHERE offered <> (SELECT count(*) FROM offers o WHERE o.agent_id = a.user_id AND ended_at IS NULL)`,
		"an agent has more than they may": `SELECT count(*) FROM agents WHERE load + offered > capacity`,
		"a conversation and its assignment differ": `
			SELECT count(*) FROM conversations c WHERE coalesce(c.agent_id, 0) <> coalesce(
				(SELECT max(agent_id) FROM assignments a WHERE a.conversation_id = c.id AND a.ended_at IS NULL), 0)`,
		"a conversation and its handoff differ": `
			SELECT count(*) FROM conversations c
			WHERE (c.state = 'queued') <> EXISTS (SELECT FROM handoffs h WHERE h.conversation_id = c.id AND waiting_since IS NOT NULL)
			   OR (c.state IN ('queued', 'human')) <> EXISTS (SELECT FROM handoffs h WHERE h.conversation_id = c.id AND ended_at IS NULL)`,
		"a handoff and its offer differ": `
			SELECT count(*) FROM handoffs h WHERE coalesce(offered_to, 0) <> coalesce(
				(SELECT max(agent_id) FROM offers o WHERE o.handoff_id = h.id AND o.ended_at IS NULL), 0)`,
		"a conversation has more entries of assignment than assignments": `
			SELECT abs((SELECT count(*) FROM messages WHERE kind = 'assigned') - (SELECT count(*) FROM assignments))`,
	} {
		require.Zero(w.t, query[int](w, sql), what)
	}
}

func TestSkillsLanguagesAndTheLastAgent(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	a, b := w.agent("A"), w.agent("B")
	id := w.queued(0)
	require.NoError(t, w.Claim(ctx, w.ws, id, b))
	require.NoError(t, w.Close(ctx, w.ws, id, b, uuid.New()))
	again := w.queued(0)
	require.Equal(t, 1, w.assign())
	require.Equal(t, b, w.get(again).AgentID, "the visitor gets the agent they know")
	require.NoError(t, w.Close(ctx, w.ws, again, b, uuid.New()))
	w.exec(`UPDATE assignments SET ended_at = now() - interval '31 days', started_at = now() - interval '31 days'`)
	w.exec(`UPDATE agents SET idle_since = now() - interval '1 hour' WHERE user_id = $1`, a)
	later := w.queued(0)
	require.Equal(t, 1, w.assign())
	require.Equal(t, a, w.get(later).AgentID, "a month later, whoever is idle")

	require.NoError(t, w.SetProfile(ctx, w.ws, "test", handoff.Profile{AgentID: a, Capacity: 5, Skills: map[string]int{"returns": 2}}))
	skilled := w.queued(0)
	w.exec(`UPDATE handoffs SET need = '{"Skills": {"returns": 3}}' WHERE conversation_id = $1`, skilled)
	plain := w.queued(0)
	require.Equal(t, 1, w.assign(), "who asks for a skill that nobody has does not hold up the others")
	require.Equal(t, chat.StateHuman, w.get(plain).State)
	require.NoError(t, w.SetProfile(ctx, w.ws, "test", handoff.Profile{AgentID: b, Capacity: 5, Skills: map[string]int{"returns": 3}}))
	require.Equal(t, 1, w.assign())
	require.Equal(t, b, w.get(skilled).AgentID)
	for _, p := range []handoff.Profile{{AgentID: a}, {AgentID: a, Capacity: 1, Skills: map[string]int{"x": 6}},
		{AgentID: a, Capacity: 1, Languages: []string{"not a language"}}} {
		kindOf(t, errs.Invalid, w.SetProfile(ctx, w.ws, "test", p))
	}
	kindOf(t, errs.NotFound, w.SetProfile(ctx, w.ws, "test", handoff.Profile{AgentID: a, Capacity: 1000, Groups: []string{"x"}}))
}

// TestNobodyIsOvertakenForEver says how much waiting a point of priority is worth.
func TestNobodyIsOvertakenForEver(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	old := w.queued(0)
	w.exec(`UPDATE handoffs SET queued_at = queued_at - $1::interval`, 9*time.Minute)
	urgent := w.queued(2)
	require.Equal(t, []uuid.UUID{urgent, old}, w.waiting())
	w.exec(`UPDATE handoffs SET queued_at = queued_at - $1::interval WHERE conversation_id = $2`, 2*time.Minute, old)
	require.Equal(t, []uuid.UUID{old, urgent}, w.waiting(), "eleven minutes are more than two points")
}

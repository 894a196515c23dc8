package handoff_test

import (
	"math/rand/v2"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"handrail/handoff"
	"handrail/internal/chat"
	"handrail/internal/errs"
)

func newRand(seed int) *rand.Rand { return rand.New(rand.NewPCG(uint64(seed), 7)) }

func TestTransferToAnAgent(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	a, b, away := w.agent("A"), w.agent("B"), w.agent("Away")
	id := w.queued(0)
	require.NoError(t, w.Claim(ctx, w.ws, id, a))
	before := w.get(id)
	send := func(from, to int64, client uuid.UUID) error {
		return w.Transfer(ctx, w.ws, handoff.Transfer{Conversation: id, From: from, Agent: to, Note: "wants a refund", ClientID: client})
	}
	kindOf(t, errs.Conflict, send(b, away, uuid.New()))
	kindOf(t, errs.Invalid, send(a, a, uuid.New()))
	kindOf(t, errs.Invalid, send(a, 0, uuid.New()))
	kindOf(t, errs.Invalid, send(a, b, uuid.Nil))
	w.exec(`UPDATE agents SET lease_until = now() WHERE user_id = $1`, away)
	err := send(a, away, uuid.New())
	kindOf(t, errs.Conflict, err)
	require.Contains(t, errs.Public(err), "Away is offline")
	require.NoError(t, w.SetCapacity(ctx, w.ws, b, 1))
	busy := w.queued(0)
	require.NoError(t, w.Claim(ctx, w.ws, busy, b))
	err = send(a, b, uuid.New())
	kindOf(t, errs.Conflict, err)
	require.Contains(t, errs.Public(err), "B has as many")
	require.Equal(t, a, w.get(id).AgentID, "a refused transfer changes nothing")
	require.NoError(t, w.SetCapacity(ctx, w.ws, b, 2))

	client := uuid.New()
	require.NoError(t, send(a, b, client))
	require.NoError(t, send(a, b, client), "again is no error")
	kindOf(t, errs.Conflict, send(a, b, uuid.New()))
	c := w.get(id)
	require.Equal(t, b, c.AgentID)
	require.Equal(t, before.Epoch+1, c.Epoch)
	require.Zero(t, w.load(a))
	require.Equal(t, 2, w.load(b))
	require.Equal(t, []chat.Kind{chat.KindHandoff, chat.KindAssigned, chat.KindNote, chat.KindTransferred, chat.KindAssigned}, w.kinds(id))
	_, err = w.log.Append(ctx, w.ws, id, chat.Entry{ClientID: uuid.New(), Body: "late", Epoch: before.Epoch,
		Sender: chat.Sender{Kind: chat.Agent, ID: "1"}})
	kindOf(t, errs.Conflict, err)
	require.Equal(t, 1, query[int](w, `SELECT count(*) FROM audit_log WHERE action = 'handoff.transfer'`))
	w.sound()
}

func TestTransferToAGroupKeepsTheAge(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	a, b := w.agent("A"), w.agent("B")
	w.group("returns", 0, a, b)
	old := w.queued(0)
	require.NoError(t, w.Claim(ctx, w.ws, old, a))
	urgent := w.queuedFor("returns", 9)
	to := handoff.Transfer{Conversation: old, From: a, Group: "returns", ClientID: uuid.New()}
	missing := to
	missing.Group = "elsewhere"
	kindOf(t, errs.NotFound, w.Transfer(ctx, w.ws, missing))
	require.NoError(t, w.Transfer(ctx, w.ws, to))
	require.NoError(t, w.Transfer(ctx, w.ws, to), "again is no error")
	require.Equal(t, []uuid.UUID{old, urgent}, w.waiting())
	p, err := w.Position(ctx, w.ws, old)
	require.NoError(t, err)
	require.Equal(t, 1, p.Position)
	require.Equal(t, 2, w.assign())
	require.Equal(t, b, w.get(old).AgentID, "not back to whoever gave it away")
	require.Equal(t, []chat.Kind{chat.KindHandoff, chat.KindAssigned, chat.KindTransferred, chat.KindAssigned}, w.kinds(old))
	w.sound()
}

func TestConference(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	a, b := w.agent("A"), w.agent("B")
	id := w.queued(0)
	kindOf(t, errs.Conflict, w.Invite(ctx, w.ws, id, a, b, "", uuid.New()))
	require.NoError(t, w.Claim(ctx, w.ws, id, a))
	before := w.get(id)
	require.NoError(t, w.Invite(ctx, w.ws, id, a, b, "please look", uuid.New()))
	require.NoError(t, w.Invite(ctx, w.ws, id, a, b, "please look", uuid.New()), "again is no error")
	kindOf(t, errs.Conflict, w.Invite(ctx, w.ws, id, b, a, "", uuid.New()))
	kindOf(t, errs.Conflict, w.Invite(ctx, w.ws, id, a, w.user("New", "agent"), "", uuid.New()))
	require.Equal(t, before.Epoch, w.get(id).Epoch)
	guest, err := w.IsGuest(ctx, w.ws, id, b)
	require.NoError(t, err)
	require.True(t, guest)
	require.Zero(t, w.load(b))
	board, err := w.Board(ctx, w.ws)
	require.NoError(t, err)
	require.Equal(t, []uuid.UUID{id}, board.Guests[b])
	require.NoError(t, w.Leave(ctx, w.ws, id, b))
	require.NoError(t, w.Leave(ctx, w.ws, id, b), "again is no error")
	require.NoError(t, w.Invite(ctx, w.ws, id, a, b, "", uuid.New()))
	require.NoError(t, w.Close(ctx, w.ws, id, a, uuid.New()))
	guest, err = w.IsGuest(ctx, w.ws, id, b)
	require.NoError(t, err)
	require.False(t, guest, "closing ends the conference")
	require.Equal(t, []chat.Kind{chat.KindHandoff, chat.KindAssigned, chat.KindNote, chat.KindJoined, chat.KindLeft, chat.KindJoined,
		chat.KindClosed, chat.KindCSATRequest}, w.kinds(id))
}

func TestDismissReturnsWhatTheAgentHad(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	a, b := w.agent("A"), w.agent("B")
	w.group("asked", 60, a)
	had, offered := w.queued(0), w.queuedFor("asked", 0)
	require.NoError(t, w.Claim(ctx, w.ws, had, a))
	require.Equal(t, 1, w.assign())
	w.exec(`UPDATE users SET disabled_at = now() WHERE id = $1`, a)
	require.NoError(t, w.Dismiss(ctx, w.ws, a))
	require.NoError(t, w.Dismiss(ctx, w.ws, a), "again is no error")
	require.Equal(t, []uuid.UUID{had, offered}, w.waiting())
	kindOf(t, errs.Conflict, w.Renew(ctx, w.ws, a))
	kindOf(t, errs.Forbidden, w.SetStatus(ctx, w.ws, a, handoff.Online))
	kindOf(t, errs.Conflict, w.Transfer(ctx, w.ws, handoff.Transfer{Conversation: had, From: b, Agent: a, ClientID: uuid.New()}))
	require.Equal(t, 1, w.assign())
	require.Equal(t, b, w.get(had).AgentID)
	w.sound()
}

package chat_test

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"handrail/internal/chat"
	"handrail/internal/errs"
	"handrail/internal/events"
)

func TestLegalTransitions(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	agent := w.user()
	legal := map[chat.State][]chat.State{
		chat.StateBot:    {chat.StateQueued, chat.StateClosed},
		chat.StateQueued: {chat.StateHuman, chat.StateBot, chat.StateClosed},
		chat.StateHuman:  {chat.StateQueued, chat.StateBot, chat.StateClosed},
		chat.StateClosed: {chat.StateBot},
	}
	path := map[chat.State][]chat.State{
		chat.StateBot: {}, chat.StateQueued: {chat.StateQueued}, chat.StateClosed: {chat.StateClosed},
		chat.StateHuman: {chat.StateQueued, chat.StateHuman},
	}
	agentIn := func(s chat.State) int64 {
		if s == chat.StateHuman {
			return agent
		}
		return 0
	}
	for from := range path {
		for to := range path {
			c := w.conversation()
			for _, s := range path[from] {
				require.NoError(t, w.become(c.ID, s, agentIn(s)))
			}
			before := w.get(c.ID)
			err := w.become(c.ID, to, agentIn(to))
			after := w.get(c.ID)
			switch {
			case from == to:
				require.NoError(t, err)
				require.Equal(t, before, after)
			case slices.Contains(legal[from], to):
				require.NoError(t, err, "%s -> %s", from, to)
				require.Equal(t, to, after.State)
				require.Equal(t, before.Epoch+1, after.Epoch)
				require.Equal(t, to == chat.StateClosed, after.ClosedAt != nil)
			default:
				kindOf(t, errs.Conflict, err)
				require.Equal(t, before, after)
			}
		}
	}
}

func TestFailedDecisionLeavesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.conversation()
	before := w.get(c.ID)
	boom := errors.New("boom")
	_, err := w.Decide(t.Context(), w.ws, c.ID, func(tx pgx.Tx, c *chat.Conversation) ([]chat.Entry, error) {
		c.State = chat.StateQueued
		_, err := tx.Exec(t.Context(), `UPDATE contacts SET timezone = 'changed'`)
		require.NoError(t, err)
		return []chat.Entry{chat.HandoffEntry("anger")}, boom
	})
	require.ErrorIs(t, err, boom)
	require.Equal(t, before, w.get(c.ID))

	_, err = w.Decide(t.Context(), w.ws, uuid.New(), func(pgx.Tx, *chat.Conversation) ([]chat.Entry, error) {
		t.Error("called for an unknown conversation")
		return nil, nil
	})
	kindOf(t, errs.NotFound, err)
}

func TestOldEpochIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.conversation()
	bot := chat.Entry{ClientID: uuid.New(), Sender: chat.Sender{Kind: chat.Bot}, Body: "late", Epoch: c.Epoch}
	require.NoError(t, w.become(c.ID, chat.StateQueued, 0))
	_, err := w.Append(t.Context(), w.ws, c.ID, bot)
	kindOf(t, errs.Conflict, err)
	bot.Epoch = w.get(c.ID).Epoch
	m, err := w.Append(t.Context(), w.ws, c.ID, bot)
	require.NoError(t, err)
	require.Equal(t, bot.Epoch, m.Epoch)
}

func TestVisitorReopensClosedConversation(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.conversation()
	_, err := w.Decide(t.Context(), w.ws, c.ID, func(_ pgx.Tx, c *chat.Conversation) ([]chat.Entry, error) {
		c.State, c.CSAT = chat.StateClosed, 4
		return nil, nil
	})
	require.NoError(t, err)
	closed := w.get(c.ID)
	require.Equal(t, 4, closed.CSAT)

	m := w.send(c.ID, "one more thing")
	open := w.get(c.ID)
	require.Equal(t, chat.StateBot, open.State)
	require.Equal(t, closed.Epoch+1, open.Epoch)
	require.Equal(t, m.Seq, open.TurnDue)
	require.Zero(t, open.CSAT)
	require.Nil(t, open.ClosedAt)
	turn, err := w.ClaimTurnOf(t.Context(), w.ws, c.ID, "node", time.Minute)
	require.NoError(t, err)
	require.Equal(t, &chat.Turn{Workspace: w.ws, Conversation: c.ID, Seq: m.Seq, Epoch: open.Epoch, Attempt: 1}, turn)
}

func answer(body string) chat.Decision {
	return func(pgx.Tx, *chat.Conversation) ([]chat.Entry, error) {
		return []chat.Entry{{Sender: chat.Sender{Kind: chat.Bot}, Body: body}}, nil
	}
}

func TestDueTurnSurvivesItsNodeAndIsAnsweredOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	other := w.node(w.open(), nil)
	c := w.conversation()
	w.send(c.ID, "where is my parcel?")

	first, err := w.ClaimTurn(t.Context(), "one", time.Minute)
	require.NoError(t, err)
	require.NotNil(t, first)
	none, err := other.ClaimTurn(t.Context(), "two", time.Minute)
	require.NoError(t, err)
	require.Nil(t, none, "leased turns are left alone")

	w.exec(func(tx pgx.Tx) error {
		_, err := tx.Exec(t.Context(), `UPDATE due_turns SET lease_until = now() - interval '1 second'`)
		return err
	})
	second, err := other.ClaimTurn(t.Context(), "two", time.Minute)
	require.NoError(t, err)
	require.Equal(t, 2, second.Attempt)
	kindOf(t, errs.Conflict, w.RenewTurn(t.Context(), *first, time.Minute))
	require.NoError(t, other.RenewTurn(t.Context(), *second, time.Minute))

	var answered atomic.Int32
	var workers sync.WaitGroup
	for i, turn := range []*chat.Turn{first, second} {
		workers.Go(func() {
			if _, err := []*chat.Log{w.Log, other}[i].FinishTurn(t.Context(), *turn, answer("tomorrow")); err == nil {
				answered.Add(1)
			} else if !errs.Is(err, errs.Conflict) {
				t.Error(err)
			}
		})
	}
	workers.Wait()
	require.EqualValues(t, 1, answered.Load())
	require.Len(t, all(t, w.Log, w.ws, c.ID), 2)
	require.Zero(t, w.get(c.ID).TurnDue)
	none, err = w.ClaimTurn(t.Context(), "one", time.Minute)
	require.NoError(t, err)
	require.Nil(t, none)
}

func TestNewerMessageOrTakeoverEndsTheTurn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.conversation()
	w.send(c.ID, "hello")
	old, err := w.ClaimTurnOf(t.Context(), w.ws, c.ID, "one", time.Minute)
	require.NoError(t, err)
	newer := w.send(c.ID, "and another thing")
	kindOf(t, errs.Conflict, w.RenewTurn(t.Context(), *old, time.Minute))
	_, err = w.FinishTurn(t.Context(), *old, answer("too late"))
	kindOf(t, errs.Conflict, err)

	turn, err := w.ClaimTurnOf(t.Context(), w.ws, c.ID, "two", time.Minute)
	require.NoError(t, err)
	require.Equal(t, newer.Seq, turn.Seq)
	require.NoError(t, w.become(c.ID, chat.StateQueued, 0))
	_, err = w.FinishTurn(t.Context(), *turn, answer("too late"))
	kindOf(t, errs.Conflict, err)
	none, err := w.ClaimTurn(t.Context(), "two", time.Minute)
	require.NoError(t, err)
	require.Nil(t, none)
	require.Len(t, all(t, w.Log, w.ws, c.ID), 2)
}

func TestHintFollowsTheCommit(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	bus, err := events.Open(t.Context(), events.Config{})
	require.NoError(t, err)
	t.Cleanup(bus.Close)
	l := w.node(w.db, bus)
	c := w.conversation()
	heard := make(chan string, 10)
	for _, subject := range []string{chat.HintSubject(c.ID), "turn.due", "desk.*"} {
		_, err := bus.Subscribe(subject, func(subject string, data []byte) {
			if subject == chat.HintSubject(c.ID) {
				var h chat.Hint
				if json.Unmarshal(data, &h) != nil || h.Conversation != c.ID || w.get(c.ID).LastSeq < h.LastSeq {
					t.Errorf("hint %s before its commit", data)
				}
			}
			heard <- subject
		})
		require.NoError(t, err)
	}
	_, err = l.Append(t.Context(), w.ws, c.ID, w.visitor("hello"))
	require.NoError(t, err)
	require.ElementsMatch(t, []string{chat.HintSubject(c.ID), "turn.due"}, []string{<-heard, <-heard})
	_, err = l.Decide(t.Context(), w.ws, c.ID, func(_ pgx.Tx, c *chat.Conversation) ([]chat.Entry, error) {
		c.State = chat.StateQueued
		return nil, nil
	})
	require.NoError(t, err)
	require.ElementsMatch(t, []string{chat.HintSubject(c.ID), "desk." + w.ws.String()}, []string{<-heard, <-heard})
}

func TestContactsAndLists(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	found, err := w.Visit(t.Context(), hashOf("hash"))
	require.NoError(t, err)
	require.Equal(t, chat.Visit{Workspace: w.ws, Contact: w.contact}, found)
	_, err = w.Visit(t.Context(), hashOf("other"))
	kindOf(t, errs.NotFound, err)
	_, err = w.LatestConversation(t.Context(), w.ws, w.contact.ID)
	kindOf(t, errs.NotFound, err)
	_, err = w.StartConversation(t.Context(), w.ws, chat.NewConversation{Contact: uuid.New()})
	kindOf(t, errs.NotFound, err)

	a, b := w.conversation(), w.conversation()
	w.send(a.ID, "the first")
	w.send(a.ID, "the latest")
	require.NoError(t, w.become(a.ID, chat.StateQueued, 0))
	latest, err := w.LatestConversation(t.Context(), w.ws, w.contact.ID)
	require.NoError(t, err)
	require.Equal(t, b.ID, latest.ID)
	list, err := w.Conversations(t.Context(), w.ws, chat.Filter{States: []chat.State{chat.StateQueued}})
	require.NoError(t, err)
	require.Len(t, list, 1)
	require.Equal(t, "the latest", list[0].Preview)
	require.Equal(t, "Ada", list[0].ContactName)
	list, err = w.Conversations(t.Context(), w.ws, chat.Filter{})
	require.NoError(t, err)
	require.Len(t, list, 2)
	seqs, err := w.LastSeqs(t.Context(), w.ws, []uuid.UUID{a.ID, b.ID, uuid.New()})
	require.NoError(t, err)
	require.Equal(t, map[uuid.UUID]int64{a.ID: 2, b.ID: 0}, seqs)
	last, err := w.ReadLast(t.Context(), w.ws, a.ID, 1)
	require.NoError(t, err)
	require.Equal(t, "the latest", last[0].Body)
}

func TestStopLeavesNoGoroutine(t *testing.T) {
	w := newWorld(t)
	c := w.conversation()
	before := goleak.IgnoreCurrent()
	l := chat.NewLog(w.db, nil, chat.Config{})
	l.Start(t.Context())
	var senders sync.WaitGroup
	for range 20 {
		senders.Go(func() { _, _ = l.Append(context.Background(), w.ws, c.ID, w.visitor("x")) })
	}
	senders.Wait()
	l.Stop()
	goleak.VerifyNone(t, before, goleak.IgnoreAnyFunction("github.com/jackc/pgx/v5/pgxpool.(*Pool).backgroundHealthCheck"))
}

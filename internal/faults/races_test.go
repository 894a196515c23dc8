package faults_test

import (
	"context"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"handrail/handoff"
	"handrail/internal/chat"
	"handrail/internal/errs"
	"handrail/internal/events"
	"handrail/internal/postgres"
	"handrail/internal/postgres/pgtest"
)

// TestF9RacingAssignments lets assigners, hands, returns and the reaper fight over conversations on two nodes, and
// looks at the invariants while they do.
func TestF9RacingAssignments(t *testing.T) {
	parallel(t)
	r := newRace(t)
	const automatic, byHand = 16, 50
	conversations := times(60, 1000)
	r.queue(conversations)
	r.hire(20, 10)
	wanted := int64(times(300, 20_000))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var racing sync.WaitGroup
	race := func(n int, act func(*handoff.Desk) error) {
		for i := range n {
			racing.Go(func() {
				for ctx.Err() == nil && !t.Failed() {
					if err := act(r.desks[i%2]); err != nil && !expected(err) && ctx.Err() == nil {
						t.Error(err)
					}
				}
			})
		}
	}
	race(automatic, func(d *handoff.Desk) error {
		n, err := d.Assign(ctx, r.ws)
		r.given.Add(int64(n))
		return err
	})
	race(byHand/2, func(d *handoff.Desk) error {
		err := d.Claim(ctx, r.ws, r.anyConversation(), r.anyAgent())
		if err == nil {
			r.given.Add(1)
		}
		return err
	})
	race(byHand/2, func(d *handoff.Desk) error { return r.requeue(ctx, d) })
	race(1, func(*handoff.Desk) error { return r.inspect(ctx) })
	for r.given.Load() < wanted && !t.Failed() {
		require.NoError(t, r.inspect(t.Context()))
	}
	cancel()
	racing.Wait()
	require.NoError(t, r.inspect(t.Context()))
	shared.report.Count("F9", "assignments in a race of 66", int(r.given.Load()), "")
	shared.report.Count("F9", "inspections of the invariants meanwhile", int(r.inspected.Load()), "")
	shared.report.Count("F9", "conversations with two agents, agents over capacity", int(r.broken.Load()), "0")
	require.Zero(t, r.broken.Load())
}

// expected are the errors of those who come too late.
func expected(err error) bool {
	return errs.Is(err, errs.Conflict) || errs.Is(err, errs.Unavailable) || errs.Is(err, errs.NotFound)
}

type race struct {
	t                        *testing.T
	db                       *postgres.DB
	ws                       uuid.UUID
	log                      *chat.Log
	desks                    []*handoff.Desk
	conversations            []uuid.UUID
	agents                   []int64
	given, inspected, broken atomic.Int64
}

// newRace makes two nodes on one database, as processes would be.
func newRace(t *testing.T) *race {
	url := pgtest.URL(t)
	r := &race{t: t}
	for range 2 {
		db, err := postgres.Open(t.Context(), postgres.Config{URL: url, MaxConns: 12, AllowUnsafe: true})
		require.NoError(t, err)
		t.Cleanup(db.Close)
		bus, err := events.Open(t.Context(), events.Config{})
		require.NoError(t, err)
		t.Cleanup(bus.Close)
		log := chat.NewLog(db, bus, chat.Config{})
		log.Start(context.WithoutCancel(t.Context()))
		t.Cleanup(log.Stop)
		r.db, r.log = db, log
		r.desks = append(r.desks, handoff.New(db, log, bus, handoff.Config{}))
	}
	r.ws = pgtest.Workspace(t, r.db)
	return r
}

func (r *race) queue(n int) {
	t := r.t
	contact, err := r.log.CreateContact(t.Context(), r.ws, chat.Contact{Lang: "en"}, []byte("token"))
	require.NoError(t, err)
	for range n {
		c, err := r.log.StartConversation(t.Context(), r.ws, chat.NewConversation{Contact: contact.ID, Lang: "en"})
		require.NoError(t, err)
		require.NoError(t, r.enqueue(t.Context(), r.desks[0], c.ID))
		r.conversations = append(r.conversations, c.ID)
	}
}

func (r *race) enqueue(ctx context.Context, d *handoff.Desk, id uuid.UUID) error {
	_, err := r.log.Decide(ctx, r.ws, id, func(tx pgx.Tx, c *chat.Conversation) ([]chat.Entry, error) {
		if c.State != chat.StateBot {
			return nil, errs.New(errs.Conflict, "it is not with the bot")
		}
		return []chat.Entry{chat.HandoffEntry("no_answer")}, d.Enqueue(ctx, tx, c, chat.Handoff{Reason: "no_answer"})
	})
	return err
}

func (r *race) hire(n, capacity int) {
	for range n {
		var id int64
		require.NoError(r.t, r.db.InTx(r.t.Context(), r.ws, func(tx pgx.Tx) error {
			return tx.QueryRow(r.t.Context(), `
				INSERT INTO users (workspace_id, email, name, role, password_hash)
				VALUES ($1, $2, 'Agent', 'agent', '-') RETURNING id`, r.ws, uuid.NewString()).Scan(&id)
		}))
		require.NoError(r.t, r.desks[0].SetStatus(r.t.Context(), r.ws, id, handoff.Online))
		require.NoError(r.t, r.desks[0].SetCapacity(r.t.Context(), r.ws, id, capacity))
		r.agents = append(r.agents, id)
	}
}

func (r *race) anyConversation() uuid.UUID { return r.conversations[rand.IntN(len(r.conversations))] }
func (r *race) anyAgent() int64            { return r.agents[rand.IntN(len(r.agents))] }

// requeue takes any conversation away: its agent gives it back to the bot, which calls for people again, or the agent
// dies and the reaper comes.
func (r *race) requeue(ctx context.Context, d *handoff.Desk) error {
	if rand.IntN(50) == 0 {
		agent := r.anyAgent()
		err := r.db.InTx(ctx, r.ws, func(tx pgx.Tx) error {
			_, err := tx.Exec(ctx, `UPDATE agents SET lease_until = now() WHERE workspace_id = $1 AND user_id = $2`, r.ws, agent)
			return err
		})
		if err != nil {
			return err
		}
		if _, err = d.Reap(ctx, r.ws); err != nil {
			return err
		}
		return d.SetStatus(ctx, r.ws, agent, handoff.Online)
	}
	id := r.anyConversation()
	c, err := r.log.Conversation(ctx, r.ws, id)
	if err != nil || c.State != chat.StateHuman {
		return err
	}
	if err := d.Return(ctx, r.ws, id, c.AgentID, uuid.New()); err != nil {
		return err
	}
	return r.enqueue(ctx, d, id)
}

// inspect counts what must never be, as one snapshot shows it.
func (r *race) inspect(ctx context.Context) error {
	r.inspected.Add(1)
	return r.db.InTx(ctx, r.ws, func(tx pgx.Tx) error {
		var broken int64
		err := tx.QueryRow(ctx, `
			SELECT (SELECT count(*) FROM (SELECT FROM assignments WHERE ended_at IS NULL GROUP BY conversation_id HAVING count(*) > 1) twice)
			     + (SELECT count(*) FROM agents a WHERE load > capacity OR load <>
			        (SELECT count(*) FROM assignments s WHERE s.workspace_id = a.workspace_id AND s.agent_id = a.user_id AND ended_at IS NULL))
			     + (SELECT count(*) FROM conversations c WHERE (state = 'human') <> EXISTS (
			        SELECT FROM assignments s WHERE s.workspace_id = c.workspace_id AND s.conversation_id = c.id
			               AND s.agent_id = c.agent_id AND ended_at IS NULL))`).Scan(&broken)
		r.broken.Add(broken)
		return err
	})
}

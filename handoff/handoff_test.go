package handoff_test

import (
	"encoding/json"
	"testing"
	"time"

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

// world is a database with a workspace, a contact and a desk.
type world struct {
	t       testing.TB
	url     string
	db      *postgres.DB
	bus     *events.Bus
	log     *chat.Log
	ws      uuid.UUID
	contact uuid.UUID
	*handoff.Desk
}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{t: t, url: pgtest.URL(t)}
	var err error
	w.bus, err = events.Open(t.Context(), events.Config{})
	require.NoError(t, err)
	t.Cleanup(w.bus.Close)
	w.db, w.log, w.Desk = w.node()
	w.ws = pgtest.Workspace(t, w.db)
	c, err := w.log.CreateContact(t.Context(), w.ws, chat.Contact{Name: "Ada", Lang: "en"}, nil)
	require.NoError(t, err)
	w.contact = c.ID
	return w
}

// node opens the database once more, as another node does.
func (w *world) node() (*postgres.DB, *chat.Log, *handoff.Desk) {
	db, err := postgres.Open(w.t.Context(), postgres.Config{URL: w.url, MaxConns: 8, AllowUnsafe: true})
	require.NoError(w.t, err)
	w.t.Cleanup(db.Close)
	l := chat.NewLog(db, w.bus, chat.Config{})
	l.Start(w.t.Context())
	w.t.Cleanup(l.Stop)
	return db, l, handoff.New(db, l, w.bus, handoff.Config{})
}

func (w *world) exec(sql string, args ...any) {
	w.t.Helper()
	require.NoError(w.t, w.db.InTx(w.t.Context(), w.ws, func(tx pgx.Tx) error {
		_, err := tx.Exec(w.t.Context(), sql, args...)
		return err
	}))
}

// query reads one row.
func query[T any](w *world, sql string, args ...any) (v T) {
	w.t.Helper()
	require.NoError(w.t, w.db.InTx(w.t.Context(), w.ws, func(tx pgx.Tx) error {
		return tx.QueryRow(w.t.Context(), sql, args...).Scan(&v)
	}))
	return v
}

// user makes a member of staff.
func (w *world) user(name, role string) int64 {
	return query[int64](w, `
		INSERT INTO users (workspace_id, email, name, role, password_hash) VALUES ($1, $2, $3, $4, '-') RETURNING id`,
		w.ws, uuid.NewString(), name, role)
}

// agent makes an agent who is online.
func (w *world) agent(name string) int64 {
	id := w.user(name, "agent")
	require.NoError(w.t, w.SetStatus(w.t.Context(), w.ws, id, handoff.Online))
	return id
}

// conversation makes one with the bot.
func (w *world) conversation() uuid.UUID {
	c, err := w.log.StartConversation(w.t.Context(), w.ws, chat.NewConversation{Contact: w.contact, Lang: "en"})
	require.NoError(w.t, err)
	return c.ID
}

func (w *world) enqueue(id uuid.UUID, h chat.Handoff) error {
	_, err := w.log.Decide(w.t.Context(), w.ws, id, func(tx pgx.Tx, c *chat.Conversation) ([]chat.Entry, error) {
		if err := w.Enqueue(w.t.Context(), tx, c, h); err != nil {
			return nil, err
		}
		return []chat.Entry{chat.HandoffEntry(h.Reason)}, nil
	})
	return err
}

// queued makes a conversation that waits for a person.
func (w *world) queued(priority int) uuid.UUID {
	id := w.conversation()
	require.NoError(w.t, w.enqueue(id, chat.Handoff{Reason: "no_answer", Priority: priority}))
	return id
}

func (w *world) get(id uuid.UUID) chat.Conversation {
	c, err := w.log.Conversation(w.t.Context(), w.ws, id)
	require.NoError(w.t, err)
	return c
}

// kinds lists the kinds of a conversation's entries.
func (w *world) kinds(id uuid.UUID) (kinds []chat.Kind) {
	list, err := w.log.Read(w.t.Context(), w.ws, id, 0, 0)
	require.NoError(w.t, err)
	for _, m := range list {
		kinds = append(kinds, m.Kind)
	}
	return kinds
}

func (w *world) load(agent int64) int {
	p, err := w.Presence(w.t.Context(), w.ws, agent)
	require.NoError(w.t, err)
	return p.Load
}

func (w *world) waiting() (ids []uuid.UUID) {
	list, err := w.Queue(w.t.Context(), w.ws)
	require.NoError(w.t, err)
	for _, q := range list {
		ids = append(ids, q.Conversation)
	}
	return ids
}

func kindOf(t testing.TB, want errs.Kind, err error) {
	t.Helper()
	require.Error(t, err)
	require.Equal(t, want, errs.KindOf(err), "%v", err)
}

func TestHandoffKeepsTheEvidence(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.conversation()
	before := w.get(id)
	h := chat.Handoff{Reason: "low_confidence", Summary: "asks for a refund", Group: "billing", Intent: "refund",
		Lang: "en", Confidence: 0.31, Priority: 2, Entities: json.RawMessage(`[{"kind": "email"}]`),
		Passages: json.RawMessage(`[{"title": "Refunds"}]`), TurnSeq: 3}
	require.NoError(t, w.enqueue(id, h))
	c := w.get(id)
	require.Equal(t, chat.StateQueued, c.State)
	require.Equal(t, before.Epoch+1, c.Epoch)
	require.Equal(t, 2, c.Priority)
	kindOf(t, errs.Conflict, w.enqueue(id, h))

	agent := w.agent("Grace")
	n, err := w.Assign(t.Context(), w.ws)
	require.NoError(t, err)
	require.Equal(t, 1, n)
	c = w.get(id)
	require.Equal(t, chat.StateHuman, c.State)
	require.Equal(t, agent, c.AgentID)
	records, err := w.Handoffs(t.Context(), w.ws, id)
	require.NoError(t, err)
	require.Len(t, records, 1)
	require.Equal(t, h, records[0].Handoff)
	require.Equal(t, "Grace", records[0].AgentName)
	require.NotNil(t, records[0].AssignedAt)
	require.Nil(t, records[0].EndedAt)
	list, err := w.log.Read(t.Context(), w.ws, id, 0, 0)
	require.NoError(t, err)
	require.Equal(t, []chat.Kind{chat.KindHandoff, chat.KindAssigned}, w.kinds(id))
	require.JSONEq(t, `{"reason": "low_confidence"}`, string(list[0].Data))
	var assigned struct {
		AgentID int64 `json:"agent_id"`
		Name    string
	}
	require.NoError(t, json.Unmarshal(list[1].Data, &assigned))
	require.Equal(t, agent, assigned.AgentID)
	require.Equal(t, "Grace", assigned.Name)
}

func TestQueueIsServedByPriorityThenAge(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	low, first, second, high := w.queued(0), w.queued(1), w.queued(1), w.queued(2)
	order := []uuid.UUID{high, first, second, low}
	require.Equal(t, order, w.waiting())
	for i, id := range order {
		p, err := w.Position(t.Context(), w.ws, id)
		require.NoError(t, err)
		require.Equal(t, handoff.Place{Position: i + 1, Closed: true}, p, "nobody is on duty")
	}
	p, err := w.Position(t.Context(), w.ws, w.conversation())
	require.NoError(t, err)
	require.Zero(t, p.Position)

	agent := w.agent("Grace")
	require.NoError(t, w.SetCapacity(t.Context(), w.ws, agent, 1))
	for i, id := range order {
		w.exec(`UPDATE handoffs SET waiting_since = now() - interval '40 seconds' WHERE waiting_since IS NOT NULL`)
		n, err := w.Assign(t.Context(), w.ws)
		require.NoError(t, err)
		require.Equal(t, 1, n)
		require.Equal(t, agent, w.get(id).AgentID, "number %d", i)
		require.NoError(t, w.Close(t.Context(), w.ws, id, agent, uuid.New()))
	}
}

func TestLeastLoadThenLongestIdleGetsTheNext(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a, b, c := w.agent("A"), w.agent("B"), w.agent("C")
	w.exec(`UPDATE agents SET idle_since = now() - interval '1 hour' WHERE user_id = $1`, b)
	w.exec(`UPDATE agents SET idle_since = now() - interval '1 minute' WHERE user_id = $1`, c)
	away := w.agent("Away")
	require.NoError(t, w.SetStatus(t.Context(), w.ws, away, handoff.Away))
	gone := w.agent("Gone")
	w.exec(`UPDATE agents SET lease_until = now() WHERE user_id = $1`, gone)
	for i, want := range []int64{b, c, a, b, c, a} {
		id := w.queued(0)
		_, err := w.Assign(t.Context(), w.ws)
		require.NoError(t, err)
		require.Equal(t, want, w.get(id).AgentID, "number %d", i)
	}
}

func TestClaimByHand(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first, second := w.queued(5), w.queued(0)
	agent, other := w.agent("Grace"), w.agent("Linus")
	require.NoError(t, w.Claim(t.Context(), w.ws, second, agent))
	require.NoError(t, w.Claim(t.Context(), w.ws, second, agent), "again is no error")
	kindOf(t, errs.Conflict, w.Claim(t.Context(), w.ws, second, other))
	require.Equal(t, 1, w.load(agent))
	require.Equal(t, []uuid.UUID{first}, w.waiting())

	require.NoError(t, w.SetCapacity(t.Context(), w.ws, agent, 1))
	kindOf(t, errs.Conflict, w.Claim(t.Context(), w.ws, first, agent))
	require.NoError(t, w.SetStatus(t.Context(), w.ws, other, handoff.Offline))
	kindOf(t, errs.Conflict, w.Claim(t.Context(), w.ws, first, other))
	kindOf(t, errs.Conflict, w.Claim(t.Context(), w.ws, first, w.user("New", "agent")))
	kindOf(t, errs.NotFound, w.Claim(t.Context(), w.ws, uuid.New(), agent))
}

func TestReturnGivesBackToTheBot(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.queued(0)
	agent, other := w.agent("Grace"), w.agent("Linus")
	require.NoError(t, w.Claim(t.Context(), w.ws, id, agent))
	kindOf(t, errs.Conflict, w.Return(t.Context(), w.ws, id, other, uuid.New()))
	before, client := w.get(id), uuid.New()
	require.NoError(t, w.Return(t.Context(), w.ws, id, agent, client))
	require.NoError(t, w.Return(t.Context(), w.ws, id, agent, client), "again is no error")
	kindOf(t, errs.Conflict, w.Return(t.Context(), w.ws, id, agent, uuid.New()))
	c := w.get(id)
	require.Equal(t, chat.StateBot, c.State)
	require.Zero(t, c.AgentID)
	require.Equal(t, before.Epoch+1, c.Epoch)
	require.Zero(t, w.load(agent))
	require.Equal(t, []chat.Kind{chat.KindHandoff, chat.KindAssigned, chat.KindReturned}, w.kinds(id))
	require.NoError(t, w.enqueue(id, chat.Handoff{Reason: "anger"}), "it may be handed off again")
	require.NoError(t, w.Return(t.Context(), w.ws, id, other, uuid.New()), "from the queue")
	records, err := w.Handoffs(t.Context(), w.ws, id)
	require.NoError(t, err)
	require.Len(t, records, 2)
	require.NotNil(t, records[0].EndedAt)
	require.NotNil(t, records[1].EndedAt)
}

func TestCloseThenRateOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.queued(0)
	agent := w.agent("Grace")
	require.NoError(t, w.Claim(t.Context(), w.ws, id, agent))
	kindOf(t, errs.Conflict, w.Rate(t.Context(), w.ws, id, w.contact, 5, "", uuid.New()))
	client := uuid.New()
	require.NoError(t, w.Close(t.Context(), w.ws, id, agent, client))
	require.NoError(t, w.Close(t.Context(), w.ws, id, agent, client), "again is no error")
	kindOf(t, errs.Conflict, w.Close(t.Context(), w.ws, id, agent, uuid.New()))
	require.Equal(t, chat.StateClosed, w.get(id).State)
	require.Zero(t, w.load(agent))

	kindOf(t, errs.Invalid, w.Rate(t.Context(), w.ws, id, w.contact, 6, "", uuid.New()))
	kindOf(t, errs.Invalid, w.Rate(t.Context(), w.ws, id, w.contact, 0, "", uuid.New()))
	kindOf(t, errs.NotFound, w.Rate(t.Context(), w.ws, id, uuid.New(), 5, "", uuid.New()))
	rating := uuid.New()
	require.NoError(t, w.Rate(t.Context(), w.ws, id, w.contact, 4, "quick", rating))
	require.NoError(t, w.Rate(t.Context(), w.ws, id, w.contact, 4, "quick", rating), "again is no error")
	kindOf(t, errs.Conflict, w.Rate(t.Context(), w.ws, id, w.contact, 1, "", uuid.New()))
	require.Equal(t, 4, w.get(id).CSAT)
	require.Equal(t, []chat.Kind{chat.KindHandoff, chat.KindAssigned, chat.KindClosed, chat.KindCSATRequest,
		chat.KindCSAT}, w.kinds(id))

	_, err := w.log.Append(t.Context(), w.ws, id, chat.Entry{ClientID: uuid.New(), Body: "hello again", Epoch: -1,
		Sender: chat.Sender{Kind: chat.Visitor, ID: w.contact.String()}})
	require.NoError(t, err)
	require.NoError(t, w.Close(t.Context(), w.ws, id, agent, uuid.New()), "with the bot, any agent may close")
	require.NoError(t, w.Rate(t.Context(), w.ws, id, w.contact, 2, "", uuid.New()), "once per close")
}

func TestPresenceIsALease(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	agent, clerk := w.agent("Grace"), w.user("Clerk", "quality_inspector")
	p, err := w.Presence(t.Context(), w.ws, agent)
	require.NoError(t, err)
	require.Equal(t, handoff.Presence{AgentID: agent, Name: "Grace", Role: "agent", Status: "online", Capacity: 5}, p)
	w.exec(`UPDATE agents SET lease_until = now()`)
	p, err = w.Presence(t.Context(), w.ws, agent)
	require.NoError(t, err)
	require.Equal(t, "offline", p.Status)
	require.NoError(t, w.Renew(t.Context(), w.ws, agent))
	p, err = w.Presence(t.Context(), w.ws, agent)
	require.NoError(t, err)
	require.Equal(t, "online", p.Status)
	left := query[time.Duration](w, `SELECT lease_until - now() FROM agents`)
	require.InDelta(t, 30, left.Seconds(), 5)

	require.NoError(t, w.SetStatus(t.Context(), w.ws, agent, handoff.Offline))
	kindOf(t, errs.Conflict, w.Renew(t.Context(), w.ws, agent))
	kindOf(t, errs.Invalid, w.SetStatus(t.Context(), w.ws, agent, "asleep"))
	kindOf(t, errs.Forbidden, w.SetStatus(t.Context(), w.ws, clerk, handoff.Online))
	_, err = w.Presence(t.Context(), w.ws, clerk)
	kindOf(t, errs.NotFound, err)
	list, err := w.Presences(t.Context(), w.ws)
	require.NoError(t, err)
	require.Len(t, list, 1)
}

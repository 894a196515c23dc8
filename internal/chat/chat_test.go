package chat_test

import (
	"context"
	"crypto/sha256"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"handrail/internal/chat"
	"handrail/internal/errs"
	"handrail/internal/events"
	"handrail/internal/postgres"
	"handrail/internal/postgres/pgtest"
)

// world is a database with a workspace, a contact, and as many nodes as a test asks for.
type world struct {
	t       testing.TB
	url     string
	db      *postgres.DB
	ws      uuid.UUID
	contact chat.Contact
	*chat.Log
}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{t: t, url: pgtest.URL(t)}
	w.db = w.open()
	w.ws = pgtest.Workspace(t, w.db)
	w.Log = w.node(w.db, nil)
	var err error
	w.contact, err = w.CreateContact(t.Context(), w.ws, chat.Contact{Name: "Ada", Lang: "en"}, hashOf("hash"))
	require.NoError(t, err)
	return w
}

func (w *world) open() *postgres.DB {
	db, err := postgres.Open(w.t.Context(), postgres.Config{URL: w.url, MaxConns: 8, AllowUnsafe: true})
	require.NoError(w.t, err)
	w.t.Cleanup(db.Close)
	return db
}

func (w *world) node(db *postgres.DB, bus *events.Bus) *chat.Log {
	l := chat.NewLog(db, bus, chat.Config{})
	l.Start(w.t.Context())
	w.t.Cleanup(l.Stop)
	return l
}

func (w *world) conversation() chat.Conversation {
	c, err := w.StartConversation(w.t.Context(), w.ws, chat.NewConversation{Contact: w.contact.ID, Lang: "en"})
	require.NoError(w.t, err)
	return c
}

func (w *world) get(id uuid.UUID) chat.Conversation {
	c, err := w.Conversation(w.t.Context(), w.ws, id)
	require.NoError(w.t, err)
	return c
}

// user makes a member of staff.
func (w *world) user() (id int64) {
	w.exec(func(tx pgx.Tx) error {
		return tx.QueryRow(w.t.Context(), `
			INSERT INTO users (workspace_id, email, name, role, password_hash)
			VALUES ($1, $2, 'Grace', 'agent', '-') RETURNING id`, w.ws, uuid.NewString()).Scan(&id)
	})
	return id
}

func (w *world) exec(fn func(tx pgx.Tx) error) {
	require.NoError(w.t, w.db.InTx(w.t.Context(), w.ws, fn))
}

func (w *world) send(c uuid.UUID, body string) chat.Message {
	m, err := w.Append(w.t.Context(), w.ws, c, w.visitor(body))
	require.NoError(w.t, err)
	return m
}

func (w *world) visitor(body string) chat.Entry {
	return chat.Entry{ClientID: uuid.New(), Body: body, Epoch: -1,
		Sender: chat.Sender{Kind: chat.Visitor, ID: w.contact.ID.String(), Name: "Ada"}}
}

// become moves a conversation to a state.
func (w *world) become(id uuid.UUID, s chat.State, agent int64) error {
	_, err := w.Decide(w.t.Context(), w.ws, id, func(_ pgx.Tx, c *chat.Conversation) ([]chat.Entry, error) {
		c.State, c.AgentID = s, agent
		return nil, nil
	})
	return err
}

func all(t testing.TB, l *chat.Log, ws, conversation uuid.UUID) []chat.Message {
	var list []chat.Message
	for {
		page, err := l.Read(t.Context(), ws, conversation, int64(len(list)), 0)
		require.NoError(t, err)
		if len(page) == 0 {
			return list
		}
		list = append(list, page...)
	}
}

func kindOf(t testing.TB, want errs.Kind, err error) {
	t.Helper()
	require.Error(t, err)
	require.Equal(t, want, errs.KindOf(err), "%v", err)
}

func TestAppendIsIdempotentOverNodes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.conversation()
	nodes := []*chat.Log{w.Log, w.node(w.open(), nil)}
	entries := make([]chat.Entry, 20)
	for i := range entries {
		entries[i] = w.visitor(fmt.Sprintf("question %d", i))
	}
	seqs := make([]int64, 1000)
	var senders sync.WaitGroup
	for i := range seqs {
		senders.Go(func() {
			m, err := nodes[i%2].Append(t.Context(), w.ws, c.ID, entries[i/2%len(entries)])
			if err != nil {
				t.Error(err)
			}
			seqs[i] = m.Seq
		})
	}
	senders.Wait()

	stored := all(t, w.Log, w.ws, c.ID)
	require.Len(t, stored, len(entries))
	for i, seq := range seqs {
		require.Equal(t, entries[i/2%len(entries)].ClientID, stored[seq-1].ClientID)
	}
}

func TestRepeatedSendReturnsTheStoredEntry(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.conversation()
	e := w.visitor("hello")
	e.Data = []byte(`{"choice":  "b"}`)
	first, err := w.Append(t.Context(), w.ws, c.ID, e)
	require.NoError(t, err)
	again, err := w.Append(t.Context(), w.ws, c.ID, e)
	require.NoError(t, err)
	require.True(t, first.At.Equal(again.At))
	again.At = first.At
	require.Equal(t, first, again)

	other := e
	other.Body = "something else"
	_, err = w.Append(t.Context(), w.ws, c.ID, other)
	kindOf(t, errs.Conflict, err)

	// The same id from another sender is another message.
	other.Sender = chat.Sender{Kind: chat.Agent, ID: "7"}
	m, err := w.Append(t.Context(), w.ws, c.ID, other)
	require.NoError(t, err)
	require.EqualValues(t, 2, m.Seq)
}

func TestNumbersHaveNoGapUnderConcurrentAppends(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	conversations := []chat.Conversation{w.conversation(), w.conversation(), w.conversation()}
	nodes := []*chat.Log{w.Log, w.node(w.open(), nil)}
	const each = 20
	var senders sync.WaitGroup
	for i := range 50 {
		senders.Go(func() {
			for n := range each {
				c := conversations[(i+n)%len(conversations)]
				if _, err := nodes[i%2].Append(t.Context(), w.ws, c.ID, w.visitor("x")); err != nil {
					t.Error(err)
				}
			}
		})
	}
	senders.Wait()

	total := 0
	for _, c := range conversations {
		list := all(t, w.Log, w.ws, c.ID)
		total += len(list)
		var last time.Time
		for i, m := range list {
			require.EqualValues(t, i+1, m.Seq)
			require.False(t, m.At.Before(last), "times do not decrease")
			last = m.At
		}
		require.EqualValues(t, len(list), w.get(c.ID).LastSeq)
	}
	require.Equal(t, 50*each, total)
}

func TestUnusableEntriesAreRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.conversation()
	long := make([]rune, chat.MaxBody)
	for i := range long {
		long[i] = '好'
	}
	w.send(c.ID, string(long))
	for name, change := range map[string]func(e *chat.Entry){
		"too long":     func(e *chat.Entry) { e.Body = string(long) + "!" },
		"not UTF-8":    func(e *chat.Entry) { e.Body = "a\xffb" },
		"NUL":          func(e *chat.Entry) { e.Body = "a\x00b" },
		"no client id": func(e *chat.Entry) { e.ClientID = uuid.Nil },
		"no sender":    func(e *chat.Entry) { e.Sender = chat.Sender{} },
		"bad data":     func(e *chat.Entry) { e.Data = []byte("{") },
	} {
		e := w.visitor("fine")
		change(&e)
		_, err := w.Append(t.Context(), w.ws, c.ID, e)
		require.Equal(t, errs.Invalid, errs.KindOf(err), name)
	}
	_, err := w.Append(t.Context(), w.ws, uuid.New(), w.visitor("hello"))
	kindOf(t, errs.NotFound, err)
	other := pgtest.Workspace(t, w.db)
	_, err = w.Append(t.Context(), other, c.ID, w.visitor("hello"))
	kindOf(t, errs.NotFound, err)
	require.EqualValues(t, 1, w.get(c.ID).LastSeq)
}

func TestGuiltyEntryFailsAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	conversations := make([]chat.Conversation, 40)
	for i := range conversations {
		conversations[i] = w.conversation()
	}
	var senders sync.WaitGroup
	for i, c := range conversations {
		senders.Go(func() {
			e := w.visitor("hello")
			if i == 20 {
				e.Sender.ID = "a\x00b" // PostgreSQL refuses it, and with it the whole statement
			}
			_, err := w.Append(t.Context(), w.ws, c.ID, e)
			if (err != nil) != (i == 20) {
				t.Errorf("entry %d: %v", i, err)
			}
		})
	}
	senders.Wait()
}

func TestLockedConversationDelaysNoOther(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	locked, free := w.conversation(), w.conversation()
	l := chat.NewLog(w.db, nil, chat.Config{Writers: 1})
	l.Start(t.Context())
	t.Cleanup(l.Stop)
	waiting := make(chan error, 3)
	_, err := w.Decide(t.Context(), w.ws, locked.ID, func(pgx.Tx, *chat.Conversation) ([]chat.Entry, error) {
		for range cap(waiting) {
			go func() {
				_, err := l.Append(context.WithoutCancel(t.Context()), w.ws, locked.ID, w.visitor("waits"))
				waiting <- err
			}()
		}
		require.Eventually(t, w.someoneWaits, time.Minute, time.Millisecond)
		// If the only writer were the one that waits, its lock timeout would fail the entry before this returns.
		_, err := l.Append(t.Context(), w.ws, free.ID, w.visitor("does not wait"))
		return nil, err
	})
	require.NoError(t, err)
	for range cap(waiting) {
		require.NoError(t, <-waiting)
	}
	require.EqualValues(t, 3, w.get(locked.ID).LastSeq)
}

// someoneWaits reports whether a session of this database waits for a lock.
func (w *world) someoneWaits() (yes bool) {
	w.exec(func(tx pgx.Tx) error {
		return tx.QueryRow(w.t.Context(), `
			SELECT EXISTS (SELECT FROM pg_locks JOIN pg_stat_activity a USING (pid)
			               WHERE NOT granted AND a.datname = current_database())`).Scan(&yes)
	})
	return yes
}

func TestStoppedLogRefuses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.conversation()
	w.Stop()
	_, err := w.Append(t.Context(), w.ws, c.ID, w.visitor("too late"))
	kindOf(t, errs.Unavailable, err)
}

// hashOf stands for a browser's token.
func hashOf(token string) []byte {
	sum := sha256.Sum256([]byte(token))
	return sum[:]
}

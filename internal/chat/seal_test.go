package chat_test

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"handrail/internal/chat"
	"handrail/internal/errs"
)

// set runs a statement as somebody would who holds the database but not the keys.
func (w *world) set(sql string, args ...any) {
	w.t.Helper()
	w.exec(func(tx pgx.Tx) error {
		tag, err := tx.Exec(w.t.Context(), sql, args...)
		require.EqualValues(w.t, 1, tag.RowsAffected())
		return err
	})
}

func TestAMovedRowIsRefused(t *testing.T) {
	t.Parallel()
	for name, move := range map[string]func(w *world, a, b uuid.UUID){
		"to another conversation of the contact": func(w *world, a, b uuid.UUID) {
			w.set(`UPDATE messages SET sealed = (SELECT sealed FROM messages WHERE conversation_id = $1 AND seq = 1)
			       WHERE conversation_id = $2 AND seq = 1`, a, b)
		},
		"to another number": func(w *world, a, b uuid.UUID) {
			w.set(`UPDATE messages SET sealed = (SELECT sealed FROM messages WHERE conversation_id = $1 AND seq = 2)
			       WHERE conversation_id = $1 AND seq = 1`, b)
		},
		"from another contact": func(w *world, a, b uuid.UUID) {
			other, err := w.CreateContact(w.t.Context(), w.ws, chat.Contact{Name: "Bo"}, nil)
			require.NoError(w.t, err)
			w.set(`UPDATE conversations SET contact_id = $1 WHERE id = $2`, other.ID, b)
		},
		"a plain row": func(w *world, a, b uuid.UUID) {
			w.set(`UPDATE messages SET sealed = handrail_plain('Ada', 'forged', NULL) WHERE conversation_id = $1 AND seq = 1`, b)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			a, b := w.conversation().ID, w.conversation().ID
			w.send(a, "in the first")
			w.send(b, "in the second")
			w.send(b, "again in the second")
			move(w, a, b)
			list, err := w.Read(t.Context(), w.ws, b, 0, 0)
			require.True(t, errs.Is(err, errs.Internal), "%v", err)
			require.ErrorContains(t, err, "refuse to open messages.sealed")
			require.NotContains(t, errs.Public(err), "messages.sealed")
			require.Nil(t, list)
			require.Len(t, all(t, w.Log, w.ws, a), 1, "other conversations are not concerned")
		})
	}
}

func TestErasedContact(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	other := w.node(w.open(), nil)
	w.contact.Email, w.contact.Phone, w.contact.Attributes = "ada@example.com", "+49 30 1", json.RawMessage(`{"vip":true}`)
	require.NoError(t, w.UpdateContact(t.Context(), w.ws, w.contact))
	got, err := other.Contact(t.Context(), w.ws, w.contact.ID)
	require.NoError(t, err)
	require.Equal(t, w.contact, got)
	c := w.conversation().ID
	first := w.visitor("my secret question")
	_, err = w.Append(t.Context(), w.ws, c, first)
	require.NoError(t, err)
	require.NoError(t, w.Index(t.Context(), w.ws, c))
	require.Len(t, all(t, other, w.ws, c), 1, "the other node has the key in memory")

	require.NoError(t, w.become(c, chat.StateQueued, 0))
	kindOf(t, errs.Conflict, w.EraseContact(t.Context(), w.ws, w.contact.ID, "user:1"))
	require.NoError(t, w.become(c, chat.StateClosed, 0))
	export, err := w.ExportContact(t.Context(), w.ws, w.contact.ID, "user:1")
	require.NoError(t, err)
	require.Equal(t, "my secret question", export.Conversations[0].Messages[0].Body)
	forgotten := 0
	forget := func(_ context.Context, _ pgx.Tx, _ uuid.UUID, ids []uuid.UUID) error {
		require.Equal(t, []uuid.UUID{c}, ids)
		forgotten++
		return nil
	}
	for range 2 {
		require.NoError(t, w.EraseContact(t.Context(), w.ws, w.contact.ID, "user:1", forget))
	}
	require.Equal(t, 1, forgotten, "erasing again does nothing")
	for _, l := range []*chat.Log{w.Log, other} {
		list := all(t, l, w.ws, c)
		require.Len(t, list, 1)
		require.Equal(t, chat.Message{Conversation: c, Seq: 1, Kind: chat.KindErased, Sender: chat.Sender{Kind: chat.Visitor},
			At: list[0].At}, list[0])
		got, err := l.Contact(t.Context(), w.ws, w.contact.ID)
		require.NoError(t, err)
		require.Equal(t, chat.Contact{ID: w.contact.ID, Lang: "en", Erased: true}, got)
		_, err = l.Append(t.Context(), w.ws, c, first)
		kindOf(t, errs.Conflict, err)
		_, err = l.StartConversation(t.Context(), w.ws, chat.NewConversation{Contact: w.contact.ID})
		kindOf(t, errs.Conflict, err)
		shown, err := l.Conversation(t.Context(), w.ws, c)
		require.NoError(t, err)
		require.True(t, shown.Erased)
		require.Equal(t, chat.StateClosed, shown.State)
		require.Empty(t, shown.ContactName)
		found, err := l.Conversations(t.Context(), w.ws, chat.Filter{Words: "secret question"})
		require.NoError(t, err)
		require.Empty(t, found)
		kindOf(t, errs.Conflict, l.UpdateContact(t.Context(), w.ws, w.contact))
	}
	_, err = w.Visit(t.Context(), hashOf("hash"))
	kindOf(t, errs.NotFound, err)
	w.exec(func(tx pgx.Tx) error {
		var actions []string
		var chunks int
		err := tx.QueryRow(t.Context(), `
			SELECT (SELECT array_agg(action || ' ' || actor ORDER BY id) FROM audit_log), (SELECT count(*) FROM search_chunks)`).
			Scan(&actions, &chunks)
		require.Equal(t, []string{"contact.export user:1", "contact.erase user:1"}, actions)
		require.Zero(t, chunks)
		return err
	})
	kindOf(t, errs.NotFound, w.EraseContact(t.Context(), w.ws, uuid.New(), "user:1"))
}

func TestSearchFindsMessagesThatHoldEveryWord(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	long, zh, split := w.conversation().ID, w.conversation().ID, w.conversation().ID
	for i := range 150 {
		w.send(long, fmt.Sprintf("filler number %d", i))
	}
	w.send(long, "Where are my shipped parcels?")
	w.send(zh, "我想申请退款，订单还没有发货")
	w.send(split, "parcels")
	w.send(split, "shipped")
	for _, c := range []uuid.UUID{long, zh, split} {
		require.NoError(t, w.Index(t.Context(), w.ws, c))
		require.NoError(t, w.Index(t.Context(), w.ws, c), "indexing again changes nothing")
	}
	for query, want := range map[string][]uuid.UUID{
		"parcel shipped": {long}, "SHIPPED the Parcels": {long}, "退款": {zh}, "发货 退款": {zh}, "款退": nil, "parcel 149": nil,
		"filler 149": {long}, "nothing": nil, "?!": nil, "parcels": {split, long},
	} {
		found, err := w.Conversations(t.Context(), w.ws, chat.Filter{Words: query})
		require.NoError(t, err)
		var ids []uuid.UUID
		for _, c := range found {
			ids = append(ids, c.ID)
		}
		require.Equal(t, want, ids, query)
	}
	found, err := w.Conversations(t.Context(), w.ws, chat.Filter{Words: "parcels", States: []chat.State{chat.StateQueued}})
	require.NoError(t, err)
	require.Empty(t, found)
	require.Empty(t, mustSearch(t, w, uuid.New(), "parcels"), "another workspace sees nothing")

	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		w.IndexHistory(ctx, func(err error) { t.Error(err) })
	}()
	w.send(split, "a late kumquat")
	require.Eventually(t, func() bool { return len(mustSearch(t, w, w.ws, "kumquat")) == 1 }, time.Minute, 50*time.Millisecond)
	stop()
	<-done
}

func mustSearch(t *testing.T, w *world, ws uuid.UUID, words string) []chat.Conversation {
	found, err := w.Conversations(t.Context(), ws, chat.Filter{Words: words})
	require.NoError(t, err)
	return found
}

package chat_test

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"handrail/internal/chat"
	"handrail/internal/errs"
)

func (w *world) ada() chat.Sender {
	return chat.Sender{Kind: chat.Visitor, ID: w.contact.ID.String(), Name: "Ada"}
}

// say stores a visitor's text.
func (w *world) say(id uuid.UUID, body string) chat.Message {
	m, err := w.Append(w.t.Context(), w.ws, id, chat.Entry{ClientID: uuid.New(), Sender: w.ada(), Body: body, Epoch: -1})
	require.NoError(w.t, err)
	return m
}

// answer stores what the bot says to the due turn.
func (w *world) answer(id uuid.UUID, body string) {
	_, err := w.Decide(w.t.Context(), w.ws, id, func(_ pgx.Tx, c *chat.Conversation) ([]chat.Entry, error) {
		c.TurnDue = 0
		return []chat.Entry{{Sender: chat.Sender{Kind: chat.Bot, ID: "bot"}, Body: body}}, nil
	})
	require.NoError(w.t, err)
}

// folded returns the bodies as people see them.
func (w *world) folded(id uuid.UUID) (bodies []string) {
	list, err := w.Read(w.t.Context(), w.ws, id, 0, 0)
	require.NoError(w.t, err)
	list, err = w.Folded(w.t.Context(), w.ws, id, list)
	require.NoError(w.t, err)
	for _, m := range list {
		bodies = append(bodies, m.Body)
	}
	return bodies
}

func TestEdit(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.conversation()
	first, second := w.say(c.ID, "one"), w.say(c.ID, "two")
	edit := chat.Edit{ClientID: uuid.New(), Sender: w.ada(), Seq: first.Seq, Body: "uno", Epoch: -1}
	m, err := w.Edit(t.Context(), w.ws, c.ID, edit)
	require.NoError(t, err)
	require.EqualValues(t, 3, m.Seq)
	require.Equal(t, chat.KindEdit, m.Kind)
	require.JSONEq(t, `{"seq":1}`, string(m.Data))
	require.Equal(t, []string{"uno", "two"}, w.folded(c.ID))

	again, err := w.Edit(t.Context(), w.ws, c.ID, edit)
	require.NoError(t, err)
	require.Equal(t, m.Seq, again.Seq, "a repeated edit is found again")
	other := edit
	other.Seq = second.Seq
	_, err = w.Edit(t.Context(), w.ws, c.ID, other)
	require.Equal(t, errs.Conflict, errs.KindOf(err), "the same client_id for another message")
	other = edit
	other.Body = "eins"
	_, err = w.Edit(t.Context(), w.ws, c.ID, other)
	require.Equal(t, errs.Conflict, errs.KindOf(err), "the same client_id with another text")

	_, err = w.Edit(t.Context(), w.ws, c.ID, chat.Edit{ClientID: uuid.New(), Sender: w.ada(), Seq: 1, Body: "un", Epoch: -1})
	require.NoError(t, err)
	require.Equal(t, []string{"un", "two"}, w.folded(c.ID), "the latest edit counts")
	_, err = w.Edit(t.Context(), w.ws, c.ID, chat.Edit{ClientID: uuid.New(), Sender: w.ada(), Seq: 2, Removed: true, Epoch: -1})
	require.NoError(t, err)
	require.Equal(t, []string{"un"}, w.folded(c.ID))
}

func TestEditRefusals(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.conversation()
	w.say(c.ID, "mine")
	w.answer(c.ID, "the bot's")
	w.say(c.ID, "removed")
	w.say(c.ID, "old")
	_, err := w.Edit(t.Context(), w.ws, c.ID, chat.Edit{ClientID: uuid.New(), Sender: w.ada(), Seq: 3, Removed: true, Epoch: -1})
	require.NoError(t, err)
	w.exec(func(tx pgx.Tx) error {
		_, err := tx.Exec(t.Context(), `UPDATE messages SET at = now() - interval '15 minutes 1 second' WHERE seq = 4`)
		return err
	})
	stranger := chat.Sender{Kind: chat.Visitor, ID: uuid.NewString()}
	agent := chat.Sender{Kind: chat.Agent, ID: w.contact.ID.String()}
	for name, tt := range map[string]struct {
		edit chat.Edit
		want errs.Kind
	}{
		"another visitor's":            {chat.Edit{Sender: stranger, Seq: 1, Body: "x"}, errs.Forbidden},
		"an agent with the same id":    {chat.Edit{Sender: agent, Seq: 1, Body: "x"}, errs.Forbidden},
		"the bot's":                    {chat.Edit{Sender: w.ada(), Seq: 2, Body: "x"}, errs.Forbidden},
		"removed already":              {chat.Edit{Sender: w.ada(), Seq: 3, Body: "x"}, errs.Conflict},
		"too old":                      {chat.Edit{Sender: w.ada(), Seq: 4, Body: "x"}, errs.Conflict},
		"an edit itself":               {chat.Edit{Sender: w.ada(), Seq: 5, Body: "x"}, errs.Conflict},
		"not there":                    {chat.Edit{Sender: w.ada(), Seq: 99, Body: "x"}, errs.NotFound},
		"before the first":             {chat.Edit{Sender: w.ada(), Seq: -1, Body: "x"}, errs.NotFound},
		"empty":                        {chat.Edit{Sender: w.ada(), Seq: 1, Body: " "}, errs.Invalid},
		"too long":                     {chat.Edit{Sender: w.ada(), Seq: 1, Body: strings.Repeat("x", 8001)}, errs.Invalid},
		"a removal with a text":        {chat.Edit{Sender: w.ada(), Seq: 1, Body: "x", Removed: true}, errs.Invalid},
		"under an epoch that is over":  {chat.Edit{Sender: w.ada(), Seq: 1, Body: "x", Epoch: 77}, errs.Conflict},
		"a NUL":                        {chat.Edit{Sender: w.ada(), Seq: 1, Body: "a\x00"}, errs.Invalid},
		"in a conversation of nowhere": {chat.Edit{Sender: w.ada(), Seq: 1, Body: "x"}, errs.NotFound},
	} {
		t.Run(name, func(t *testing.T) {
			id := c.ID
			if strings.Contains(name, "nowhere") {
				id = uuid.New()
			}
			tt.edit.ClientID = uuid.New()
			if tt.edit.Epoch == 0 {
				tt.edit.Epoch = -1
			}
			_, err := w.Edit(t.Context(), w.ws, id, tt.edit)
			require.Equal(t, tt.want, errs.KindOf(err), "%v", err)
		})
	}
	require.Equal(t, []string{"mine", "the bot's", "old"}, w.folded(c.ID))
}

func TestAnEditRestartsTheTurn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.conversation()
	m := w.say(c.ID, "Where is my parcel?")
	turn, err := w.ClaimTurn(t.Context(), "node", time.Minute)
	require.NoError(t, err)
	_, err = w.Edit(t.Context(), w.ws, c.ID, chat.Edit{ClientID: uuid.New(), Sender: w.ada(), Seq: m.Seq, Body: "Where is my invoice?", Epoch: -1})
	require.NoError(t, err)
	none := func(pgx.Tx, *chat.Conversation) ([]chat.Entry, error) { return nil, nil }
	_, err = w.FinishTurn(t.Context(), *turn, none)
	require.Equal(t, errs.Conflict, errs.KindOf(err), "the answer to the old text is refused")
	again, err := w.ClaimTurn(t.Context(), "node", time.Minute)
	require.NoError(t, err)
	require.NotNil(t, again, "the new text is due at once")
	require.Equal(t, m.Seq, again.Seq)
	require.Equal(t, 1, again.Attempt)
	_, err = w.FinishTurn(t.Context(), *again, none)
	require.NoError(t, err)
}

func TestARemovedQuestionIsNotAnswered(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.conversation()
	w.say(c.ID, "answered")
	w.answer(c.ID, "so it is")
	first, second := w.say(c.ID, "first"), w.say(c.ID, "second")
	remove := func(seq int64) {
		_, err := w.Edit(t.Context(), w.ws, c.ID, chat.Edit{ClientID: uuid.New(), Sender: w.ada(), Seq: seq, Removed: true, Epoch: -1})
		require.NoError(t, err)
	}
	remove(second.Seq)
	require.Equal(t, first.Seq, w.get(c.ID).TurnDue)
	remove(first.Seq)
	require.Zero(t, w.get(c.ID).TurnDue)
	turn, err := w.ClaimTurn(t.Context(), "node", time.Minute)
	require.NoError(t, err)
	require.Nil(t, turn)
}

func TestFold(t *testing.T) {
	t.Parallel()
	message := func(seq int64, kind chat.Kind, body, data string) chat.Message {
		return chat.Message{Seq: seq, Kind: kind, Body: body, Data: []byte(data)}
	}
	all := []chat.Message{
		message(1, chat.KindText, "a", ""), message(2, chat.KindText, "b", ""), message(3, chat.KindEdit, "A", `{"seq":1}`),
		message(4, chat.KindEdit, "", `{"seq":2,"removed":true}`), message(5, chat.KindEdit, "AA", `{"seq":1}`),
		message(6, chat.KindEdit, "?", `not JSON`),
	}
	require.Equal(t, []chat.Message{message(1, chat.KindText, "AA", "")}, chat.Fold(all, all))
	require.Equal(t, "a", all[0].Body, "the messages given stay as they are")
	require.Equal(t, all[:2], chat.Fold(all[:2], nil))
}

func TestReadMarks(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.conversation()
	w.say(c.ID, "one")
	w.say(c.ID, "two")
	set := func(visitor, staff int64) chat.ReadMarks {
		require.NoError(t, w.SetReadMarks(t.Context(), []chat.Mark{
			{Workspace: w.ws, Conversation: c.ID, ReadMarks: chat.ReadMarks{Visitor: visitor, Staff: staff}},
			{Workspace: w.ws, Conversation: uuid.New(), ReadMarks: chat.ReadMarks{Visitor: 1}}}))
		got, err := w.ReadMarks(t.Context(), w.ws, c.ID)
		require.NoError(t, err)
		return got
	}
	require.Equal(t, chat.ReadMarks{Staff: 1}, set(0, 1))
	require.Equal(t, chat.ReadMarks{Visitor: 2, Staff: 1}, set(2, 0))
	require.Equal(t, chat.ReadMarks{Visitor: 2, Staff: 1}, set(1, 1), "a mark does not go back")
	require.Equal(t, chat.ReadMarks{Visitor: 2, Staff: 2}, set(0, 1_000_000), "nor beyond the end")
}

func TestIdentify(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	anonymous, err := w.CreateContact(t.Context(), w.ws, chat.Contact{Lang: "en"}, hashOf("browser"))
	require.NoError(t, err)
	first, err := w.Identify(t.Context(), w.ws, "u-1", chat.Contact{ID: anonymous.ID, Name: "Grace", Attributes: []byte(`{"plan":"gold"}`)})
	require.NoError(t, err)
	require.Equal(t, anonymous.ID, first.ID, "what they wrote before stays theirs")
	require.True(t, first.Verified)
	elsewhere, err := w.Identify(t.Context(), w.ws, "u-1", chat.Contact{Name: "Grace H."})
	require.NoError(t, err)
	require.Equal(t, first.ID, elsewhere.ID)
	other, err := w.Identify(t.Context(), w.ws, "u-2", chat.Contact{ID: anonymous.ID, Name: "Alan"})
	require.NoError(t, err)
	require.NotEqual(t, first.ID, other.ID, "another person at the same browser is somebody else")
	stored, err := w.Contact(t.Context(), w.ws, first.ID)
	require.NoError(t, err)
	require.Equal(t, "Grace H.", stored.Name)

	for i := range 25 {
		require.NoError(t, w.AddContactToken(t.Context(), w.ws, first.ID, hashOf(strconv.Itoa(i))))
	}
	known, err := w.Visit(t.Context(), hashOf("24"))
	require.NoError(t, err)
	require.Equal(t, first.ID, known.Contact.ID)
	_, err = w.Visit(t.Context(), hashOf("0"))
	require.Equal(t, errs.NotFound, errs.KindOf(err), "the oldest of many is forgotten")
	known, err = w.Visit(t.Context(), hashOf("browser"))
	require.NoError(t, err)
	require.Equal(t, first.ID, known.Contact.ID)
}

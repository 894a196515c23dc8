package api_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"handrail/internal/auth"
	"handrail/internal/chat"
)

// TestAClientWhoMissed10000MessagesGetsThemAll comes back with an old cursor and reads nothing for a while. It must be
// sent every entry once and in order, without being closed for being slow: 20 MB are more than the kernel holds.
func TestAClientWhoMissed10000MessagesGetsThemAll(t *testing.T) {
	t.Parallel()
	s := start(t)
	const missed = 10_000
	filler := strings.Repeat("x", 2000)
	contact, err := s.log.CreateContact(t.Context(), s.workspace, chat.Contact{Lang: "en"}, nil)
	require.NoError(t, err)
	c, err := s.log.StartConversation(t.Context(), s.workspace, chat.NewConversation{Contact: contact.ID, Lang: "en"})
	require.NoError(t, err)
	say := func(n int) {
		_, err := s.log.Append(t.Context(), s.workspace, c.ID, chat.Entry{ClientID: uuid.New(), Epoch: -1,
			Sender: chat.Sender{Kind: chat.Bot}, Body: fmt.Sprint(filler, n)})
		if err != nil {
			t.Error(err)
		}
	}
	var all sync.WaitGroup
	for worker := range 20 {
		all.Go(func() {
			for n := worker; n < missed; n += 20 {
				say(n)
			}
		})
	}
	all.Wait()
	ticket, err := s.auth.Ticket(t.Context(), s.workspace, auth.Subject{Contact: contact.ID, Widget: s.widget, Lang: "en"})
	require.NoError(t, err)
	visitor := s.connect("/ws/visitor", ticket)
	visitor.send(map[string]any{"t": "hello", "conversation": c.ID, "cursor": 0})
	for n := range 300 { // more than may wait, while the history is on its way
		say(missed + n)
	}
	visitor.await("the welcome", ofType("welcome"))
	for want := int64(1); want <= missed+300; want++ {
		got := visitor.await("an entry", ofType("msg"))
		require.Equal(t, want, got.Seq)
	}
}

// TestTwoFirstMessagesShareAConversation writes from several connections of one new visitor at once.
func TestTwoFirstMessagesShareAConversation(t *testing.T) {
	t.Parallel()
	s := start(t)
	token, ticket := s.session("")
	const tabs = 8
	clients := make([]*client, tabs)
	for i := range clients {
		if i > 0 {
			_, ticket = s.session(token)
		}
		clients[i] = s.connect("/ws/visitor", ticket)
		clients[i].send(map[string]any{"t": "hello"})
		clients[i].await("the welcome", ofType("welcome"))
	}
	for _, c := range clients {
		c.send(map[string]any{"t": "send", "client_id": uuid.New(), "body": "Is anybody there?"})
	}
	first := clients[0].await("the acknowledgement", ofType("ack")).Conversation
	for _, c := range clients[1:] {
		require.Equal(t, first, c.await("the acknowledgement", ofType("ack")).Conversation)
	}
}

// TestAClientThatLagsReadsOnFromTheLog fills the queue of one that reads nothing for a while: its places are bounded, and
// it misses nothing when it goes on.
func TestAClientThatLagsReadsOnFromTheLog(t *testing.T) {
	t.Parallel()
	s := start(t)
	contact, err := s.log.CreateContact(t.Context(), s.workspace, chat.Contact{Lang: "en"}, nil)
	require.NoError(t, err)
	c, err := s.log.StartConversation(t.Context(), s.workspace, chat.NewConversation{Contact: contact.ID, Lang: "en"})
	require.NoError(t, err)
	enter := func(cursor int) *client {
		ticket, err := s.auth.Ticket(t.Context(), s.workspace, auth.Subject{Contact: contact.ID, Widget: s.widget, Lang: "en"})
		require.NoError(t, err)
		v := s.connect("/ws/visitor", ticket)
		v.send(map[string]any{"t": "hello", "conversation": c.ID, "cursor": cursor})
		v.await("the welcome", ofType("welcome"))
		return v
	}
	v := enter(0)
	const sent = 2000
	body := make([]byte, 7000) // the kernel alone holds some megabytes
	for i := range body {
		body[i] = 'x'
	}
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			for range sent / 20 {
				_, err := s.log.Append(t.Context(), s.workspace, c.ID, chat.Entry{ClientID: uuid.New(), Epoch: -1,
					Sender: chat.Sender{Kind: chat.Bot}, Body: string(body)})
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	require.NoError(t, v.ws.SetReadDeadline(time.Now().Add(30*time.Second)))
	for seen := 0; seen < sent; {
		_, data, err := v.ws.ReadMessage()
		require.NoError(t, err, "after %d", seen)
		var f received
		require.NoError(t, json.Unmarshal(data, &f))
		if f.T == "msg" {
			seen++
			require.EqualValues(t, seen, f.Seq)
		}
	}
}

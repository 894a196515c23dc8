package api_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/google/uuid"
	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/require"
)

func TestStory(t *testing.T) {
	t.Parallel()
	s := start(t)
	_, ticket := s.agent("Ana")
	agent := s.connect("/ws/agent", ticket)
	agent.send(map[string]any{"t": "hello"})
	agent.await("welcome", ofType("welcome"))
	agent.send(map[string]any{"t": "status", "status": "online"})

	token, ticket := s.session("")
	visitor := s.connect("/ws/visitor", ticket)
	visitor.send(map[string]any{"t": "hello"})
	visitor.await("welcome", ofType("welcome"))

	first := uuid.New()
	visitor.send(map[string]any{"t": "send", "client_id": first, "body": "How long can I return an item?"})
	ack := visitor.await("ack", ofType("ack"))
	require.Equal(t, first, ack.ClientID)
	require.EqualValues(t, 1, ack.Seq)
	answer := visitor.await("the bot's answer", func(f received) bool { return f.T == "msg" && f.Sender.Kind == "bot" })
	require.Contains(t, answer.Body, "30 days")
	require.Contains(t, string(answer.Data), `"citations"`)
	require.Contains(t, string(answer.Data), `"ai":true`)

	visitor.send(map[string]any{"t": "send", "client_id": uuid.New(), "body": "I want to talk to a human"})
	visitor.await("the handoff", message("handoff"))
	visitor.await("the agent", message("assigned"))
	desk := agent.await("an assignment", func(f received) bool { return f.T == "desk" && len(f.Mine) == 1 })
	conversation := desk.Mine[0].Conversation
	require.Equal(t, ack.Conversation, conversation)

	agent.send(map[string]any{"t": "watch", "conversation": conversation, "cursor": 0})
	agent.await("the transcript", func(f received) bool { return f.T == "msg" && f.Body == "How long can I return an item?" })
	agent.send(map[string]any{"t": "send", "conversation": conversation, "client_id": uuid.New(), "body": "secret remark", "kind": "note"})
	agent.send(map[string]any{"t": "send", "conversation": conversation, "client_id": uuid.New(), "body": "Hello, Ana here."})
	visitor.await("the hidden note", message("hidden"))
	reply := visitor.await("the agent's reply", func(f received) bool { return f.T == "msg" && f.Sender.Kind == "agent" })
	require.Equal(t, "Hello, Ana here.", reply.Body)
	require.Equal(t, "Ana", reply.Sender.Name)

	visitor.send(map[string]any{"t": "send", "client_id": uuid.New(), "body": "How long can I return an item?"})
	agent.await("the visitor's message", func(f received) bool { return f.T == "msg" && f.Seq > reply.Seq })
	agent.send(map[string]any{"t": "close", "conversation": conversation, "client_id": uuid.New()})
	closed := visitor.await("the request for a rating", message("csat_request"))
	visitor.send(map[string]any{"t": "csat", "client_id": uuid.New(), "score": 5, "comment": "quick"})
	visitor.await("the rating", message("csat"))

	messages, err := s.log.Read(t.Context(), s.workspace, conversation, reply.Seq, 100)
	require.NoError(t, err)
	for _, m := range messages {
		require.NotEqual(t, "bot", string(m.Sender.Kind), "the bot is silent from the handoff on")
	}

	_, ticket = s.session(token)
	again := s.connect("/ws/visitor", ticket)
	again.send(map[string]any{"t": "hello", "conversation": conversation, "cursor": closed.Seq})
	welcome := again.await("welcome", ofType("welcome"))
	require.Equal(t, "closed", welcome.State)
	require.False(t, welcome.CanRate)
	require.Equal(t, closed.Seq+1, again.await("what was missed", ofType("msg")).Seq)
}

func TestRetryIsStoredOnce(t *testing.T) {
	t.Parallel()
	s := start(t)
	token, ticket := s.session("")
	first := s.connect("/ws/visitor", ticket)
	first.send(map[string]any{"t": "hello"})
	client := uuid.New()
	first.send(map[string]any{"t": "send", "client_id": client, "body": "How long can I return an item?"})
	acked := first.await("ack", ofType("ack"))
	require.NoError(t, first.ws.Close())

	_, ticket = s.session(token)
	second := s.connect("/ws/visitor", ticket)
	second.send(map[string]any{"t": "hello", "cursor": 0})
	second.send(map[string]any{"t": "send", "client_id": client, "body": "How long can I return an item?"})
	again := second.await("ack", ofType("ack"))
	require.Equal(t, acked.Seq, again.Seq)
	require.Equal(t, acked.Conversation, again.Conversation)

	second.send(map[string]any{"t": "send", "client_id": client, "body": "something else"})
	require.Equal(t, "conflict", second.await("refusal", ofType("error")).Code)
}

func TestTwoNodesShareAConversation(t *testing.T) {
	t.Parallel()
	one := start(t)
	two := startOn(t, one.database)
	token, ticket := one.session("")
	a := one.connect("/ws/visitor", ticket)
	a.send(map[string]any{"t": "hello"})
	a.send(map[string]any{"t": "send", "client_id": uuid.New(), "body": "I want to talk to a human"})
	acked := a.await("ack", ofType("ack"))

	_, ticket = two.session(token)
	b := two.connect("/ws/visitor", ticket)
	b.send(map[string]any{"t": "hello", "conversation": acked.Conversation, "cursor": 0})
	b.await("the handoff", message("handoff"))
	const n = 20
	for i := range n {
		a.send(map[string]any{"t": "send", "client_id": uuid.New(), "body": fmt.Sprint("message ", i)})
	}
	// The nodes share no bus here, so the second sees the messages by its poll.
	b.await("the last message", func(f received) bool { return f.Body == fmt.Sprint("message ", n-1) })
}

func TestSocketsRefuseStrangers(t *testing.T) {
	t.Parallel()
	s := start(t)
	for _, origin := range []string{"https://evil.example", "http://shop.example", "https://shop.example.evil.com", "null"} {
		_, ticket := s.session("")
		_, res, err := s.dial("/ws/visitor", ticket, origin)
		require.Error(t, err, origin)
		require.Equal(t, http.StatusForbidden, res.StatusCode, origin)
		_, agentTicket := s.agent("A" + fmt.Sprint(len(origin)))
		_, res, err = s.dial("/ws/agent", agentTicket, origin)
		require.Error(t, err, origin)
		require.Equal(t, http.StatusForbidden, res.StatusCode, origin)
	}
	_, ticket := s.session("")
	_, _, err := s.dial("/ws/visitor", ticket, "https://shop.example")
	require.NoError(t, err)

	c, _, err := s.dial("/ws/visitor", ticket, "")
	require.NoError(t, err, "a used ticket is told by the close code")
	_, _, err = c.ws.ReadMessage()
	require.True(t, websocket.IsCloseError(err, 4401), "%v", err)

	c, _, err = s.dial("/ws/agent", "forged", "")
	require.NoError(t, err)
	_, _, err = c.ws.ReadMessage()
	require.True(t, websocket.IsCloseError(err, 4401), "%v", err)
}

func TestAVisitorSeesOnlyTheirOwn(t *testing.T) {
	t.Parallel()
	s := start(t)
	_, ticket := s.session("")
	a := s.connect("/ws/visitor", ticket)
	a.send(map[string]any{"t": "hello"})
	a.send(map[string]any{"t": "send", "client_id": uuid.New(), "body": "my secret"})
	acked := a.await("ack", ofType("ack"))

	_, ticket = s.session("")
	b := s.connect("/ws/visitor", ticket)
	b.send(map[string]any{"t": "hello", "conversation": acked.Conversation, "cursor": 0})
	require.Equal(t, "not_found", b.await("refusal", ofType("error")).Code)
	b.send(map[string]any{"t": "watch", "conversation": acked.Conversation})
	require.Equal(t, "invalid", b.await("refusal", ofType("error")).Code)
}

func TestAFailedHelloStartsNoConversation(t *testing.T) {
	t.Parallel()
	s := start(t)
	_, ticket := s.session("")
	c := s.connect("/ws/visitor", ticket)
	c.send(map[string]any{"t": "hello"})
	client := uuid.New()
	c.send(map[string]any{"t": "send", "client_id": client, "body": "I want to talk to a human"})
	first := c.await("ack", ofType("ack"))

	c.send(map[string]any{"t": "hello", "conversation": uuid.New()})
	c.await("refusal", ofType("error"))
	c.send(map[string]any{"t": "send", "client_id": client, "body": "I want to talk to a human"})
	require.Equal(t, "invalid", c.await("refusal", ofType("error")).Code)

	c.send(map[string]any{"t": "hello"})
	c.send(map[string]any{"t": "send", "client_id": client, "body": "I want to talk to a human"})
	require.Equal(t, first.Conversation, c.await("ack", ofType("ack")).Conversation)
}

func TestAnAgentLosesSightOfAForeignConversation(t *testing.T) {
	t.Parallel()
	s := start(t)
	_, ticket := s.session("")
	visitor := s.connect("/ws/visitor", ticket)
	visitor.send(map[string]any{"t": "hello"})
	visitor.send(map[string]any{"t": "send", "client_id": uuid.New(), "body": "I want to talk to a human"})
	conversation := visitor.await("ack", ofType("ack")).Conversation
	visitor.await("the handoff", message("handoff"))

	_, ticket = s.agent("Xenia")
	onlooker := s.connect("/ws/agent", ticket)
	onlooker.send(map[string]any{"t": "hello"})
	onlooker.send(map[string]any{"t": "watch", "conversation": conversation, "cursor": 0})
	onlooker.await("the queued conversation", message("handoff"))

	_, ticket = s.agent("Yara")
	agent := s.connect("/ws/agent", ticket)
	agent.send(map[string]any{"t": "hello"})
	agent.send(map[string]any{"t": "status", "status": "online"})
	agent.await("the assignment", func(f received) bool { return f.T == "desk" && len(f.Mine) == 1 })
	onlooker.await("the new state", state("human"))

	retry := uuid.New()
	note := map[string]any{"t": "send", "conversation": conversation, "client_id": retry, "body": "private", "kind": "note"}
	agent.send(note)
	acked := agent.await("ack", ofType("ack"))
	agent.send(map[string]any{"t": "close", "conversation": conversation, "client_id": uuid.New()})
	visitor.await("the close", message("closed"))
	agent.send(note)
	require.Equal(t, acked.Seq, agent.await("the retry's ack", ofType("ack")).Seq, "a retry finds what was stored")

	onlooker.send(map[string]any{"t": "nothing"})
	onlooker.await("an answer", func(f received) bool {
		require.NotEqual(t, "private", f.Body)
		return f.T == "error"
	})
}

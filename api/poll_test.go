package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
)

// poller is a visitor without a WebSocket.
type poller struct {
	s       *system
	session string
	got     int64
	frames  []received // that arrived and were not looked at
}

type polled struct {
	Session string
	Frames  []received
	UpTo    int64 `json:"up_to"`
}

func (s *system) poll(body map[string]any) (int, polled, string) {
	s.t.Helper()
	code, b := s.do("POST", "/api/v1/widget/poll", "", body)
	var out polled
	if code == http.StatusOK {
		require.NoError(s.t, json.Unmarshal(b, &out))
	}
	return code, out, string(b)
}

func (s *system) poller(ticket string) *poller {
	s.t.Helper()
	code, out, body := s.poll(map[string]any{"ticket": ticket})
	require.Equal(s.t, http.StatusOK, code, body)
	require.NotEmpty(s.t, out.Session)
	return &poller{s: s, session: out.Session}
}

// exchange sends frames and keeps what comes back. It reports whether the session goes on.
func (p *poller) exchange(wait float64, frames ...map[string]any) bool {
	p.s.t.Helper()
	code, out, body := p.s.poll(map[string]any{"session": p.session, "got": p.got, "frames": append([]map[string]any{}, frames...), "wait_s": wait})
	if code == http.StatusUnauthorized {
		return false
	}
	require.Equal(p.s.t, http.StatusOK, code, body)
	require.Equal(p.s.t, p.session, out.Session)
	p.got = out.UpTo
	p.frames = append(p.frames, out.Frames...)
	return true
}

// await polls until a frame fits.
func (p *poller) await(what string, fits func(received) bool) received {
	p.s.t.Helper()
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); {
		for i, f := range p.frames {
			if fits(f) {
				p.frames = p.frames[i+1:]
				return f
			}
		}
		p.frames = nil
		require.True(p.s.t, p.exchange(5), "the session ended while waiting for %s", what)
	}
	p.s.t.Fatalf("waiting for %s, got %d", what, p.got)
	return received{}
}

func TestAConversationByPolling(t *testing.T) {
	t.Parallel()
	s := start(t)
	_, ticket := s.agent("Ana")
	agent := s.connect("/ws/agent", ticket)
	agent.send(map[string]any{"t": "hello"})
	agent.send(map[string]any{"t": "status", "status": "online"})
	_, ticket = s.session("")
	p := s.poller(ticket)
	first := uuid.New()
	p.exchange(0, map[string]any{"t": "hello"}, map[string]any{"t": "send", "client_id": first, "body": "How long can I return an item?"})
	require.Equal(t, first, p.await("the ack", ofType("ack")).ClientID)
	require.Contains(t, p.await("the answer", func(f received) bool { return f.T == "msg" && f.Sender.Kind == "bot" }).Body, "30 days")
	p.exchange(0, map[string]any{"t": "send", "client_id": uuid.New(), "body": "I want to talk to a human"})
	conversation := p.await("the agent", state("human")).Conversation

	agent.send(map[string]any{"t": "watch", "conversation": conversation, "cursor": 0})
	agent.send(map[string]any{"t": "send", "conversation": conversation, "client_id": uuid.New(), "body": "Hello, Ana here."})
	require.Equal(t, "Hello, Ana here.", p.await("the reply", func(f received) bool { return f.Sender.Kind == "agent" && f.T == "msg" }).Body)
	p.exchange(0, map[string]any{"t": "typing", "on": true}, map[string]any{"t": "nothing"}, map[string]any{"cursor": "x"})
	agent.await("the sign of typing", ofType("typing"))
	require.Equal(t, "invalid", p.await("a refusal", ofType("error")).Code)
	require.Equal(t, "invalid", p.await("another refusal", ofType("error")).Code)
}

func TestAPollWaitsAndIsOvertaken(t *testing.T) {
	t.Parallel()
	s := start(t)
	token, ticket := s.session("")
	p := s.poller(ticket)
	p.exchange(0, map[string]any{"t": "hello"}, map[string]any{"t": "send", "client_id": uuid.New(), "body": "I want to talk to a human"})
	p.await("the handoff", message("handoff"))
	for len(p.frames) > 0 || p.quiet() {
		p.frames = nil
	}

	// A second browser of the visitor writes while the first waits.
	_, ticket = s.session(token)
	other := s.connect("/ws/visitor", ticket)
	other.send(map[string]any{"t": "hello"})
	waiting := make(chan polled)
	go func() {
		_, out, _ := s.poll(map[string]any{"session": p.session, "got": p.got, "wait_s": 20})
		waiting <- out
	}()
	other.send(map[string]any{"t": "send", "client_id": uuid.New(), "body": "from the other browser"})
	out := <-waiting
	require.NotEmpty(t, out.Frames)

	// The answer is taken for lost: the same frames come again.
	_, again, _ := s.poll(map[string]any{"session": p.session, "got": p.got})
	require.GreaterOrEqual(t, len(again.Frames), len(out.Frames))
	require.Equal(t, out.Frames, again.Frames[:len(out.Frames)])
	p.got = again.UpTo
	for p.quiet() {
		p.frames = nil
	}

	ctx, cancel := context.WithCancel(t.Context())
	gone := s.pollUntil(ctx, p)
	_, older, _ := s.poll(map[string]any{"session": p.session, "got": p.got, "wait_s": 0})
	require.Empty(t, older.Frames)
	cancel()
	<-gone
	other.send(map[string]any{"t": "send", "client_id": uuid.New(), "body": "nothing is lost with a broken poll"})
	require.Equal(t, "nothing is lost with a broken poll", p.await("it", func(f received) bool { return f.T == "msg" && f.Kind == "text" }).Body)
}

// quiet takes what has arrived and reports whether there was anything.
func (p *poller) quiet() bool {
	p.exchange(0.3)
	return len(p.frames) > 0
}

// pollUntil polls in the background until ctx ends.
func (s *system) pollUntil(ctx context.Context, p *poller) <-chan struct{} {
	body, err := json.Marshal(map[string]any{"session": p.session, "got": p.got, "wait_s": 20})
	require.NoError(s.t, err)
	done := make(chan struct{})
	go func() {
		defer close(done)
		req, err := http.NewRequestWithContext(ctx, "POST", s.url+"/api/v1/widget/poll", bytes.NewReader(body))
		if err == nil {
			if res, err := http.DefaultClient.Do(req); err == nil {
				_ = res.Body.Close()
			}
		}
	}()
	return done
}

func TestALongHistoryByPolling(t *testing.T) {
	t.Parallel()
	s := start(t)
	token, ticket := s.session("")
	v := s.connect("/ws/visitor", ticket)
	v.send(map[string]any{"t": "hello"})
	v.send(map[string]any{"t": "send", "client_id": uuid.New(), "body": "I want to talk to a human"})
	conversation := v.await("ack", ofType("ack")).Conversation
	v.await("the handoff", message("handoff"))
	require.NoError(t, v.ws.Close())
	const missed = 1500
	s.fill(conversation, missed)

	_, ticket = s.session(token)
	p := s.poller(ticket)
	p.exchange(0, map[string]any{"t": "hello", "conversation": conversation, "cursor": 0})
	next := int64(1)
	p.await("the last message", func(f received) bool {
		if f.T == "msg" {
			require.Equal(t, next, f.Seq, "in order, without gap, in one session")
			next++
		}
		return f.Body == fmt.Sprint("message ", missed-1)
	})
}

func TestPollsRefuse(t *testing.T) {
	t.Parallel()
	s := start(t)
	_, ticket := s.session("")
	p := s.poller(ticket)
	for name, tt := range map[string]struct {
		body map[string]any
		want int
	}{
		"a used ticket":       {map[string]any{"ticket": ticket}, http.StatusUnauthorized},
		"a forged session":    {map[string]any{"session": "hrp_x"}, http.StatusUnauthorized},
		"nothing":             {map[string]any{}, http.StatusUnauthorized},
		"frames of no kind":   {map[string]any{"session": p.session, "frames": "x"}, http.StatusUnprocessableEntity},
		"too many frames":     {map[string]any{"session": p.session, "frames": make([]int, 101)}, http.StatusRequestEntityTooLarge},
		"too much":            {map[string]any{"session": p.session, "frames": []string{string(make([]byte, 1<<20))}}, http.StatusRequestEntityTooLarge},
		"a wait of a century": {map[string]any{"session": p.session, "wait_s": "long"}, http.StatusUnprocessableEntity},
	} {
		code, _, body := s.poll(tt.body)
		require.Equal(t, tt.want, code, "%s: %s", name, body)
	}
	req, err := http.NewRequestWithContext(t.Context(), "POST", s.url+"/api/v1/widget/poll",
		bytes.NewReader([]byte(`{"session":"`+p.session+`"}`)))
	require.NoError(t, err)
	req.Header.Set("Origin", "https://evil.example")
	code, _, _ := s.fetch(req)
	require.Equal(t, http.StatusForbidden, code)
	req.Body, err = req.GetBody()
	require.NoError(t, err)
	req.Header.Set("Origin", "https://shop.example")
	code, _, header := s.fetch(req)
	require.Equal(t, http.StatusOK, code)
	require.Equal(t, "https://shop.example", header.Get("Access-Control-Allow-Origin"))
}

func TestAPollOnAnotherNodeStartsOver(t *testing.T) {
	t.Parallel()
	one := start(t)
	two := startOn(t, one.database)
	token, ticket := one.session("")
	p := one.poller(ticket)
	p.exchange(0, map[string]any{"t": "hello"}, map[string]any{"t": "send", "client_id": uuid.New(), "body": "I want to talk to a human"})
	acked := p.await("ack", ofType("ack"))

	code, _, _ := two.poll(map[string]any{"session": p.session})
	require.Equal(t, http.StatusUnauthorized, code)
	_, ticket = two.session(token)
	q := two.poller(ticket)
	q.exchange(0, map[string]any{"t": "hello", "conversation": acked.Conversation, "cursor": 0})
	require.EqualValues(t, 1, q.await("the first entry", ofType("msg")).Seq)
}

package api_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"handrail/internal/auth"
)

// deskView is the part of desk and state frames that this room adds.
type deskView struct {
	T            string
	Conversation uuid.UUID
	State        string
	Hours        *struct {
		Open         bool
		LeaveMessage bool `json:"leave_message"`
	}
	Waiting []struct {
		Conversation  uuid.UUID
		Group, Reason string
		DueAt         *time.Time `json:"due_at"`
	}
	Mine []struct {
		Conversation uuid.UUID
		Guest        bool
		Unread       int
	}
	Offers []struct {
		Conversation uuid.UUID
		ExpiresAt    time.Time `json:"expires_at"`
		Group, Name  string
	}
	Alerts []struct{ Kind string }
}

// see reads frames until one fits.
func (c *client) see(what string, fits func(deskView) bool) deskView {
	c.t.Helper()
	require.NoError(c.t, c.ws.SetReadDeadline(time.Now().Add(20*time.Second)))
	for {
		var f deskView
		require.NoError(c.t, c.ws.ReadJSON(&f), "waiting for %s", what)
		if fits(f) {
			return f
		}
	}
}

// online connects an agent who is ready for conversations.
func (s *system) online(name string) (int64, *client) {
	s.t.Helper()
	user, ticket := s.agent(name)
	c := s.connect("/ws/agent", ticket)
	c.send(map[string]any{"t": "hello"})
	c.await("welcome", ofType("welcome"))
	c.await("the desk", ofType("desk"))
	c.send(map[string]any{"t": "status", "status": "online"})
	return user, c
}

// ask puts a JSON request and decodes the answer.
func (s *system) ask(method, path, key string, body any, want int, into any) {
	s.t.Helper()
	code, raw := s.do(method, path, key, body)
	require.Equal(s.t, want, code, "%s %s: %s", method, path, raw)
	if into != nil {
		require.NoError(s.t, json.Unmarshal(raw, into))
	}
}

func TestDeskOffersTransfersAndConferences(t *testing.T) {
	t.Parallel()
	s := start(t)
	admin := s.key(auth.Admin)
	ana, a := s.online("Ana")
	ben, b := s.online("Ben")
	var group struct{ ID, Name string }
	s.ask("POST", "/api/v1/groups", admin, map[string]any{"name": "all", "offer_s": 60, "members": []int64{ana, ben}}, 201, &group)
	rules, problems, err := s.desk.CheckRules(t.Context(), s.workspace,
		[]byte(`{"routing_rules": [{"condition": "true", "action": "assign_to_group('all')"}]}`))
	require.NoError(t, err)
	require.Empty(t, problems)
	version, err := s.desk.SaveRules(t.Context(), s.workspace, "test", rules, "")
	require.NoError(t, err)
	require.NoError(t, s.desk.ActivateRules(t.Context(), s.workspace, "test", version.Version))

	_, ticket := s.session("")
	visitor := s.connect("/ws/visitor", ticket)
	visitor.send(map[string]any{"t": "hello"})
	visitor.await("welcome", ofType("welcome"))
	visitor.send(map[string]any{"t": "send", "client_id": uuid.New(), "body": "I want to talk to a human"})
	visitor.await("the queue", state("queued"))
	offer := a.see("an offer", func(f deskView) bool { return len(f.Offers) == 1 })
	id := offer.Offers[0].Conversation
	require.Equal(t, "all", offer.Offers[0].Group)
	require.Len(t, offer.Waiting, 1)
	require.NotNil(t, offer.Waiting[0].DueAt)
	a.send(map[string]any{"t": "decline", "conversation": id})
	b.see("the offer passed on", func(f deskView) bool { return len(f.Offers) == 1 })
	b.send(map[string]any{"t": "accept", "conversation": id})
	visitor.await("the agent", message("assigned"))
	b.see("their conversation", func(f deskView) bool { return len(f.Mine) == 1 && len(f.Offers) == 0 })

	b.send(map[string]any{"t": "invite", "conversation": id, "client_id": uuid.New(), "agent_id": ana, "note": "look"})
	visitor.await("the guest", message("joined"))
	a.see("the conference", func(f deskView) bool { return len(f.Mine) == 1 && f.Mine[0].Guest })
	a.send(map[string]any{"t": "watch", "conversation": id, "cursor": 0})
	a.send(map[string]any{"t": "send", "conversation": id, "client_id": uuid.New(), "body": "Ana adds this."})
	require.Equal(t, "Ana adds this.", visitor.await("the guest's words", func(f received) bool { return f.Sender.Kind == "agent" && f.Kind == "text" }).Body)
	a.send(map[string]any{"t": "leave", "conversation": id})
	visitor.await("the guest's leave", message("left"))
	a.send(map[string]any{"t": "send", "conversation": id, "client_id": uuid.New(), "body": "too late"})
	require.Equal(t, "conflict", a.await("a refusal", ofType("error")).Code)

	b.send(map[string]any{"t": "transfer", "conversation": id, "client_id": uuid.New(), "agent_id": ana, "note": "yours"})
	visitor.await("the transfer", message("transferred"))
	visitor.await("the other agent", message("assigned"))
	a.see("their conversation", func(f deskView) bool { return len(f.Mine) == 1 && !f.Mine[0].Guest })
	a.send(map[string]any{"t": "status", "status": "offline"})
	a.see("offline", func(f deskView) bool { return f.T == "desk" })
	s.ask("DELETE", "/api/v1/groups/"+group.ID, admin, nil, 204, nil)
}

func TestVisitorLeavesAMessageWhenNobodyIsThere(t *testing.T) {
	t.Parallel()
	s := start(t)
	_, ticket := s.session("")
	visitor := s.connect("/ws/visitor", ticket)
	visitor.send(map[string]any{"t": "hello"})
	visitor.await("welcome", ofType("welcome"))
	visitor.send(map[string]any{"t": "leave_message", "client_id": uuid.New(), "email": "ada@example.com"})
	require.Equal(t, "conflict", visitor.await("a refusal", ofType("error")).Code)
	visitor.send(map[string]any{"t": "send", "client_id": uuid.New(), "body": "I want to talk to a human"})
	f := visitor.see("that nobody is there", func(f deskView) bool { return f.State == "queued" })
	require.NotNil(t, f.Hours)
	require.False(t, f.Hours.Open)
	require.True(t, f.Hours.LeaveMessage)
	client := uuid.New()
	for range 2 {
		visitor.send(map[string]any{"t": "leave_message", "client_id": client, "email": "ada@example.com", "body": "call me"})
		require.Equal(t, client, visitor.await("ack", ofType("ack")).ClientID)
	}
	_, a := s.online("Ana")
	a.see("the conversation", func(f deskView) bool { return len(f.Mine) == 1 })
}

func TestDeskSettings(t *testing.T) {
	t.Parallel()
	s := start(t)
	admin, staff := s.key(auth.Admin), s.key(auth.Agent)
	user, _ := s.agent("Ana")
	week := []map[string]string{{"day": "mon", "from": "09:00", "to": "18:00"}}
	office := map[string]any{"items": []map[string]any{{"name": "office", "timezone": "Europe/Berlin", "week": week,
		"holidays": []map[string]string{{"date": "2027-01-01", "name": "New Year"}}}}}
	s.ask("PUT", "/api/v1/hours", staff, office, 403, nil)
	s.ask("PUT", "/api/v1/hours", admin, office, 200, nil)
	code, raw := s.do("PUT", "/api/v1/hours", admin, map[string]any{"items": []map[string]any{{"name": "x", "timezone": "Mars", "week": week, "holidays": []any{}}}})
	require.Equal(t, 422, code)
	require.Contains(t, string(raw), "Mars")
	var hours struct{ Items []struct{ Name string } }
	s.ask("GET", "/api/v1/hours", staff, nil, 200, &hours)
	require.Equal(t, "office", hours.Items[0].Name)

	var g struct{ ID, Policy string }
	s.ask("POST", "/api/v1/groups", admin, map[string]any{"name": "a", "hours": "office"}, 201, &g)
	require.Equal(t, "least_loaded", g.Policy)
	s.ask("POST", "/api/v1/groups", admin, map[string]any{"name": "a"}, 409, nil)
	s.ask("PUT", "/api/v1/groups/"+g.ID, admin, map[string]any{"name": "b", "policy": "round_robin", "members": []int64{user}}, 200, nil)
	s.ask("PUT", "/api/v1/groups/"+uuid.NewString(), admin, map[string]any{"name": "c"}, 404, nil)
	s.ask("PUT", "/api/v1/agents/"+id(user), admin, map[string]any{"capacity": 7, "skills": map[string]int{"returns": 4},
		"languages": []string{"en", "zh"}, "groups": []string{"b"}}, 200, nil)
	var agents struct {
		Items []struct {
			Capacity          int
			Groups, Languages []string
			Skills            map[string]int
		}
	}
	s.ask("GET", "/api/v1/agents", staff, nil, 200, &agents)
	require.Equal(t, 7, agents.Items[0].Capacity)
	require.Equal(t, []string{"b"}, agents.Items[0].Groups)
	require.Equal(t, 4, agents.Items[0].Skills["returns"])

	var sla struct {
		FirstResponseS int `json:"first_response_s"`
		Ladder         []map[string]any
	}
	s.ask("GET", "/api/v1/sla", staff, nil, 200, &sla)
	require.Equal(t, 30, sla.FirstResponseS)
	s.ask("PUT", "/api/v1/sla", admin, map[string]any{"first_response_s": 45, "waiting_s": 0,
		"ladder": []map[string]any{{"after_s": 60, "notify": "admins"}}}, 200, &sla)
	require.Equal(t, 45, sla.FirstResponseS)
	require.Len(t, sla.Ladder, 1)
}

func TestWebhooksOverTheAPI(t *testing.T) {
	t.Parallel()
	s := start(t)
	admin := s.key(auth.Admin)
	got := make(chan string, 10)
	sink := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		got <- string(b)
	}))
	t.Cleanup(sink.Close)
	var hook struct{ ID, Secret string }
	s.ask("POST", "/api/v1/webhooks", s.key(auth.Agent), map[string]any{"url": sink.URL, "events": []string{"conversation.queued"}}, 403, nil)
	s.ask("POST", "/api/v1/webhooks", admin, map[string]any{"url": sink.URL, "events": []string{"conversation.queued"}}, 201, &hook)
	require.Contains(t, hook.Secret, "whsec_")
	var list struct{ Items []struct{ Secret string } }
	s.ask("GET", "/api/v1/webhooks", admin, nil, 200, &list)
	require.Empty(t, list.Items[0].Secret, "shown once")
	s.ask("POST", "/api/v1/webhooks/"+hook.ID+"/test", admin, nil, 202, nil)
	require.Contains(t, <-got, "webhook.test")

	_, ticket := s.session("")
	visitor := s.connect("/ws/visitor", ticket)
	visitor.send(map[string]any{"t": "hello"})
	visitor.await("welcome", ofType("welcome"))
	visitor.send(map[string]any{"t": "send", "client_id": uuid.New(), "body": "I want to talk to a human, my number is 4711"})
	body := <-got
	require.Contains(t, body, "conversation.queued")
	require.NotContains(t, body, "4711", "no words of visitors")
	var deliveries struct{ Items []struct{ Status int } }
	require.Eventually(t, func() bool {
		s.ask("GET", "/api/v1/webhooks/"+hook.ID+"/deliveries", admin, nil, 200, &deliveries)
		return len(deliveries.Items) == 2 && deliveries.Items[0].Status == 200
	}, 10*time.Second, 50*time.Millisecond)
	s.ask("DELETE", "/api/v1/webhooks/"+hook.ID, admin, nil, 204, nil)
}

// TestADisabledAccountLosesItsSocketAndItsConversations takes away an account from outside the server.
func TestADisabledAccountLosesItsSocketAndItsConversations(t *testing.T) {
	t.Parallel()
	s := start(t)
	user, a := s.online("Ana")
	_, ticket := s.session("")
	visitor := s.connect("/ws/visitor", ticket)
	visitor.send(map[string]any{"t": "hello"})
	visitor.await("welcome", ofType("welcome"))
	visitor.send(map[string]any{"t": "send", "client_id": uuid.New(), "body": "I want to talk to a human"})
	visitor.await("the agent", message("assigned"))
	u, err := s.auth.DisableUser(t.Context(), s.workspace, "test", "ana@example.com")
	require.NoError(t, err)
	require.Equal(t, user, u.ID)
	require.NoError(t, s.desk.Dismiss(t.Context(), s.workspace, u.ID))
	began := time.Now()
	visitor.await("the queue", state("queued"))
	for {
		_, _, err = a.ws.ReadMessage()
		if err != nil {
			break
		}
	}
	require.ErrorContains(t, err, "4401")
	require.Less(t, time.Since(began), 5*time.Second)
	_, err = s.auth.DisableUser(t.Context(), s.workspace, "test", "nobody@example.com")
	require.Error(t, err)
}

package api_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"handrail/internal/auth"
)

// draft is a draft as the API shows it.
type draft struct {
	ID                                        uuid.UUID
	State, Question, Answer, Lang, Collection string
	Count                                     int
	Conversation, Document                    *uuid.UUID
	Similar                                   []struct{ Title, Text string }
}

func (s *system) drafts(key, state string) []draft {
	s.t.Helper()
	code, body := s.do("GET", "/api/v1/drafts?state="+state, key, nil)
	require.Equal(s.t, http.StatusOK, code, string(body))
	var out struct{ Items []draft }
	require.NoError(s.t, json.Unmarshal(body, &out))
	return out.Items
}

type gap struct {
	Key, Question, Lang, Reason string
	Count                       int
	AnsweredNow                 bool `json:"answered_now"`
	Best                        *struct {
		Title         string
		Answerability float64
	}
	Examples []struct {
		Conversation uuid.UUID
		Question     string
	}
}

func (s *system) gaps(key string) (items []gap, questions int) {
	s.t.Helper()
	code, body := s.do("GET", "/api/v1/gaps", key, nil)
	require.Equal(s.t, http.StatusOK, code, string(body))
	var out struct {
		Items     []gap
		Questions int
	}
	require.NoError(s.t, json.Unmarshal(body, &out))
	return out.Items, out.Questions
}

// act sends a request that changes a draft, and returns the draft.
func (s *system) act(method, path, key string, body any, want int) (d draft) {
	s.t.Helper()
	code, b := s.do(method, path, key, body)
	require.Equal(s.t, want, code, string(b))
	require.NoError(s.t, json.Unmarshal(b, &d))
	return d
}

// escalate lets a visitor ask what the bot does not know, and an agent answer and close.
func (s *system) escalate(agent *client, question string, answers ...string) uuid.UUID {
	s.t.Helper()
	_, ticket := s.session("")
	visitor := s.connect("/ws/visitor", ticket)
	visitor.send(map[string]any{"t": "hello"})
	visitor.send(map[string]any{"t": "send", "client_id": uuid.New(), "body": question})
	conversation := visitor.await("ack", ofType("ack")).Conversation
	visitor.await("the agent", message("assigned"))
	agent.send(map[string]any{"t": "watch", "conversation": conversation, "cursor": 0})
	for _, a := range answers {
		client := uuid.New()
		agent.send(map[string]any{"t": "send", "conversation": conversation, "client_id": client, "body": a})
		agent.await("ack", func(f received) bool { return f.T == "ack" && f.ClientID == client })
	}
	agent.send(map[string]any{"t": "close", "conversation": conversation, "client_id": uuid.New()})
	visitor.await("the end", message("csat_request"))
	return conversation
}

func (s *system) onlineAgent(name string) *client {
	s.t.Helper()
	_, ticket := s.agent(name)
	agent := s.connect("/ws/agent", ticket)
	agent.send(map[string]any{"t": "hello"})
	agent.await("welcome", ofType("welcome"))
	agent.send(map[string]any{"t": "status", "status": "online"})
	return agent
}

func TestHumanAnswersBecomeKnowledge(t *testing.T) {
	t.Parallel()
	s := start(t)
	two := startOn(t, s.database) // a second node, whose worker races the first one's
	manager := s.key(auth.KnowledgeManager)
	agent := s.onlineAgent("Ana")

	const asked = "Do you engrave initials on leather wallets?"
	conversation := s.escalate(agent, asked, "Hi there!", "One moment please.",
		"Yes, we engrave up to three initials on every leather wallet. Engraving costs 6 EUR and takes two days. Mail ana@shop.example.",
		"You're welcome!")
	s.curator.Wake()
	two.curator.Wake()
	require.Eventually(t, func() bool { return len(s.drafts(manager, "open")) > 0 }, 10*time.Second, 20*time.Millisecond)

	items, questions := s.gaps(manager)
	require.Equal(t, 1, questions)
	require.Equal(t, asked, items[0].Question)
	require.Equal(t, conversation, items[0].Examples[0].Conversation)
	require.False(t, items[0].AnsweredNow)

	// Another visitor with the same question raises the count.
	s.escalate(agent, "do you engrave initials on leather wallets", "Yes, up to three initials, for 6 EUR, within two days.")
	s.curator.Wake()
	require.Eventually(t, func() bool { return s.drafts(manager, "open")[0].Count == 2 }, 10*time.Second, 20*time.Millisecond)
	open := s.drafts(manager, "open")
	require.Len(t, open, 1, "two nodes and two visitors make one draft")
	d := open[0]
	require.Equal(t, asked, d.Question)
	require.Equal(t, "Yes, we engrave up to three initials on every leather wallet. Engraving costs 6 EUR and takes two days. "+
		"Mail [e-mail].", d.Answer)
	require.Equal(t, &conversation, d.Conversation)
	require.Equal(t, "faq", d.Collection)
	require.NotEmpty(t, d.Similar)

	path := "/api/v1/drafts/" + d.ID.String()
	edited := s.act("PUT", path, manager, map[string]string{"question": "Can I have initials engraved on a leather wallet?",
		"answer": "We engrave up to three initials on every leather wallet. It costs 6 EUR and takes two days."}, http.StatusOK)
	require.Equal(t, "open", edited.State)
	require.Equal(t, "en", edited.Lang)
	published := s.act("POST", path+"/publish", manager, nil, http.StatusOK)
	require.Equal(t, "published", published.State)
	require.NotNil(t, published.Document)
	require.Empty(t, s.drafts(manager, "open"))

	code, body := s.do("POST", "/api/v1/ask", manager, map[string]string{"question": asked})
	require.Equal(t, http.StatusOK, code)
	require.Contains(t, string(body), `"decision":"answer"`)
	require.Contains(t, string(body), "takes two days")
	items, _ = s.gaps(manager)
	require.True(t, items[0].AnsweredNow)
	require.Equal(t, 2, items[0].Count)
	require.Equal(t, "Can I have initials engraved on a leather wallet?", items[0].Best.Title)

	code, body = s.do("POST", "/api/v1/gaps/"+items[0].Key+"/dismiss", manager, nil)
	require.Equal(t, http.StatusNoContent, code, string(body))
	items, questions = s.gaps(manager)
	require.Empty(t, items)
	require.Zero(t, questions)

	cases, err := s.curator.Cases(t.Context(), s.workspace)
	require.NoError(t, err)
	require.Len(t, cases, 2, "the reviewed wording and the visitor's")
	require.Equal(t, asked, cases[1].Question)
	require.Equal(t, &conversation, cases[1].Conversation)

	s.act("POST", path+"/dismiss", manager, nil, http.StatusOK)
	code, body = s.do("POST", "/api/v1/ask", manager, map[string]string{"question": asked})
	require.Equal(t, http.StatusOK, code)
	require.Contains(t, string(body), `"decision":"handoff"`, "a dismissed draft leaves the base")
	cases, err = s.curator.Cases(t.Context(), s.workspace)
	require.NoError(t, err)
	require.Empty(t, cases)
}

func TestOnlyKnowledgeManagersCurate(t *testing.T) {
	t.Parallel()
	s := start(t)
	id := uuid.NewString()
	edit := map[string]string{"question": "Do you mend tractors?", "answer": "We mend every tractor within a week."}
	for _, c := range []struct {
		method, path string
		body         any
		need         auth.Permission
		want         int
	}{
		{"GET", "/api/v1/gaps", nil, auth.WriteKnowledge, 200},
		{"GET", "/api/v1/drafts", nil, auth.WriteKnowledge, 200},
		{"POST", "/api/v1/gaps/nothing/dismiss", nil, auth.WriteKnowledge, 404},
		{"POST", "/api/v1/drafts", edit, auth.WriteKnowledge, 201},
		{"PUT", "/api/v1/drafts/" + id, edit, auth.WriteKnowledge, 404},
		{"POST", "/api/v1/drafts/" + id + "/publish", nil, auth.WriteKnowledge, 404},
		{"POST", "/api/v1/drafts/" + id + "/dismiss", nil, auth.WriteKnowledge, 404},
	} {
		for _, role := range auth.Roles() {
			want := c.want
			if !role.May(c.need) {
				want = http.StatusForbidden
			}
			code, body := s.do(c.method, c.path, s.key(role), c.body)
			require.Equal(t, want, code, "%s %s as %s: %s", c.method, c.path, role, body)
		}
	}
	code, _ := s.do("GET", "/api/v1/gaps", "", nil)
	require.Equal(t, http.StatusUnauthorized, code)
}

func TestDraftsTakeHostileText(t *testing.T) {
	t.Parallel()
	s := start(t)
	manager := s.key(auth.KnowledgeManager)
	create := func(question, answer string) (int, []byte) {
		return s.do("POST", "/api/v1/drafts", manager, map[string]string{"question": question, "answer": answer})
	}
	for name, c := range map[string]struct {
		question, answer string
		want             int
	}{
		"too long a question": {strings.Repeat("long ", 200), "answer", 422},
		"too long an answer":  {"question", strings.Repeat("长", 4001), 422},
		"no words":            {"?!", "answer", 422},
		"only NUL":            {"question", "\x00\x00", 422},
		"HTML":                {"<script>alert(1)</script> & what?", "<img src=x onerror=alert(2)> costs\x00 nothing", 201},
	} {
		code, body := create(c.question, c.answer)
		require.Equal(t, c.want, code, "%s: %s", name, body)
	}
	d := s.drafts(manager, "open")[0]
	require.Equal(t, "<script>alert(1)</script> & what?", d.Question, "text is text: pages escape it when they show it")
	require.Equal(t, "<img src=x onerror=alert(2)> costs nothing", d.Answer)
	require.Equal(t, "published", s.act("POST", "/api/v1/drafts/"+d.ID.String()+"/publish", manager, nil, 200).State)
}

func TestSearchSaysWhatAScoreIsMadeOf(t *testing.T) {
	t.Parallel()
	s := start(t)
	code, body := s.do("GET", "/api/v1/search?q=How+long+can+I+return+an+item&limit=2", s.key(auth.Agent), nil)
	require.Equal(t, http.StatusOK, code, string(body))
	var out struct {
		Answerability float64
		Items         []struct {
			Score float64
			Parts map[string]float64
		}
	}
	require.NoError(t, json.Unmarshal(body, &out))
	require.Greater(t, out.Answerability, 0.5)
	for _, h := range out.Items {
		sum := 0.0
		for _, part := range h.Parts {
			sum += part
		}
		require.Len(t, h.Parts, 8)
		require.InDelta(t, h.Score, sum, 1e-9)
	}
}

package api_test

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"handrail/internal/auth"
)

func TestRoutingRulesFromCheckToRollBack(t *testing.T) {
	t.Parallel()
	s := start(t)
	admin, agent := s.key(auth.Admin), s.key(auth.Agent)
	rules := func(text string) map[string]any {
		var body map[string]any
		require.NoError(t, json.Unmarshal([]byte(text), &body))
		return body
	}
	good := rules(`{"routing_rules":[{"condition":"user_level == 'VIP'","action":"assign_to_group('premium')"},
		{"condition":"true","action":"round_robin('default_group')"}],"note":"first"}`)
	bad := rules(`{"routing_rules":[{"condition":"foo(text)","action":"round_robin()"},{"condition":true,"action":["set_priority('x')"]}]}`)

	code, body := s.do("POST", "/api/v1/routing", agent, good)
	require.Equal(t, http.StatusForbidden, code, string(body))
	code, body = s.do("POST", "/api/v1/routing", admin, bad)
	require.Equal(t, http.StatusUnprocessableEntity, code, string(body))
	require.Contains(t, string(body), "rule 1, condition, column 4: there is no function foo")
	require.Contains(t, string(body), "rule 2, action, column 1")
	code, body = s.do("POST", "/api/v1/routing/check", admin, bad)
	require.Equal(t, http.StatusOK, code, string(body))
	var checked struct {
		OK       bool
		Problems []struct {
			Rule, Column int
			Message      string
		}
	}
	require.NoError(t, json.Unmarshal(body, &checked))
	require.False(t, checked.OK)
	require.Len(t, checked.Problems, 2)
	require.Equal(t, []int{1, 4}, []int{checked.Problems[0].Rule, checked.Problems[0].Column})
	code, body = s.do("POST", "/api/v1/routing/check", admin, good)
	require.Equal(t, http.StatusOK, code)
	require.JSONEq(t, `{"ok":true,"problems":[]}`, string(body))

	code, body = s.do("POST", "/api/v1/routing", admin, good)
	require.Equal(t, http.StatusCreated, code, string(body))
	code, body = s.do("POST", "/api/v1/routing/1/activate", admin, nil)
	require.Equal(t, http.StatusNoContent, code, string(body))
	code, _ = s.do("POST", "/api/v1/routing/7/activate", admin, nil)
	require.Equal(t, http.StatusNotFound, code)
	var list struct {
		Active   int
		Versions []struct {
			Version, Rules int
			By, Note       string
		}
	}
	s.get("/api/v1/routing", agent, &list)
	require.Equal(t, 1, list.Active)
	require.Equal(t, 2, list.Versions[0].Rules)
	require.Equal(t, "first", list.Versions[0].Note)
	code, body = s.do("GET", "/api/v1/routing/1", agent, nil)
	require.Equal(t, http.StatusOK, code)
	var stored struct {
		Rules json.RawMessage `json:"routing_rules"`
	}
	require.NoError(t, json.Unmarshal(body, &stored))
	require.JSONEq(t, `[{"condition":"user_level == 'VIP'","action":"assign_to_group('premium')"},
		{"condition":"true","action":"round_robin('default_group')"}]`, string(stored.Rules))
	code, _ = s.do("POST", "/api/v1/routing/0/activate", admin, nil)
	require.Equal(t, http.StatusNoContent, code)
	s.get("/api/v1/routing", agent, &list)
	require.Zero(t, list.Active)
}

func TestRoutingRulesAreTriedOnPastHandoffs(t *testing.T) {
	t.Parallel()
	s := start(t)
	admin := s.key(auth.Admin)
	_, ticket := s.session("")
	visitor := s.connect("/ws/visitor", ticket)
	visitor.send(map[string]any{"t": "hello"})
	visitor.await("welcome", ofType("welcome"))
	visitor.send(map[string]any{"t": "send", "client_id": "6f8f4b34-0d4c-4d0c-9d5e-0f8a3f2f6d11", "body": "I want to talk to a person about a refund"})
	visitor.await("the queue", state("queued"))

	try := map[string]any{"routing_rules": []map[string]any{{"keywords": []string{"refund"}, "action": "assign_to_group('after-sales')"}}}
	code, body := s.do("POST", "/api/v1/routing/try", admin, try)
	require.Equal(t, http.StatusOK, code, string(body))
	var tried struct {
		Tried, Changed int
		Items          []struct {
			Text, Reason  string
			Before, After struct {
				Group string
				Rule  int
			}
		}
	}
	require.NoError(t, json.Unmarshal(body, &tried))
	require.Equal(t, 1, tried.Tried)
	require.Equal(t, 1, tried.Changed)
	require.Equal(t, "after-sales", tried.Items[0].After.Group)
	require.Equal(t, 1, tried.Items[0].After.Rule)
	require.Zero(t, tried.Items[0].Before)
	require.Contains(t, tried.Items[0].Text, "refund")

	code, _ = s.do("POST", "/api/v1/routing/try", admin, map[string]any{})
	require.Equal(t, http.StatusUnprocessableEntity, code)
	code, _ = s.do("POST", "/api/v1/routing/try", s.key(auth.Agent), try)
	require.Equal(t, http.StatusForbidden, code)
}

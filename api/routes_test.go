package api_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"handrail/internal/auth"
)

func TestOnlineStatus(t *testing.T) {
	t.Parallel()
	s := start(t)
	agent, _ := s.agent("Ana")
	path := "/api/v1/agents/online_status?agent_id=" + id(agent)

	code, body := s.do("GET", path, "", nil)
	require.Equal(t, http.StatusUnauthorized, code)
	require.Contains(t, string(body), "API key")

	code, _ = s.do("GET", path, "hrk_wrong", nil)
	require.Equal(t, http.StatusUnauthorized, code)

	code, body = s.do("GET", path, s.key(auth.QualityInspector), nil)
	require.Equal(t, http.StatusOK, code, string(body))
	require.JSONEq(t, `{"agent_id":`+id(agent)+`,"status":"offline","current_session_count":0}`, string(body))

	code, body = s.do("GET", "/api/v1/agents/online_status?agent_id=99999", s.key(auth.Admin), nil)
	require.Equal(t, http.StatusNotFound, code, string(body))

	code, body = s.do("GET", "/api/v1/agents/online_status?agent_id=abc", s.key(auth.Admin), nil)
	require.Equal(t, http.StatusUnprocessableEntity, code, string(body))
}

func TestRolesAreEnforced(t *testing.T) {
	t.Parallel()
	s := start(t)
	keys := map[auth.Role]string{}
	for _, r := range auth.Roles() {
		keys[r] = s.key(r)
	}
	for _, c := range []struct {
		method, path string
		body         any
		need         auth.Permission
	}{
		{"GET", "/api/v1/users", nil, auth.ManageUsers},
		{"POST", "/api/v1/keys", map[string]string{"name": "x", "role": "agent"}, auth.ManageKeys},
		{"GET", "/api/v1/conversations", nil, auth.ReadConversations},
		{"GET", "/api/v1/documents", nil, auth.ReadKnowledge},
		{"POST", "/api/v1/ask", map[string]string{"question": "How long can I return an item?"}, auth.ReadKnowledge},
	} {
		for role, key := range keys {
			code, body := s.do(c.method, c.path, key, c.body)
			if role.May(c.need) {
				require.Equal(t, http.StatusOK, code, "%s %s as %s: %s", c.method, c.path, role, body)
			} else {
				require.Equal(t, http.StatusForbidden, code, "%s %s as %s", c.method, c.path, role)
			}
		}
	}
}

func TestAskCitesItsSource(t *testing.T) {
	t.Parallel()
	s := start(t)
	code, body := s.do("POST", "/api/v1/ask", s.key(auth.Admin), map[string]string{"question": "How long can I return an item?"})
	require.Equal(t, http.StatusOK, code, string(body))
	var a struct {
		Answer, Decision string
		Citations        []struct{ Title, Source string }
	}
	require.NoError(t, json.Unmarshal(body, &a))
	require.Equal(t, "answer", a.Decision, string(body))
	require.Contains(t, a.Answer, "30 days")
	require.Equal(t, "returns.md", a.Citations[0].Source)
}

func TestLoginSetsAStrictCookie(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.agent("Ana")
	login := func(password string) *http.Response {
		res, err := http.Post(s.url+"/api/v1/login", "application/json",
			strings.NewReader(`{"email":"ana@example.com","password":"`+password+`"}`))
		require.NoError(t, err)
		t.Cleanup(func() { _ = res.Body.Close() })
		return res
	}
	require.Equal(t, http.StatusUnauthorized, login("wrong password").StatusCode)
	res := login("a long password")
	require.Equal(t, http.StatusOK, res.StatusCode)
	cookie := res.Cookies()[0]
	require.True(t, cookie.HttpOnly)
	require.Equal(t, http.SameSiteStrictMode, cookie.SameSite)

	me := func() int {
		req, err := http.NewRequestWithContext(t.Context(), "GET", s.url+"/api/v1/me", nil)
		require.NoError(t, err)
		req.AddCookie(cookie)
		res, err := http.DefaultClient.Do(req)
		require.NoError(t, err)
		require.NoError(t, res.Body.Close())
		return res.StatusCode
	}
	require.Equal(t, http.StatusOK, me())
	req, err := http.NewRequestWithContext(t.Context(), "POST", s.url+"/api/v1/logout", nil)
	require.NoError(t, err)
	req.AddCookie(cookie)
	req.Header.Set("Sec-Fetch-Site", "cross-site")
	out, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	require.NoError(t, out.Body.Close())
	require.Equal(t, http.StatusForbidden, out.StatusCode, "another site's page cannot sign anybody out")

	req.Header.Del("Sec-Fetch-Site")
	out, err = http.DefaultClient.Do(req)
	require.NoError(t, err)
	require.NoError(t, out.Body.Close())
	require.Equal(t, http.StatusNoContent, out.StatusCode)
	require.Equal(t, http.StatusUnauthorized, me())
}

func TestPublicPages(t *testing.T) {
	t.Parallel()
	s := start(t)
	for path, want := range map[string]string{
		"/livez": "ok", "/readyz": "ready", "/metrics": "handrail_sockets", "/docs": "online_status", "/widget.js": "widget",
		"/openapi.json": `"openapi":"3.1.0"`, "/console/": "console", "/console/conversations/7": "console",
	} {
		code, body := s.do("GET", path, "", nil)
		require.Equal(t, http.StatusOK, code, path)
		require.Contains(t, string(body), want, path)
	}
	code, body := s.do("GET", "/nothing/here", "", nil)
	require.Equal(t, http.StatusNotFound, code)
	require.Contains(t, string(body), `"status":404`)
}

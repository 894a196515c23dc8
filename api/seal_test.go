package api_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"handrail/internal/auth"
	"handrail/internal/chat"
)

// dump is the whole database as text, as whoever steals a backup reads it: every table, and pg_dump where there is one.
func (s *system) dump() string {
	s.t.Helper()
	conn, err := pgx.Connect(s.t.Context(), s.database)
	require.NoError(s.t, err)
	defer conn.Close(s.t.Context())
	rows, err := conn.Query(s.t.Context(), `
		SELECT quote_ident(schemaname) || '.' || quote_ident(tablename) FROM pg_tables
		WHERE schemaname NOT IN ('pg_catalog', 'information_schema')`)
	require.NoError(s.t, err)
	tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(s.t, err)
	var b strings.Builder
	for _, table := range tables {
		// bytea as text too: convert_from would fail on ciphertext, escape shows whatever is readable in it.
		_, err := conn.Exec(s.t.Context(), `SET bytea_output = 'escape'`)
		require.NoError(s.t, err)
		_, err = conn.PgConn().CopyTo(s.t.Context(), &b, "COPY "+table+" TO STDOUT")
		require.NoError(s.t, err)
	}
	if tool := filepath.Join(os.Getenv("HANDRAIL_PG_BIN"), "pg_dump"); fileExists(tool) {
		out, err := exec.CommandContext(s.t.Context(), tool, "--inserts", "-d", s.database).Output()
		require.NoError(s.t, err)
		b.Write(out)
	}
	return b.String()
}

func fileExists(name string) bool {
	_, err := os.Stat(name)
	return err == nil
}

// TestADumpShowsNothingOfVisitors lets visitors, agents and knowledge managers do what they do, and looks for what visitors
// said, and who they are, in everything that the database holds.
func TestADumpShowsNothingOfVisitors(t *testing.T) {
	t.Parallel()
	s := start(t)
	admin := s.key(auth.Admin)
	agent := s.onlineAgent("Ana")
	_, ticket := s.session("")
	v := s.connect("/ws/visitor", ticket)
	v.send(map[string]any{"t": "hello"})
	say := func(body string) received {
		client := uuid.New()
		v.send(map[string]any{"t": "send", "client_id": client, "body": body})
		return v.await("ack", func(f received) bool { return f.T == "ack" && f.ClientID == client })
	}
	conversation := say("How long can I return an item? My zanzibarword parcel").Conversation
	v.await("the agent", message("assigned")) // the bot does not know the word, and hands off
	c, err := s.log.Conversation(t.Context(), s.workspace, conversation)
	require.NoError(t, err)
	require.NoError(t, s.log.UpdateContact(t.Context(), s.workspace, chat.Contact{ID: c.Contact, Name: "Canaria Quux",
		Email: "canaria@canary.example", Phone: "+49 30 5550199", Lang: "en", Attributes: json.RawMessage(`{"tier":"goldcanary"}`)}))
	say("Do you engrave the kryptonitebell with my order number KX-77123?")
	agent.send(map[string]any{"t": "watch", "conversation": conversation, "cursor": 0})
	agent.send(map[string]any{"t": "send", "conversation": conversation, "client_id": uuid.New(), "body": "remark notecanary", "kind": "note"})
	agent.send(map[string]any{"t": "send", "conversation": conversation, "client_id": uuid.New(), "body": "We engrave every agentcanary bell for 5 EUR within two days."})
	v.await("the reply", func(f received) bool { return f.T == "msg" && f.Sender.Kind == "agent" })
	agent.send(map[string]any{"t": "close", "conversation": conversation, "client_id": uuid.New()})
	v.await("the request for a rating", message("csat_request"))
	v.send(map[string]any{"t": "csat", "client_id": uuid.New(), "score": 5, "comment": "commentcanary"})
	v.await("the rating", message("csat"))
	s.escalate(agent, "Is there a discount for gapcanary unicycles?", "Students get ten percent off gapanswer unicycles all year.")
	s.escalate(agent, "Do you repair gapcanary tandems?", "No workshop repairs tandems at draftanswer since May.")
	code, body := s.do("POST", "/api/v1/evals/cases", admin, map[string]any{"conversation": conversation, "seq": 1})
	require.Equal(t, http.StatusCreated, code, string(body))
	drafts := s.drafts(admin, "open")
	require.NotEmpty(t, drafts, "an answer was offered for review")
	require.NoError(t, s.log.Index(t.Context(), s.workspace, conversation))
	found, err := s.log.Conversations(t.Context(), s.workspace, chat.Filter{Words: "zanzibarword"})
	require.NoError(t, err)
	require.Len(t, found, 1)
	s.runCases(admin, "cases")

	canaries := []string{"zanzibarword", "kryptonitebell", "KX-77123", "notecanary", "agentcanary", "commentcanary", "Canaria",
		"canary.example", "5550199", "goldcanary", "gapcanary", "gapanswer", "draftanswer"}
	text := s.dump()
	require.Contains(t, text, "Standard shipping costs", "the dump holds what is public")
	for _, canary := range canaries {
		require.False(t, strings.Contains(strings.ToLower(text), strings.ToLower(canary)), "%s stands in the database: %s", canary,
			around(text, canary))
	}
	t.Logf("%d bytes of dump, 0 of %d canaries", len(text), len(canaries))

	path := "/api/v1/contacts/" + c.Contact.String()
	_, body = s.do("GET", path, admin, nil)
	require.Contains(t, string(body), "canaria@canary.example")
	code, body = s.do("GET", path+"/export", admin, nil)
	require.Equal(t, http.StatusOK, code, string(body))
	require.Contains(t, string(body), "commentcanary")
	require.NotContains(t, string(body), "notecanary", "what staff say to each other is not the visitor's")
	code, _ = s.do("POST", path+"/erase", s.key(auth.Agent), nil)
	require.Equal(t, http.StatusForbidden, code)
	code, body = s.do("POST", path+"/erase", admin, nil)
	require.Equal(t, http.StatusNoContent, code, string(body))
	for _, p := range []string{path, path + "/export", fmt.Sprintf("/api/v1/conversations/%s/messages", conversation),
		fmt.Sprintf("/api/v1/conversations/%s/evidence", conversation), "/api/v1/conversations?q=zanzibarword",
		"/api/v1/conversations", "/api/v1/evals/cases", "/api/v1/evals/runs", "/api/v1/drafts?state=open", "/api/v1/gaps"} {
		code, body := s.do("GET", p, admin, nil)
		require.Equal(t, http.StatusOK, code, string(body))
		for _, canary := range canaries[:10] {
			require.NotContains(t, string(body), canary, p)
		}
	}
	_, body = s.do("GET", fmt.Sprintf("/api/v1/conversations/%s/messages", conversation), admin, nil)
	require.Contains(t, string(body), `"kind":"erased"`)
}

func around(text, word string) string {
	i := strings.Index(strings.ToLower(text), strings.ToLower(word))
	if i < 0 {
		return ""
	}
	return text[max(0, i-200):min(len(text), i+100)]
}

package api

import (
	"io/fs"
	"log/slog"
	"net/http"
	"testing"
	"testing/fstest"

	"github.com/go-chi/chi/v5"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"handrail/internal/auth"
	"handrail/internal/chat"
)

// TestEveryRouteNamesItsPermission walks the router: a route that was not added through the table has none.
func TestEveryRouteNamesItsPermission(t *testing.T) {
	t.Parallel()
	var none fs.FS = fstest.MapFS{}
	s := New(Config{Log: chat.NewLog(nil, nil, chat.Config{}), Logger: slog.New(slog.DiscardHandler), Metrics: prometheus.NewRegistry(), Console: none, Widget: none})
	routes := 0
	err := chi.Walk(s.router, func(method, route string, _ http.Handler, _ ...func(http.Handler) http.Handler) error {
		routes++
		require.NotEmpty(t, s.permissions[method+" "+route], "%s %s names no permission", method, route)
		return nil
	})
	require.NoError(t, err)
	require.Greater(t, routes, 20)
}

func TestEveryOperationNamesItsPermission(t *testing.T) {
	t.Parallel()
	for name, op := range visitorOperations() {
		require.Equal(t, auth.Visitor, op.permission, name)
		require.NotNil(t, op.run, name)
	}
	for name, op := range agentOperations() {
		require.Contains(t, []auth.Permission{auth.ReadConversations, auth.WorkDesk}, op.permission, name)
		require.NotNil(t, op.run, name)
	}
}

// TestCasesAreForReviewers names who may see what visitors asked and nobody has reviewed.
func TestCasesAreForReviewers(t *testing.T) {
	t.Parallel()
	var none fs.FS = fstest.MapFS{}
	s := New(Config{Log: chat.NewLog(nil, nil, chat.Config{}), Logger: slog.New(slog.DiscardHandler), Metrics: prometheus.NewRegistry(), Console: none, Widget: none})
	for route, want := range map[string]auth.Permission{
		"GET /api/v1/evals/runs": auth.WriteKnowledge, "POST /api/v1/evals/runs": auth.WriteKnowledge,
		"GET /api/v1/evals/runs/{id}": auth.WriteKnowledge, "GET /api/v1/evals/cases": auth.WriteKnowledge,
		"POST /api/v1/evals/cases": auth.AddCases, "PUT /api/v1/evals/cases/{id}": auth.WriteKnowledge,
		"DELETE /api/v1/evals/cases/{id}": auth.WriteKnowledge,
	} {
		require.Equal(t, want, s.permissions[route], route)
	}
	require.True(t, auth.Agent.May(auth.AddCases), "who talks to the visitor may say what the bot should have done")
	require.False(t, auth.Agent.May(auth.WriteKnowledge))
	require.False(t, auth.QualityInspector.May(auth.AddCases), "an inspector changes nothing")
}

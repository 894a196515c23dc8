package api_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"handrail/internal/auth"
	"handrail/internal/postgres"
)

type ingestJob struct {
	ID          int64
	State       string
	Done, Total int
	Error       string
	Report      *struct {
		Added    []string
		Failed   []struct{ Item, Reason string }
		Passages int
	}
}

// enqueue asks for an ingest and returns the path of the job.
func (s *system) enqueue(key string, urls ...string) string {
	s.t.Helper()
	code, body := s.do("POST", "/api/v1/ingest", key, map[string]any{"urls": urls, "collection": "web"})
	require.Equal(s.t, http.StatusAccepted, code, string(body))
	var job ingestJob
	require.NoError(s.t, json.Unmarshal(body, &job))
	return "/api/v1/ingest/" + id(job.ID)
}

// finished waits for the end of a job.
func (s *system) finished(path, key string) ingestJob {
	s.t.Helper()
	var job ingestJob
	require.Eventually(s.t, func() bool {
		code, body := s.do("GET", path, key, nil)
		return code == http.StatusOK && json.Unmarshal(body, &job) == nil && job.Report != nil
	}, 20*time.Second, 20*time.Millisecond)
	return job
}

func TestIngestPages(t *testing.T) {
	t.Parallel()
	pages := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/warranty" {
			http.NotFound(w, r)
			return
		}
		fmt.Fprint(w, "<!doctype html><h1>Warranty</h1><p>Every kettle carries a warranty of seven years.</p>")
	}))
	t.Cleanup(pages.Close)
	s := start(t)
	key := s.key(auth.KnowledgeManager)

	job := s.finished(s.enqueue(key, pages.URL+"/warranty"), key)
	require.Equal(t, "done", job.State)
	require.Equal(t, []string{pages.URL + "/warranty"}, job.Report.Added)
	require.Equal(t, []int{1, 1, 1}, []int{job.Done, job.Total, job.Report.Passages})
	code, body := s.do("GET", "/api/v1/search?q=kettle+warranty", key, nil)
	require.Equal(t, http.StatusOK, code)
	require.Contains(t, string(body), "seven years")

	job = s.finished(s.enqueue(key, pages.URL+"/gone"), key)
	require.Equal(t, "failed", job.State)
	require.Contains(t, job.Error, "404")
	require.Contains(t, job.Report.Failed[0].Reason, "404")
}

func TestIngestRefusals(t *testing.T) {
	t.Parallel()
	s := start(t)
	manager := s.key(auth.KnowledgeManager)
	code, body := s.do("POST", "/api/v1/ingest", manager, map[string]any{"urls": []string{"https://a.example/", "/etc/passwd"}})
	require.Equal(t, http.StatusUnprocessableEntity, code, string(body))
	require.Contains(t, string(body), "/etc/passwd is not an address")
	code, _ = s.do("POST", "/api/v1/ingest", manager, map[string]any{"urls": []string{}})
	require.Equal(t, http.StatusUnprocessableEntity, code)
	code, _ = s.do("GET", "/api/v1/ingest/999999", manager, nil)
	require.Equal(t, http.StatusNotFound, code)
	code, _ = s.do("POST", "/api/v1/ingest", s.key(auth.Agent), map[string]any{"urls": []string{"https://a.example/"}})
	require.Equal(t, http.StatusForbidden, code)
	code, _ = s.do("GET", "/api/v1/ingest/1", "", nil)
	require.Equal(t, http.StatusUnauthorized, code)
}

func TestIngestIsOnRecordAndHidesFromOthers(t *testing.T) {
	t.Parallel()
	s := start(t)
	path := s.enqueue(s.key(auth.Admin), "http://10.0.0.1/", "http://10.0.0.2/")

	db, err := postgres.Open(t.Context(), postgres.Config{URL: s.database, MaxConns: 2, AllowUnsafe: true})
	require.NoError(t, err)
	t.Cleanup(db.Close)
	var actor, target string
	var urls int
	require.NoError(t, db.InTx(t.Context(), s.workspace, func(tx pgx.Tx) error {
		return tx.QueryRow(t.Context(), `
			SELECT actor, target, (data->>'urls')::int FROM audit_log WHERE action = 'ingest.enqueue'`).Scan(&actor, &target, &urls)
	}))
	require.Regexp(t, "^key:", actor)
	require.Equal(t, 2, urls)
	require.Equal(t, "/api/v1/ingest/"+target[len("ingest:"):], path)

	other, err := s.auth.EnsureWorkspace(t.Context(), "other", "Other")
	require.NoError(t, err)
	key, err := s.auth.AddKey(t.Context(), other, "test", "test", auth.Admin)
	require.NoError(t, err)
	code, _ := s.do("GET", path, key, nil)
	require.Equal(t, http.StatusNotFound, code)
}

package api_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"handrail/internal/auth"
	"handrail/internal/postgres"
)

type sourceRow struct {
	ID                         uuid.UUID
	Kind, Location, Collection string
	EveryHours                 int `json:"every_hours"`
	MaxPages                   int `json:"max_pages"`
	Depth, Documents           int
	NextRunAt                  *time.Time `json:"next_run_at"`
	LastRun                    *runRow    `json:"last_run"`
}

type runRow struct {
	ID                                             int64
	State, Error                                   string
	Done, Total, Added, Removed, Unchanged, Failed int
	FinishedAt                                     *time.Time `json:"finished_at"`
	Sources                                        []string
}

// smallSite serves two pages that are linked with each other.
func smallSite(t *testing.T) string {
	t.Helper()
	pages := map[string]string{
		"/":         `<h1>Kettles</h1><p>Every kettle comes with a cup.</p><a href="/warranty">Warranty</a>`,
		"/warranty": `<h1>Warranty</h1><p>Every kettle carries a warranty of seven years.</p><a href="/">Home</a>`,
	}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if body, ok := pages[r.URL.Path]; ok {
			fmt.Fprint(w, "<!doctype html>"+body)
			return
		}
		http.NotFound(w, r)
	}))
	t.Cleanup(s.Close)
	return s.URL
}

func (s *system) sources(key string) []sourceRow {
	s.t.Helper()
	code, body := s.do("GET", "/api/v1/sources", key, nil)
	require.Equal(s.t, http.StatusOK, code, string(body))
	var out struct{ Items []sourceRow }
	require.NoError(s.t, json.Unmarshal(body, &out))
	return out.Items
}

func (s *system) audited(action string) (n int) {
	s.t.Helper()
	db, err := postgres.Open(s.t.Context(), postgres.Config{URL: s.database, MaxConns: 1, AllowUnsafe: true})
	require.NoError(s.t, err)
	defer db.Close()
	require.NoError(s.t, db.InTx(s.t.Context(), s.workspace, func(tx pgx.Tx) error {
		return tx.QueryRow(s.t.Context(), `SELECT count(*) FROM audit_log WHERE action = $1`, action).Scan(&n)
	}))
	return n
}

func TestSourceFromAddingToRemoving(t *testing.T) {
	t.Parallel()
	s, site := start(t), smallSite(t)
	key := s.key(auth.KnowledgeManager)
	code, body := s.do("POST", "/api/v1/sources", key, map[string]any{"kind": "crawl", "location": site, "collection": "web",
		"every_hours": 24, "max_pages": 10, "depth": 2})
	require.Equal(t, http.StatusCreated, code, string(body))
	var added sourceRow
	require.NoError(t, json.Unmarshal(body, &added))
	require.Equal(t, "queued", added.LastRun.State)
	require.NotNil(t, added.NextRunAt)

	job := s.finished(fmt.Sprintf("/api/v1/ingest/%d", added.LastRun.ID), key)
	require.Equal(t, "done", job.State, job.Error)
	got := s.sources(key)
	require.Len(t, got, 1)
	require.Equal(t, added.ID, got[0].ID)
	require.Equal(t, []any{"crawl", "web", 24, 10, 2, 2}, []any{got[0].Kind, got[0].Collection, got[0].EveryHours,
		got[0].MaxPages, got[0].Depth, got[0].Documents})
	require.Equal(t, []any{"done", 2, 2, 2}, []any{got[0].LastRun.State, got[0].LastRun.Done, got[0].LastRun.Total, got[0].LastRun.Added})

	path := "/api/v1/sources/" + added.ID.String()
	code, body = s.do("POST", path+"/run", key, nil)
	require.Equal(t, http.StatusAccepted, code, string(body))
	var run struct{ ID int64 }
	require.NoError(t, json.Unmarshal(body, &run))
	require.NotEqual(t, added.LastRun.ID, run.ID)
	s.finished(fmt.Sprintf("/api/v1/ingest/%d", run.ID), key)
	code, body = s.do("GET", "/api/v1/ingest?limit=1&source="+added.ID.String(), key, nil)
	require.Equal(t, http.StatusOK, code, string(body))
	var runs struct{ Items []runRow }
	require.NoError(t, json.Unmarshal(body, &runs))
	require.Len(t, runs.Items, 1)
	require.Equal(t, []any{run.ID, "done", 2}, []any{runs.Items[0].ID, runs.Items[0].State, runs.Items[0].Unchanged})
	require.Equal(t, []string{got[0].Location}, runs.Items[0].Sources)

	code, body = s.do("DELETE", path+"?documents=true", key, nil)
	require.Equal(t, http.StatusNoContent, code, string(body))
	require.Empty(t, s.sources(key))
	_, body = s.do("GET", "/api/v1/documents?collection=web", key, nil)
	require.JSONEq(t, `{"items":[]}`, string(body))
	for _, action := range []string{"source.add", "source.run", "source.remove"} {
		require.Equal(t, 1, s.audited(action), action)
	}
}

func TestARemovalThatFailedGoesOn(t *testing.T) {
	t.Parallel()
	s, site := start(t), smallSite(t)
	key := s.key(auth.KnowledgeManager)
	code, body := s.do("POST", "/api/v1/sources", key, map[string]any{"kind": "crawl", "location": site, "collection": "web"})
	require.Equal(t, http.StatusCreated, code, string(body))
	code, body = s.do("POST", "/api/v1/sources", key, map[string]any{"kind": "page", "location": site + "/warranty", "collection": "web"})
	require.Equal(t, http.StatusCreated, code, string(body))
	var crawl sourceRow
	for _, one := range s.sources(key) {
		require.Equal(t, "done", s.finished(fmt.Sprintf("/api/v1/ingest/%d", one.LastRun.ID), key).State)
		if one.Kind == "crawl" {
			crawl = one
		}
	}
	owner, err := pgx.Connect(t.Context(), s.database)
	require.NoError(t, err)
	defer owner.Close(t.Context())
	_, err = owner.Exec(t.Context(), `
		CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'out of order'; END $$;
		CREATE TRIGGER refuse BEFORE DELETE ON documents FOR EACH ROW EXECUTE FUNCTION refuse()`)
	require.NoError(t, err)
	path := "/api/v1/sources/" + crawl.ID.String() + "?documents=true"
	code, _ = s.do("DELETE", path, key, nil)
	require.Equal(t, http.StatusInternalServerError, code)
	require.Len(t, s.sources(key), 2, "the source keeps what could not be removed")
	_, err = owner.Exec(t.Context(), `DROP TRIGGER refuse ON documents`)
	require.NoError(t, err)
	code, body = s.do("DELETE", path, key, nil)
	require.Equal(t, http.StatusNoContent, code, string(body))
	left := s.sources(key)
	require.Len(t, left, 1)
	require.Equal(t, []any{"page", 1}, []any{left[0].Kind, left[0].Documents}, "what another source holds stays")
	require.Equal(t, 1, s.audited("source.remove"))
}

func TestSourceRefusals(t *testing.T) {
	t.Parallel()
	s, site := start(t), smallSite(t)
	key := s.key(auth.KnowledgeManager)
	for _, bad := range []map[string]any{
		{"kind": "folder", "location": "/etc"}, {"kind": "file", "location": "/etc/passwd"},
		{"kind": "page", "location": "/etc/passwd"}, {"kind": "page", "location": "file:///etc/passwd"},
		{"kind": "crawl", "location": "https://me:secret@a.example/"}, {"kind": "crawl", "location": "https://a.example/", "depth": 99},
	} {
		code, body := s.do("POST", "/api/v1/sources", key, bad)
		require.Equal(t, http.StatusUnprocessableEntity, code, "%v: %s", bad, body)
	}
	page := map[string]any{"kind": "page", "location": site + "/warranty"}
	code, _ := s.do("POST", "/api/v1/sources", s.key(auth.Agent), page)
	require.Equal(t, http.StatusForbidden, code)
	code, _ = s.do("POST", "/api/v1/sources", key, page)
	require.Equal(t, http.StatusCreated, code)
	code, body := s.do("POST", "/api/v1/sources", key, page)
	require.Equal(t, http.StatusConflict, code, string(body))
	code, _ = s.do("POST", "/api/v1/sources/"+uuid.NewString()+"/run", key, nil)
	require.Equal(t, http.StatusNotFound, code)
	code, _ = s.do("DELETE", "/api/v1/sources/"+uuid.NewString(), key, nil)
	require.Equal(t, http.StatusNotFound, code)

	other, err := s.auth.EnsureWorkspace(t.Context(), "other", "Other")
	require.NoError(t, err)
	stranger, err := s.auth.AddKey(t.Context(), other, "test", "test", auth.Admin)
	require.NoError(t, err)
	require.Empty(t, s.sources(stranger))
	code, _ = s.do("DELETE", "/api/v1/sources/"+s.sources(key)[0].ID.String(), stranger, nil)
	require.Equal(t, http.StatusNotFound, code)
}

func TestDocumentRemovalIsOnRecord(t *testing.T) {
	t.Parallel()
	s := start(t)
	key := s.key(auth.KnowledgeManager)
	_, body := s.do("GET", "/api/v1/documents", key, nil)
	var docs struct{ Items []struct{ ID uuid.UUID } }
	require.NoError(t, json.Unmarshal(body, &docs))
	code, body := s.do("DELETE", "/api/v1/documents/"+docs.Items[0].ID.String(), key, nil)
	require.Equal(t, http.StatusNoContent, code, string(body))
	require.Equal(t, 1, s.audited("document.remove"))
}

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

const shopIntents = `intents:
- name: order_status
  label: {en: Track an order}
  examples: {en: [where is my parcel, when will it arrive, track my order, has it shipped, where is my order]}
- name: refund
  examples: {en: [i want my money back, refund me, when do i get my refund, pay me back, reimburse me]}
out_of_scope:
  en: [who painted the mona lisa, what is the capital of peru, sing me a song]
`

// get reads an object.
func (s *system) get(path, key string, into any) {
	s.t.Helper()
	code, body := s.do("GET", path, key, nil)
	require.Equal(s.t, http.StatusOK, code, string(body))
	require.NoError(s.t, json.Unmarshal(body, into), string(body))
}

type trainingRow struct {
	ID                  uuid.UUID
	State, Stage, Error string
	Done, Total         int
	Version             int
	StartedAt           time.Time  `json:"started_at"`
	EndedAt             *time.Time `json:"ended_at"`
}

// trained asks for a training and waits for its end.
func (s *system) trained(key string, body map[string]any) (row trainingRow) {
	s.t.Helper()
	code, b := s.do("POST", "/api/v1/intents/trainings", key, body)
	require.Equal(s.t, http.StatusAccepted, code, string(b))
	require.NoError(s.t, json.Unmarshal(b, &row))
	path := "/api/v1/intents/trainings/" + row.ID.String()
	require.Eventually(s.t, func() bool {
		s.get(path, key, &row)
		return row.EndedAt != nil
	}, 20*time.Second, 20*time.Millisecond)
	return row
}

func TestIntentsFromTrainingToGoingBack(t *testing.T) {
	t.Parallel()
	s := start(t)
	manager := s.key(auth.KnowledgeManager)
	var catalog struct {
		Version int
		YAML    string
	}
	s.get("/api/v1/intents/catalog", manager, &catalog)
	require.Zero(t, catalog)

	row := s.trained(manager, map[string]any{"format": "yaml", "text": shopIntents, "note": "first", "activate": true})
	require.Equal(t, "done", row.State, row.Error)
	require.Equal(t, 1, row.Version)
	row = s.trained(manager, map[string]any{"format": "csv", "text": "text,intent\nare you open on sunday,hours\nwhat time do you close,hours\n"})
	require.Equal(t, 2, row.Version)

	var versions struct {
		Items []struct {
			Version, Intents, Examples int
			Active                     bool
			Note                       string
			Accuracy                   *float64
			OOSRecall                  *float64  `json:"oos_recall"`
			TrainedAt                  time.Time `json:"trained_at"`
		}
	}
	s.get("/api/v1/intents/versions", manager, &versions)
	require.Len(t, versions.Items, 2)
	require.Equal(t, 2, versions.Items[0].Version)
	require.False(t, versions.Items[0].Active, "only where it was asked for")
	require.Equal(t, "first", versions.Items[1].Note)
	require.Equal(t, 13, versions.Items[1].Examples)
	require.NotNil(t, versions.Items[1].Accuracy)
	require.NotNil(t, versions.Items[1].OOSRecall)

	code, body := s.do("POST", "/api/v1/intents/versions/2/activate", manager, nil)
	require.Equal(t, http.StatusNoContent, code, string(body))
	require.Equal(t, 1, s.audited("intent.activate"))
	require.Equal(t, 2, s.audited("intent.training"))
	require.Equal(t, 2, s.audited("intent.train"))
	s.get("/api/v1/intents/catalog", manager, &catalog)
	require.Equal(t, 2, catalog.Version)
	require.Contains(t, catalog.YAML, "- are you open on sunday")
	s.get("/api/v1/intents/catalog?version=1", manager, &catalog)
	require.NotContains(t, catalog.YAML, "hours")

	var compared struct {
		A, B, Examples int
		Accuracy       struct{ A, B *float64 }
		OOSRecall      *struct{ A, B float64 } `json:"oos_recall"`
		Intents        []struct {
			Name string
			N    int
			A, B struct{ Precision, Recall, F1 float64 }
		}
		Confusion, Flipped []map[string]any
	}
	s.get("/api/v1/intents/compare?a=1&b=2", manager, &compared)
	require.Equal(t, 15, compared.Examples)
	require.NotNil(t, compared.OOSRecall)
	require.Len(t, compared.Intents, 4)
	require.NotNil(t, compared.Flipped)

	var tried struct {
		Version      int
		Intent       string
		Probability  float64
		Alternatives []struct{ Name string }
		Entities     []struct{ Type, Text, Value string }
		WantsPerson  bool `json:"wants_person"`
		Anger        float64
	}
	code, body = s.do("POST", "/api/v1/intents/try", manager, map[string]any{"text": "where is my order HP-30112456"})
	require.Equal(t, http.StatusOK, code, string(body))
	require.NoError(t, json.Unmarshal(body, &tried))
	require.Equal(t, "order_status", tried.Intent, string(body))
	require.Len(t, tried.Alternatives, 3)
	require.Equal(t, "order_number", tried.Entities[0].Type)

	var list struct{ Items []trainingRow }
	s.get("/api/v1/intents/trainings", manager, &list)
	require.Len(t, list.Items, 2)
	require.Equal(t, 2, list.Items[0].Version)
}

func TestIntentChecksNameTheLines(t *testing.T) {
	t.Parallel()
	s := start(t)
	manager := s.key(auth.KnowledgeManager)
	bad := map[string]any{"format": "csv", "text": "text,intent\nwhere is it,order_status\nWhere is it?,refund\n"}
	code, body := s.do("POST", "/api/v1/intents/check", manager, bad)
	require.Equal(t, http.StatusOK, code, string(body))
	var checked struct {
		Intents, Examples int
		Findings          []struct {
			Severity, Kind, Intent, Other, Text, Message string
			Line                                         int
			OtherLine                                    int `json:"other_line"`
		}
	}
	require.NoError(t, json.Unmarshal(body, &checked))
	require.Len(t, checked.Findings, 3)
	f := checked.Findings[1]
	require.Equal(t, []any{"error", "duplicate", 3, 2, "refund", "order_status", "Where is it?"},
		[]any{f.Severity, f.Kind, f.Line, f.OtherLine, f.Intent, f.Other, f.Text})

	code, body = s.do("POST", "/api/v1/intents/trainings", manager, bad)
	require.Equal(t, http.StatusUnprocessableEntity, code)
	require.Contains(t, string(body), "line 3: the example")
	code, _ = s.do("POST", "/api/v1/intents/check", manager, map[string]any{"format": "xml", "text": "x"})
	require.Equal(t, http.StatusUnprocessableEntity, code)
	code, _ = s.do("POST", "/api/v1/intents/check", manager, map[string]any{"format": "csv", "text": strings.Repeat("x", 17<<20)})
	require.Equal(t, http.StatusRequestEntityTooLarge, code)
	code, _ = s.do("GET", "/api/v1/intents/compare?a=1&b=1", manager, nil)
	require.Equal(t, http.StatusUnprocessableEntity, code)
	code, _ = s.do("POST", "/api/v1/intents/versions/5/activate", manager, nil)
	require.Equal(t, http.StatusNotFound, code)
	code, _ = s.do("GET", "/api/v1/intents/catalog?version=5", manager, nil)
	require.Equal(t, http.StatusNotFound, code)
	code, _ = s.do("GET", "/api/v1/intents/trainings/"+uuid.NewString(), manager, nil)
	require.Equal(t, http.StatusNotFound, code)
}

func TestWhatVisitorsSayIsSuggested(t *testing.T) {
	t.Parallel()
	s := start(t)
	manager := s.key(auth.KnowledgeManager)
	agent := s.onlineAgent("Ana")
	conversation := s.escalate(agent, "Do you engrave initials on wallets for ana@shop.example?", "Yes.")
	var list struct {
		Items []struct {
			Text, Lang, Intent string
			Probability        float64
			Conversation       uuid.UUID
			Seq                int64
			At                 time.Time
		}
	}
	s.get("/api/v1/intents/suggestions", manager, &list)
	require.Len(t, list.Items, 1)
	require.Equal(t, "Do you engrave initials on wallets for [e-mail]?", list.Items[0].Text)
	require.Equal(t, conversation, list.Items[0].Conversation)
	require.Positive(t, list.Items[0].Seq)
}

func TestIntentsNeedTheirPermissions(t *testing.T) {
	t.Parallel()
	s := start(t)
	reads := []string{"GET /api/v1/intents/versions", "GET /api/v1/intents/catalog", "GET /api/v1/intents/trainings"}
	writes := []string{"POST /api/v1/intents/check", "POST /api/v1/intents/trainings", "POST /api/v1/intents/versions/1/activate",
		"GET /api/v1/intents/suggestions"}
	for _, role := range auth.Roles() {
		key := s.key(role)
		for _, list := range [][]string{reads, writes} {
			for _, call := range list {
				method, path, _ := strings.Cut(call, " ")
				code, _ := s.do(method, path, key, map[string]any{})
				mayWrite := role == auth.Admin || role == auth.KnowledgeManager
				require.Equal(t, !mayWrite && &list[0] == &writes[0], code == http.StatusForbidden, "%s %s: %d", role, call, code)
				require.NotEqual(t, http.StatusInternalServerError, code)
			}
		}
	}
	for _, call := range append(reads, writes...) {
		method, path, _ := strings.Cut(call, " ")
		code, _ := s.do(method, path, "", map[string]any{})
		require.Equal(t, http.StatusUnauthorized, code, call)
	}
}

package api_test

import (
	"context"
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"handrail/bot"
	"handrail/evals"
	"handrail/internal/auth"
)

// evalCase is a case as the API shows it.
type evalCase struct {
	ID             uuid.UUID
	Question       string
	History        []string
	Lang, Decision string
	Sources        []string
	Facts          [][]string
	Tags           []string
	Conversation   *uuid.UUID
	Seq            int64
	Author         string
	CreatedAt      time.Time `json:"created_at"`
}

type evalRun struct {
	ID                         uuid.UUID
	Suite, State, Error        string
	Done, Total, Cases, Passed int
	Metrics                    map[string]float64
	Regressions                json.RawMessage
	RiskCoverage               []struct{ Coverage, Accuracy float64 } `json:"risk_coverage"`
	Results                    []struct {
		ID, Question, Expected, Decision, Reason, Reply string
		Tags, Sources, Failures                         []string
		Pass                                            bool
	}
}

// request sends a request, checks the status and decodes the answer.
func request[T any](s *system, method, path, key string, body any, want int) (out T) {
	s.t.Helper()
	code, b := s.do(method, path, key, body)
	require.Equal(s.t, want, code, string(b))
	if len(b) > 0 {
		require.NoError(s.t, json.Unmarshal(b, &out), string(b))
	}
	return out
}

// answered lets a visitor ask and the bot answer.
func (s *system) answered(questions ...string) (conversation uuid.UUID, seq int64) {
	s.t.Helper()
	_, ticket := s.session("")
	visitor := s.connect("/ws/visitor", ticket)
	visitor.send(map[string]any{"t": "hello"})
	for _, q := range questions {
		visitor.send(map[string]any{"t": "send", "client_id": uuid.New(), "body": q})
		ack := visitor.await("ack", ofType("ack"))
		conversation, seq = ack.Conversation, ack.Seq
		visitor.await("the reply", func(f received) bool {
			return f.T == "msg" && f.Sender.Kind == "bot" && f.Kind == "text" && f.Seq > seq
		})
	}
	return conversation, seq
}

func (s *system) endOf(key string, id uuid.UUID) (r evalRun) {
	s.t.Helper()
	require.Eventually(s.t, func() bool {
		r = request[evalRun](s, "GET", "/api/v1/evals/runs/"+id.String(), key, nil, http.StatusOK)
		return r.State != "running"
	}, 20*time.Second, 20*time.Millisecond)
	return r
}

func (s *system) runCases(key, suite string) evalRun {
	s.t.Helper()
	out := request[struct{ ID uuid.UUID }](s, "POST", "/api/v1/evals/runs", key, map[string]string{"suite": suite}, http.StatusAccepted)
	return s.endOf(key, out.ID)
}

func TestATurnBecomesACaseAndRuns(t *testing.T) {
	t.Parallel()
	s := start(t)
	manager := s.key(auth.KnowledgeManager)
	conversation, seq := s.answered("I am ada@example.com. What does standard shipping cost within Germany?", "How long can I return an item?")
	made := request[evalCase](s, "POST", "/api/v1/evals/cases", manager, map[string]any{"conversation": conversation, "seq": seq}, http.StatusCreated)
	require.Equal(t, "How long can I return an item?", made.Question)
	require.Equal(t, []string{"I am [e-mail]. What does standard shipping cost within Germany?"}, made.History)
	require.Equal(t, "answer", made.Decision)
	require.Equal(t, []string{"returns.md"}, made.Sources)
	require.Equal(t, []string{"conversation", "answerable"}, made.Tags)
	require.Equal(t, []any{"en", conversation, seq, "test"}, []any{made.Lang, *made.Conversation, made.Seq, made.Author})
	request[struct{}](s, "POST", "/api/v1/evals/cases", manager, map[string]any{"conversation": conversation, "seq": seq}, http.StatusConflict)

	run := s.runCases(manager, "cases")
	require.Equal(t, []any{"done", 1, 1, 1, 1}, []any{run.State, run.Done, run.Total, run.Cases, run.Passed}, "%+v", run)
	require.JSONEq(t, "[]", string(run.Regressions))
	require.Len(t, run.RiskCoverage, 10)
	require.Contains(t, run.Results[0].Reply, "30 days")

	path := "/api/v1/evals/cases/" + made.ID.String()
	changed := request[evalCase](s, "PUT", path, manager, map[string]any{"facts": [][]string{{"90 days", " "}, {}}, "tags": []string{"returns"}}, http.StatusOK)
	require.Equal(t, [][]string{{"90 days"}}, changed.Facts)
	require.Equal(t, []string{"returns"}, changed.Tags)
	require.Equal(t, made.Question, changed.Question, "what is left out stays")
	run = s.runCases(manager, "cases")
	require.Equal(t, []string{`the reply lacks "90 days"`}, run.Results[0].Failures)
	require.JSONEq(t, "[]", string(run.Regressions), "the case has changed, not the bot")

	list := request[struct{ Items []map[string]any }](s, "GET", "/api/v1/evals/runs?limit=1", manager, nil, http.StatusOK)
	require.Len(t, list.Items, 1)
	require.EqualValues(t, 0, list.Items[0]["regressions"], "a number in the list")
	request[struct{}](s, "DELETE", path, manager, nil, http.StatusNoContent)
	request[struct{}](s, "DELETE", path, manager, nil, http.StatusNotFound)
	request[struct{}](s, "PUT", path, manager, map[string]any{"question": "x?"}, http.StatusNotFound)
	request[struct{}](s, "POST", "/api/v1/evals/runs", manager, map[string]string{"suite": "cases"}, http.StatusUnprocessableEntity)
	require.Equal(t, 3, s.audited("eval.case.add")+s.audited("eval.case.update")+s.audited("eval.case.remove"))
	require.Equal(t, 2, s.audited("eval.run"))
}

// Who makes the case knows better than the bot what would have been right.
func TestACaseMayContradictTheBot(t *testing.T) {
	t.Parallel()
	s := start(t)
	admin := s.key(auth.Admin)
	conversation, seq := s.answered("Do you engrave wallets for order HP-20417?")
	body := map[string]any{"conversation": conversation, "seq": seq, "decision": "answer", "sources": []string{"engraving.md"},
		"question": "Do you engrave wallets?"}
	made := request[evalCase](s, "POST", "/api/v1/evals/cases", admin, body, http.StatusCreated)
	require.Equal(t, []any{"answer", "Do you engrave wallets?"}, []any{made.Decision, made.Question})
	require.Equal(t, []string{"engraving.md"}, made.Sources)
	require.Contains(t, made.Tags, "unanswerable", "what the bot lacked; the author may say otherwise")

	for name, wrong := range map[string]map[string]any{
		"no question": {"question": " \x00"}, "no such decision": {"decision": "shrug"}, "no language": {"lang": "12"},
	} {
		code, b := s.do("PUT", "/api/v1/evals/cases/"+made.ID.String(), admin, wrong)
		require.Equal(t, http.StatusUnprocessableEntity, code, "%s: %s", name, b)
	}
	request[struct{}](s, "POST", "/api/v1/evals/cases", admin, map[string]any{"conversation": conversation, "seq": seq + 1}, http.StatusNotFound)
	request[struct{}](s, "POST", "/api/v1/evals/cases", admin, map[string]any{"conversation": uuid.New(), "seq": 1}, http.StatusNotFound)
}

func TestPublishedDraftsAreCasesToo(t *testing.T) {
	t.Parallel()
	s := start(t)
	manager := s.key(auth.KnowledgeManager)
	d := s.act("POST", "/api/v1/drafts", manager, map[string]string{"question": "Do you engrave leather wallets?", "answer": "We engrave up to three initials."}, 201)
	s.act("POST", "/api/v1/drafts/"+d.ID.String()+"/publish", manager, nil, 200)
	require.Equal(t, 1, s.runCases(manager, "reviewed").Passed)
	conversation, seq := s.answered("How long can I return an item?")
	request[evalCase](s, "POST", "/api/v1/evals/cases", manager, map[string]any{"conversation": conversation, "seq": seq}, http.StatusCreated)
	run := s.runCases(manager, "cases")
	require.Equal(t, 2, run.Cases)
	require.Equal(t, "draft-"+d.ID.String(), run.Results[0].ID)
}

// Agents make cases of the conversations that they may read, and see nothing of the others or of the runs.
func TestWhoMayDoWhatWithCases(t *testing.T) {
	t.Parallel()
	s := start(t)
	conversation, seq := s.answered("How long can I return an item?")
	agent, inspector := s.key(auth.Agent), s.key(auth.QualityInspector)
	body := map[string]any{"conversation": conversation, "seq": seq}
	request[struct{}](s, "POST", "/api/v1/evals/cases", inspector, body, http.StatusForbidden)
	request[struct{}](s, "POST", "/api/v1/evals/cases", agent, body, http.StatusNotFound)
	for _, key := range []string{agent, inspector} {
		request[struct{}](s, "GET", "/api/v1/evals/runs", key, nil, http.StatusForbidden)
		request[struct{}](s, "GET", "/api/v1/evals/cases", key, nil, http.StatusForbidden)
		request[struct{}](s, "POST", "/api/v1/evals/runs", key, map[string]string{"suite": "cases"}, http.StatusForbidden)
	}
	_, ticket := s.session("")
	visitor := s.connect("/ws/visitor", ticket)
	visitor.send(map[string]any{"t": "hello"})
	visitor.send(map[string]any{"t": "send", "client_id": uuid.New(), "body": "Do you engrave leather wallets?"})
	ack := visitor.await("ack", ofType("ack"))
	visitor.await("the queue", state("queued"))
	made := request[evalCase](s, "POST", "/api/v1/evals/cases", agent, map[string]any{"conversation": ack.Conversation, "seq": ack.Seq}, http.StatusCreated)
	require.Equal(t, "handoff", made.Decision)
}

// reviewed are the published drafts as cases.
func (s *system) reviewed(ctx context.Context, ws uuid.UUID) (list []evals.Case, err error) {
	cases, err := s.curator.Cases(ctx, ws)
	for _, c := range cases {
		list = append(list, evals.Case{ID: c.ID, Question: c.Question, Lang: c.Lang, Decision: bot.Answer, Sources: []string{c.Source}})
	}
	return list, err
}

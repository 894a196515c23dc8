package faults_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"handrail/internal/client"
	"handrail/internal/faults"
)

// TestF13Webhooks posts to an endpoint that fails, stalls and repeats nothing, while nodes die.
func TestF13Webhooks(t *testing.T) {
	parallel(t)
	s := newSink(t)
	c := boot(t, faults.Options{Env: []string{"HANDRAIL_WEBHOOK_ALLOW_NETWORKS=127.0.0.0/8"}})
	s.register(t, c)
	wanted := times(60, 10_000)
	var quiet atomic.Bool
	turnRound(t, c, &quiet)
	kills := 0
	within(t, time.Hour, "events are emitted", func() bool {
		if shared.full && s.count() > (kills+1)*wanted/5 { // a plain run does not wait until dead nodes' jobs are found
			n := c.Nodes[kills%len(c.Nodes)]
			require.NoError(t, n.Kill())
			require.NoError(t, n.Restart(t.Context()))
			kills++
		}
		return s.count() >= wanted
	})
	quiet.Store(true)
	var ids map[string]bool
	within(t, 5*time.Minute, "every event is delivered", func() bool {
		ids = emitted(t, c)
		return s.has(ids)
	})
	shared.report.Count("F13", "events emitted", len(ids), "")
	shared.report.Count("F13", "nodes killed", kills, "")
	shared.report.Count("F13", "requests answered with 500", s.failed, "")
	shared.report.Count("F13", "events not delivered", 0, "0")
	shared.report.Count("F13", "bodies that changed between attempts", s.changed, "0")
	require.Zero(t, s.changed)
}

// sink is an endpoint on a bad day.
type sink struct {
	*httptest.Server
	mu       sync.Mutex
	accepted map[string]bool   // by event
	bodies   map[string]string // of the first attempt
	failed   int
	changed  int
}

func newSink(t *testing.T) *sink {
	s := &sink{accepted: map[string]bool{}, bodies: map[string]string{}}
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	return s
}

func (s *sink) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var body bytes.Buffer
	_, _ = body.ReadFrom(r.Body)
	id := r.Header.Get("webhook-id")
	s.mu.Lock()
	defer s.mu.Unlock()
	if first, known := s.bodies[id]; known && first != body.String() {
		s.changed++
	}
	s.bodies[id] = body.String()
	if rand.IntN(10) == 0 {
		s.failed++
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	s.accepted[strings.TrimPrefix(id, "evt_")] = true
}

func (s *sink) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.accepted)
}

func (s *sink) has(ids map[string]bool) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for id := range ids {
		if !s.accepted[id] {
			return false
		}
	}
	return len(ids) > 0
}

// register adds the endpoint over the API.
func (s *sink) register(t *testing.T, c *faults.Cluster) {
	key, err := c.Run(t.Context(), "", "key", "add", "--name", "faults", "--role", "admin")
	require.NoError(t, err)
	body, err := json.Marshal(map[string]any{"url": s.URL, "events": []string{"conversation.queued", "conversation.assigned"}})
	require.NoError(t, err)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, c.Nodes[0].Direct()+"/api/v1/webhooks", bytes.NewReader(body))
	require.NoError(t, err)
	r.Header.Set("Authorization", "Bearer "+strings.TrimSpace(key))
	r.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer response.Body.Close()
	require.Less(t, response.StatusCode, 300, "%s", response.Status)
}

// turnRound lets visitors call for a person again and again, and agents give everything back, until all is quiet.
func turnRound(t *testing.T, c *faults.Cluster, quiet *atomic.Bool) {
	emails, err := c.Hire(t.Context(), 2)
	require.NoError(t, err)
	config := client.Config{URLs: c.URLs(), PauseFirst: 50 * time.Millisecond, PauseMost: time.Second}
	for _, email := range emails {
		var a *client.Agent
		a, err := client.NewAgent(config, email, faults.Password, client.Handlers{Desk: func(d client.Desk) {
			for _, m := range d.Mine {
				a.Watch(m.Conversation, m.LastSeq)
				if a.Pending() < 20 && !quiet.Load() {
					a.Return(m.Conversation)
				}
			}
		}})
		require.NoError(t, err)
		a.SetStatus("online")
		live(t, a.Run)
	}
	for i := range 10 {
		var v *client.Visitor
		v, err := client.NewVisitor(config, client.Site{Key: c.Widget}, client.Handlers{State: func(s client.State) {
			if s.State == "bot" && s.Conversation != "" {
				v.CallPerson()
			}
		}})
		require.NoError(t, err)
		v.Send(fmt.Sprintf("hello from %d", i))
		live(t, v.Run)
	}
}

// emitted are the events that were committed.
func emitted(t *testing.T, c *faults.Cluster) map[string]bool {
	ids := map[string]bool{}
	require.NoError(t, c.DB.InSystemTx(t.Context(), func(tx pgx.Tx) error {
		rows, err := tx.Query(t.Context(), `
			SELECT args->>'event' FROM river_job WHERE kind = 'webhook'`)
		if err != nil {
			return err
		}
		list, err := pgx.CollectRows(rows, pgx.RowTo[string])
		for _, id := range list {
			ids[id] = true
		}
		return err
	}))
	return ids
}

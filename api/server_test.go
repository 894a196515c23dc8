package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/uuid"
	"github.com/gorilla/websocket"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"handrail/api"
	"handrail/bot"
	"handrail/curation"
	"handrail/evals"
	"handrail/handoff"
	"handrail/ingest"
	"handrail/intent"
	"handrail/internal/auth"
	"handrail/internal/chat"
	"handrail/internal/events"
	"handrail/internal/postgres"
	"handrail/internal/postgres/pgtest"
	"handrail/internal/webhook"
	"handrail/knowledge"
)

// system is one node with everything running over a database of the test's own.
type system struct {
	t         *testing.T
	url       string
	database  string
	workspace uuid.UUID
	widget    string
	db        *postgres.DB
	auth      *auth.Store
	log       *chat.Log
	desk      *handoff.Desk
	curator   *curation.Curator
	intents   *intent.Classifier
	server    *api.Server
}

func start(t *testing.T) *system {
	t.Helper()
	return startOn(t, pgtest.URL(t))
}

// startOn runs a node on a database that other nodes of the test may share.
func startOn(t *testing.T, database string) *system {
	t.Helper()
	ctx := context.WithoutCancel(t.Context())
	db, err := postgres.Open(ctx, postgres.Config{URL: database, MaxConns: 10, AllowUnsafe: true})
	require.NoError(t, err)
	bus, err := events.Open(ctx, events.Config{})
	require.NoError(t, err)
	logger := slog.New(slog.NewTextHandler(io.Discard, nil))
	s := &system{t: t, database: database, db: db, auth: auth.NewStore(db)}
	s.workspace, err = s.auth.EnsureWorkspace(ctx, auth.DefaultWorkspace, "Test")
	require.NoError(t, err)
	s.widget, err = s.auth.EnsureWidget(ctx, s.workspace, "shop", []string{"https://shop.example"})
	require.NoError(t, err)
	base := knowledge.New(db, nil)
	pipeline := ingest.New(base, ingest.Config{AllowNetworks: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}})
	_, err = pipeline.RunFS(ctx, s.workspace, fstest.MapFS{
		"returns.md": {Data: []byte("# Returns\n\n## How long can I return an item?\n\nYou can return an item within 30 days of delivery.\n")},
		"fees.md":    {Data: []byte("# Shipping fees\n\nStandard shipping costs 4.90 EUR within Germany.\n")},
	}, ".", ingest.Options{Collection: "help"})
	require.NoError(t, err)
	s.log = chat.NewLog(db, bus, chat.Config{})
	hooks, err := webhook.New(db, webhook.Config{AllowNetworks: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, Logger: logger})
	require.NoError(t, err)
	desk := handoff.New(db, s.log, bus, handoff.Config{Hooks: hooks})
	s.desk = desk
	s.intents = intent.NewClassifier(db)
	trainer := intent.NewTrainer(s.intents, logger)
	b := bot.New(bot.Config{DB: db, Log: s.log, Base: base, Classifier: s.intents, Desk: desk, Logger: logger,
		Settings: bot.Settings{Name: "Bot"}})
	worker := bot.NewWorker(bot.WorkerConfig{Bot: b, Log: s.log, Node: uuid.NewString(), Logger: logger, Concurrency: 2})
	jobs, err := ingest.NewJobs(db, pipeline, logger)
	require.NoError(t, err)
	s.curator = curation.New(curation.Config{DB: db, Base: base, Bot: b, Mask: intent.Mask, Logger: logger})
	runs := evals.NewStore(evals.StoreConfig{DB: db, Bot: b, Logger: logger, Reviewed: s.reviewed, Poll: 50 * time.Millisecond})
	s.server = api.New(api.Config{DB: db, Bus: bus, Log: s.log, Desk: desk, Bot: b, Base: base, Jobs: jobs, Auth: s.auth, Curator: s.curator, Hooks: hooks,
		Evals: runs, Classifier: s.intents, Trainer: trainer, Workspace: s.workspace, Version: "test", Logger: logger, Metrics: prometheus.NewRegistry(),
		Console: fstest.MapFS{"index.html": {Data: []byte("<!doctype html>console")}},
		Widget:  fstest.MapFS{"widget.js": {Data: []byte("// widget")}}})
	s.log.Start(ctx)
	require.NoError(t, hooks.Start(ctx))
	desk.Start(ctx)
	worker.Start(ctx)
	s.curator.Start(ctx)
	trainer.Start(ctx)
	runs.Start(ctx)
	require.NoError(t, jobs.Start(ctx))
	wake, err := bus.Subscribe("turn.due", func(string, []byte) { worker.Wake() })
	require.NoError(t, err)
	ended, err := bus.Subscribe("desk.*", func(string, []byte) { s.curator.Wake() })
	require.NoError(t, err)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	s.url = "http://" + l.Addr().String()
	done := make(chan error, 1)
	require.NoError(t, s.server.Start(ctx))
	go func() { done <- s.server.Serve(l) }()
	t.Cleanup(func() {
		deadline, cancel := context.WithTimeout(ctx, 5*time.Second)
		defer cancel()
		require.NoError(t, s.server.Shutdown(deadline))
		require.NoError(t, <-done)
		require.NoError(t, jobs.Stop(deadline))
		wake.Close()
		ended.Close()
		runs.Stop()
		s.curator.Stop()
		require.NoError(t, trainer.Stop(deadline))
		worker.Stop()
		desk.Stop()
		require.NoError(t, hooks.Stop(deadline))
		s.log.Stop()
		bus.Close()
		db.Close()
	})
	return s
}

// do sends a request and returns its status and body.
func (s *system) do(method, path, key string, body any) (int, []byte) {
	s.t.Helper()
	var r io.Reader
	if body != nil {
		b, err := json.Marshal(body)
		require.NoError(s.t, err)
		r = bytes.NewReader(b)
	}
	req, err := http.NewRequestWithContext(s.t.Context(), method, s.url+path, r)
	require.NoError(s.t, err)
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if key != "" {
		req.Header.Set("Authorization", "Bearer "+key)
	}
	res, err := http.DefaultClient.Do(req)
	require.NoError(s.t, err)
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	require.NoError(s.t, err)
	return res.StatusCode, b
}

func (s *system) key(role auth.Role) string {
	s.t.Helper()
	key, err := s.auth.AddKey(s.t.Context(), s.workspace, "test", "test", role)
	require.NoError(s.t, err)
	return key
}

// agent adds a member of staff and returns the id and a ticket for the socket.
func (s *system) agent(name string) (int64, string) {
	s.t.Helper()
	u, err := s.auth.AddUser(s.t.Context(), s.workspace, "test", auth.NewUser{
		Email: strings.ToLower(name) + "@example.com", Name: name, Password: "a long password", Role: auth.Agent})
	require.NoError(s.t, err)
	ticket, err := s.auth.Ticket(s.t.Context(), s.workspace, auth.Subject{User: u.ID})
	require.NoError(s.t, err)
	return u.ID, ticket
}

// session opens a widget session and returns the contact's token and a ticket.
func (s *system) session(token string) (contact, ticket string) {
	s.t.Helper()
	code, body := s.do("POST", "/api/v1/widget/session", "", map[string]string{"key": s.widget, "contact_token": token, "lang": "en"})
	require.Equal(s.t, 200, code, string(body))
	var out struct {
		ContactToken string `json:"contact_token"`
		Ticket       string `json:"ticket"`
	}
	require.NoError(s.t, json.Unmarshal(body, &out))
	return out.ContactToken, out.Ticket
}

// client is a WebSocket client that keeps every frame it was sent.
type client struct {
	t  *testing.T
	ws *websocket.Conn
}

// received is any frame of the server.
type received struct {
	T            string    `json:"t"`
	Conversation uuid.UUID `json:"conversation"`
	Seq          int64     `json:"seq"`
	ClientID     uuid.UUID `json:"client_id"`
	Sender       struct{ Kind, Name string }
	Kind         string          `json:"kind"`
	Body         string          `json:"body"`
	Data         json.RawMessage `json:"data"`
	State        string          `json:"state"`
	Code         string          `json:"code"`
	Message      string          `json:"message"`
	Queue        *struct{ Position int }
	Waiting      []struct{ Conversation uuid.UUID }
	Mine         []struct{ Conversation uuid.UUID }
	LastSeq      int64 `json:"last_seq"`
	CanRate      bool  `json:"can_rate"`
	Read         int64 `json:"read"`
}

func (s *system) dial(path, ticket, origin string) (*client, *http.Response, error) {
	d := websocket.Dialer{Subprotocols: []string{api.Subprotocol, "ticket." + ticket}}
	h := http.Header{}
	if origin != "" {
		h.Set("Origin", origin)
	}
	ws, res, err := d.DialContext(s.t.Context(), "ws"+strings.TrimPrefix(s.url, "http")+path, h)
	if err != nil {
		return nil, res, err
	}
	s.t.Cleanup(func() { _ = ws.Close() })
	return &client{t: s.t, ws: ws}, res, nil
}

func (s *system) connect(path, ticket string) *client {
	s.t.Helper()
	c, _, err := s.dial(path, ticket, "")
	require.NoError(s.t, err)
	return c
}

func (c *client) send(frame map[string]any) {
	c.t.Helper()
	require.NoError(c.t, c.ws.WriteJSON(frame))
}

// await reads frames until one fits, and fails the test if none does in time.
func (c *client) await(what string, fits func(received) bool) received {
	c.t.Helper()
	require.NoError(c.t, c.ws.SetReadDeadline(time.Now().Add(20*time.Second)))
	for {
		var f received
		if err := c.ws.ReadJSON(&f); err != nil {
			require.NoError(c.t, err, "waiting for %s", what)
		}
		if fits(f) {
			return f
		}
	}
}

func ofType(t string) func(received) bool { return func(f received) bool { return f.T == t } }

func message(kind string) func(received) bool {
	return func(f received) bool { return f.T == "msg" && f.Kind == kind }
}

func state(name string) func(received) bool {
	return func(f received) bool { return f.T == "state" && f.State == name }
}

func id(n int64) string { return strconv.FormatInt(n, 10) }

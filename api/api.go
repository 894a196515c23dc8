// Package api serves Handrail over HTTP and WebSocket. It holds no business rules: handlers translate between the wire
// and the packages that decide.
//
// Every route stands in one table (routes.go), every WebSocket operation in another (visitor.go, agent.go), each with
// the permission it needs. A test walks the router and fails on a route that is not in the table.
//
//	routes.go     what is served, and who may
//	principal.go  who is asking: session cookie or API key
//	problem.go    error kinds to HTTP statuses, in one place
//	hub.go        which sockets watch which conversation
//	room.go       one watched conversation: reads the log once for all its sockets
//	socket.go     one connection: a reader, a writer, a bounded queue
//	visitor.go    what a visitor may send
//	agent.go      what a member of staff may send
package api

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"

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
	"handrail/internal/webhook"
	"handrail/knowledge"
)

// Config is what a Server works with. All fields are needed unless said otherwise.
type Config struct {
	DB         *postgres.DB
	Bus        *events.Bus
	Log        *chat.Log
	Desk       *handoff.Desk
	Bot        *bot.Bot
	Base       *knowledge.Base
	Jobs       *ingest.Jobs
	Curator    *curation.Curator
	Hooks      *webhook.Hooks
	Classifier *intent.Classifier
	Trainer    *intent.Trainer
	Auth       *auth.Store
	Workspace  uuid.UUID // the workspace that staff of this server sign in to
	Version    string
	Logger     *slog.Logger
	Metrics    *prometheus.Registry
	Console    fs.FS        // the built console
	Widget     fs.FS        // the built widget
	Home       http.Handler // serves /; optional: the default redirects to the console
	Evals      *evals.Store

	// SecureCookies marks session cookies as Secure with the __Host- prefix. It needs HTTPS.
	SecureCookies bool
	// AttachmentBytes is the size that a file in a conversation may have; 0 means 10 MB.
	AttachmentBytes int64
	Settings        WidgetSettings

	// SessionsPerMinute bounds how many widget sessions one address may open; 0 means 600. Loopback is not bounded: what
	// comes from there is this machine, or a proxy on it that speaks for everybody.
	SessionsPerMinute int
}

// Server is the HTTP and WebSocket face of Handrail.
type Server struct {
	c           Config
	hub         *Hub
	polls       *polls
	handler     http.Handler
	router      chi.Router
	openapi     *huma.OpenAPI
	permissions map[string]auth.Permission // by "METHOD /path", filled as routes are added
	http        *http.Server
	visitors    map[string]operation[*visitorConn]
	staff       map[string]operation[*agentConn]
}

// New wires the routes. It neither listens nor starts a goroutine.
func New(c Config) *Server {
	if c.AttachmentBytes == 0 {
		c.AttachmentBytes = defaultAttachmentBytes
	}
	s := &Server{c: c, permissions: map[string]auth.Permission{}, visitors: visitorOperations(), staff: agentOperations()}
	s.hub = newHub(c)
	s.polls = newPolls(s.hub)
	s.install()
	s.http = &http.Server{Handler: s.handler, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute,
		ErrorLog: slog.NewLogLogger(c.Logger.Handler(), slog.LevelDebug)}
	s.http.RegisterOnShutdown(s.polls.drain)
	return s
}

// Handler returns the whole server as a handler, for tests.
func (s *Server) Handler() http.Handler { return s.handler }

// Start begins to listen to the bus; it comes before Serve.
func (s *Server) Start(ctx context.Context) error {
	if err := s.hub.start(ctx); err != nil {
		return err
	}
	s.hub.running.Go(s.polls.expire)
	return nil
}

// Serve answers requests on l until Shutdown.
func (s *Server) Serve(l net.Listener) error {
	if err := s.http.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// Shutdown stops accepting, lets running requests finish until ctx ends, and closes every socket with 1012, on which
// clients reconnect to another node.
func (s *Server) Shutdown(ctx context.Context) error {
	err := s.http.Shutdown(ctx)
	s.hub.stop()
	return err
}

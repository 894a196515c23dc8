package api

import (
	"cmp"
	"context"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humachi"
	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"
	"github.com/go-chi/httprate"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"handrail/internal/auth"
	"handrail/internal/errs"
)

// install is the table of everything served: method, path, permission, handler.
func (s *Server) install() {
	r := chi.NewRouter()
	s.router = r
	r.Use(middleware.RequestID, s.recoverer, securityHeaders, middleware.ClientIPFromRemoteAddr, s.identify)
	config := huma.DefaultConfig("Handrail", s.c.Version)
	config.DocsPath, config.OpenAPIPath, config.CreateHooks = "", "/openapi", nil
	config.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"key": {Type: "http", Scheme: "bearer", Description: "An API key made by `handrail key add`."}}
	api := humachi.New(r, config)
	s.openapi = api.OpenAPI()

	route(s, api, "GET", "/api/v1/me", auth.SignedIn, "Who is signed in", s.me)
	route(s, api, "POST", "/api/v1/logout", auth.SignedIn, "Sign out", s.logout)
	route(s, api, "POST", "/api/v1/agent/ticket", auth.ReadConversations, "Take a one-time ticket for the staff WebSocket", s.agentTicket)
	route(s, api, "GET", "/api/v1/agents", auth.ReadPresence, "List agents with status and load", s.listAgents)
	route(s, api, "GET", "/api/v1/agents/online_status", auth.ReadPresence, "Status and load of one agent", s.onlineStatus)
	route(s, api, "GET", "/api/v1/conversations", auth.ReadConversations, "List conversations", s.listConversations)
	route(s, api, "GET", "/api/v1/conversations/{id}", auth.ReadConversations, "Read a conversation", s.getConversation)
	s.installContacts(api)
	route(s, api, "GET", "/api/v1/conversations/{id}/messages", auth.ReadConversations, "Read messages", s.listMessages)
	route(s, api, "GET", "/api/v1/conversations/{id}/evidence", auth.ReadConversations, "Why the bot did what it did", s.evidence)
	s.installKnowledge(api)
	s.installIntents(api)
	s.installEvals(api)
	s.installDesk(api)
	s.installMessages(r)
	s.installRouting(api)
	route(s, api, "GET", "/api/v1/users", auth.ManageUsers, "List staff", s.listUsers)
	route(s, api, "POST", "/api/v1/users", auth.ManageUsers, "Add a member of staff", s.addUser)
	route(s, api, "POST", "/api/v1/keys", auth.ManageKeys, "Make an API key", s.addKey)

	limited := r.With(httprate.LimitBy(20, time.Minute, clientIP))
	s.plain(limited, "POST", "/api/v1/login", auth.Public, s.login)
	s.plain(r.With(exemptLoopback(httprate.LimitBy(cmp.Or(s.c.SessionsPerMinute, 600), time.Minute, clientIP))),
		"POST", "/api/v1/widget/session", auth.Public, s.widgetSession)
	s.plain(r, "OPTIONS", "/api/v1/widget/session", auth.Public, s.widgetPreflight)
	s.plain(r, "GET", "/ws/visitor", auth.Public, s.visitorSocket) // the ticket is checked by the handler
	s.plain(r, "GET", "/ws/agent", auth.Public, s.agentSocket)     // likewise
	s.plain(r, "GET", "/widget.js", auth.Public, s.widgetScript)
	s.plain(r, "GET", "/console", auth.Public, s.console)
	s.plain(r, "GET", "/console/*", auth.Public, s.console)
	s.plain(r, "GET", "/docs", auth.Public, s.docs)
	s.plain(r, "GET", "/livez", auth.Public, s.livez)
	s.plain(r, "GET", "/readyz", auth.Public, s.readyz)
	s.plain(r, "GET", "/metrics", auth.Public, promhttp.HandlerFor(s.c.Metrics, promhttp.HandlerOpts{}).ServeHTTP)
	home := s.c.Home
	if home == nil {
		home = http.RedirectHandler("/console/", http.StatusFound)
	}
	s.plain(r, "GET", "/", auth.Public, home.ServeHTTP)
	s.plain(r, "GET", "/shop/*", auth.Public, home.ServeHTTP)
	for _, path := range []string{"/openapi.json", "/openapi.yaml", "/openapi-3.0.json", "/openapi-3.0.yaml", "/schemas/{schema}"} {
		s.permissions["GET "+path] = auth.Public // served by huma
	}
	r.NotFound(func(w http.ResponseWriter, r *http.Request) {
		s.writeProblem(w, r, errs.New(errs.NotFound, "there is nothing at %s", r.URL.Path))
	})
	s.handler = s.sameSite(r)
}

// installKnowledge adds what knowledge managers work with.
func (s *Server) installKnowledge(api huma.API) {
	route(s, api, "POST", "/api/v1/ask", auth.ReadKnowledge, "Ask the bot without a conversation", s.ask)
	route(s, api, "GET", "/api/v1/search", auth.ReadKnowledge, "Search the knowledge base", s.search)
	route(s, api, "GET", "/api/v1/documents", auth.ReadKnowledge, "List documents", s.listDocuments)
	route(s, api, "GET", "/api/v1/documents/{id}", auth.ReadKnowledge, "Read a document with its passages", s.getDocument)
	route(s, api, "DELETE", "/api/v1/documents/{id}", auth.WriteKnowledge, "Remove a document", s.deleteDocument)
	route(s, api, "GET", "/api/v1/sources", auth.ReadKnowledge, "List where documents come from", s.listSources)
	route(s, api, "POST", "/api/v1/sources", auth.WriteKnowledge, "Add a page, sitemap or site, and read it", s.addSource, created)
	route(s, api, "DELETE", "/api/v1/sources/{id}", auth.WriteKnowledge, "Remove a source", s.removeSource)
	route(s, api, "POST", "/api/v1/sources/{id}/run", auth.WriteKnowledge, "Read a source again", s.runSource, accepted)
	route(s, api, "POST", "/api/v1/uploads", auth.WriteKnowledge, "Store files as documents", s.upload, large)
	route(s, api, "GET", "/api/v1/ingest", auth.ReadKnowledge, "List ingest runs, newest first", s.listIngest)
	route(s, api, "POST", "/api/v1/ingest", auth.WriteKnowledge, "Fetch pages into the knowledge base", s.enqueueIngest, accepted)
	route(s, api, "GET", "/api/v1/ingest/{id}", auth.ReadKnowledge, "How far an ingest has come, and what it did", s.getIngest)
	route(s, api, "GET", "/api/v1/gaps", auth.WriteKnowledge, "Questions that the bot could not answer, grouped", s.listGaps)
	route(s, api, "POST", "/api/v1/gaps/{key}/dismiss", auth.WriteKnowledge, "Put a group aside until it is asked again", s.dismissGap)
	route(s, api, "GET", "/api/v1/drafts", auth.WriteKnowledge, "List answers offered for review", s.listDrafts)
	route(s, api, "POST", "/api/v1/drafts", auth.WriteKnowledge, "Write an answer", s.createDraft, created)
	route(s, api, "PUT", "/api/v1/drafts/{id}", auth.WriteKnowledge, "Edit a draft", s.updateDraft)
	route(s, api, "POST", "/api/v1/drafts/{id}/publish", auth.WriteKnowledge, "Make a draft searchable", s.publishDraft)
	route(s, api, "POST", "/api/v1/drafts/{id}/dismiss", auth.WriteKnowledge, "Put a draft aside, or take it out of the base", s.dismissDraft)
}

// installEvals adds the workspace's cases, their runs, and what the confidence is worth.
func (s *Server) installEvals(api huma.API) {
	route(s, api, "GET", "/api/v1/evals/runs", auth.WriteKnowledge, "List runs of the workspace's cases, newest first", s.listEvalRuns)
	route(s, api, "POST", "/api/v1/evals/runs", auth.WriteKnowledge, "Run the workspace's cases", s.addEvalRun, accepted)
	route(s, api, "GET", "/api/v1/evals/runs/{id}", auth.WriteKnowledge, "How far a run has come, and what it found", s.getEvalRun)
	route(s, api, "GET", "/api/v1/evals/cases", auth.WriteKnowledge, "List the cases made of conversations", s.listEvalCases)
	route(s, api, "POST", "/api/v1/evals/cases", auth.AddCases, "Make a case of a turn", s.addEvalCase, created)
	route(s, api, "PUT", "/api/v1/evals/cases/{id}", auth.WriteKnowledge, "Change a case", s.updateEvalCase)
	route(s, api, "DELETE", "/api/v1/evals/cases/{id}", auth.WriteKnowledge, "Remove a case", s.removeEvalCase)
	route(s, api, "GET", "/api/v1/calibration", auth.WriteKnowledge, "How far the bot's confidence can be relied on", s.getCalibration)
	route(s, api, "POST", "/api/v1/calibration/fit", auth.WriteKnowledge, "Refit the confidence to verdicts, ratings and reviewed cases", s.fitCalibrator, created)
	route(s, api, "POST", "/api/v1/calibration/versions/{version}/activate", auth.WriteKnowledge, "Let the bot decide by a version", s.activateCalibrator)
	route(s, api, "PUT", "/api/v1/calibration/threshold", auth.WriteKnowledge, "Change the least confidence to answer with", s.setThreshold)
	route(s, api, "PUT", "/api/v1/conversations/{id}/turns/{seq}/verdict", auth.WorkDesk, "Say whether the bot's answer was right", s.judgeTurn)
}

// route adds a described JSON route; handlers return errors of known kinds.
func route[I, O any](s *Server, api huma.API, method, path string, p auth.Permission, summary string,
	handle func(context.Context, *I) (*O, error), describe ...func(*huma.Operation)) {
	s.permissions[method+" "+path] = p
	op := huma.Operation{OperationID: operationID(method, path), Method: method, Path: path, Summary: summary,
		Description: "Needs the permission `" + string(p) + "`.", Security: []map[string][]string{{"key": {}}},
		Middlewares: huma.Middlewares{s.requirePermission(api, p)}}
	for _, fn := range describe {
		fn(&op)
	}
	huma.Register(api, op, func(ctx context.Context, in *I) (*O, error) {
		out, err := handle(ctx, in)
		return out, s.problem(ctx, err)
	})
}

// plain adds a route that is not JSON in and out.
func (s *Server) plain(r chi.Router, method, path string, p auth.Permission, handle http.HandlerFunc) {
	s.permissions[method+" "+path] = p
	r.Method(method, path, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := allowed(r.Context(), p); err != nil {
			s.writeProblem(w, r, err)
			return
		}
		handle(w, r)
	}))
}

func operationID(method, path string) string {
	path = strings.NewReplacer("/api/v1/", "", "{", "", "}", "", "/", "-", "_", "-").Replace(path)
	return strings.ToLower(method) + "-" + path
}

// sameSite refuses state changes that another site's page sends with a visitor's cookies. The widget's routes are meant
// for other sites and use no cookie.
func (s *Server) sameSite(next http.Handler) http.Handler {
	guard := http.NewCrossOriginProtection()
	guard.AddInsecureBypassPattern("POST /api/v1/widget/")
	guard.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.writeProblem(w, r, errs.New(errs.Forbidden, "this request came from another site's page"))
	}))
	return guard.Handler(next)
}

func (s *Server) recoverer(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			if v := recover(); v != nil {
				if v == http.ErrAbortHandler {
					panic(v) // the server's own way to drop a connection
				}
				s.c.Logger.ErrorContext(r.Context(), "handler panicked", "path", r.URL.Path, "panic", v)
				s.writeProblem(w, r, errs.New(errs.Internal, "Something went wrong on our side. Please try again."))
			}
		}()
		next.ServeHTTP(w, r)
	})
}

// exemptLoopback applies a limit to requests from other machines only.
func exemptLoopback(limit func(http.Handler) http.Handler) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		limited := limit(next)
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if ip, err := netip.ParseAddr(middleware.GetClientIP(r.Context())); err == nil && ip.IsLoopback() {
				next.ServeHTTP(w, r)
				return
			}
			limited.ServeHTTP(w, r)
		})
	}
}

func clientIP(r *http.Request) (string, error) {
	return httprate.CanonicalizeIP(middleware.GetClientIP(r.Context())), nil
}

// securityHeaders keeps pages from being framed, sniffed, or made to run foreign scripts. Element Plus positions its
// pop-ups with style attributes, hence 'unsafe-inline' for styles only.
func securityHeaders(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "strict-origin-when-cross-origin")
		h.Set("Content-Security-Policy", "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; "+
			"object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'")
		next.ServeHTTP(w, r)
	})
}

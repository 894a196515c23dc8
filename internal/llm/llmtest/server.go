// Package llmtest is a language model without a model: a real HTTP server that speaks the OpenAI protocol and answers
// by rule. Tests, evaluations and the demonstration use it in place of an endpoint; it needs no network and no key of
// anyone, and gives the same answer to the same request.
//
// It answers, in this order: with the fault chosen by [Server.FailNext] or [Server.Fail]; with the next reply of
// [Server.Reply]; with the first function of [Server.Match] that wants the request; otherwise grounded, by quoting the
// numbered passages of the prompt (see [Grounded]). Embeddings are hashed words and letters, so that texts which share
// words are near each other.
package llmtest

import (
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"handrail/internal/llm"
)

// What a new server expects and offers.
const (
	Key        = "llmtest-key" // the bearer token; requests with another one get 401
	ChatModel  = "llmtest-chat"
	EmbedModel = "llmtest-embed"
	Dimensions = 256 // length of the vectors, where the request does not ask for another
)

// Server is the endpoint. Its methods may be called at any time, also while requests are under way.
type Server struct {
	http *httptest.Server
	tls  *httptest.Server // the same behind a certificate that nobody trusts
	gone string           // an address where nothing listens
	done chan struct{}    // closed by Close; ends stalled answers

	mu         sync.Mutex
	models     map[string]bool
	requests   []Request
	replies    []Reply
	matchers   []func(Request) (Reply, bool)
	next       []Fault
	always     Fault
	retryAfter string
	pace       time.Duration
}

// New starts a server on a free port of the loopback interface. The caller must Close it.
func New() *Server {
	s := &Server{
		done:       make(chan struct{}),
		models:     map[string]bool{ChatModel: true, EmbedModel: true},
		retryAfter: "1",
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/chat/completions", s.guarded(s.chat))
	mux.HandleFunc("POST /v1/embeddings", s.guarded(s.embeddings))
	mux.HandleFunc("GET /v1/models", s.guarded(s.listModels))
	s.http = httptest.NewServer(mux)
	s.tls = httptest.NewUnstartedServer(mux)
	s.tls.Config.ErrorLog = silent()
	s.tls.StartTLS()
	s.gone = freeAddress()
	return s
}

// Start starts a server that is closed at the end of the test.
func Start(t testing.TB) *Server {
	t.Helper()
	s := New()
	t.Cleanup(s.Close)
	return s
}

// Close ends all answers under way and stops the server.
func (s *Server) Close() {
	close(s.done)
	for _, h := range []*httptest.Server{s.http, s.tls} {
		h.CloseClientConnections()
		h.Close()
	}
}

// URL is the base URL, with the path /v1.
func (s *Server) URL() string { return s.http.URL + "/v1" }

// URLOf is the base URL where f is met in its true form: a refused connection and a bad certificate cannot happen at
// an address that also works. For every other fault it is URL.
func (s *Server) URLOf(f Fault) string {
	switch f {
	case Refused:
		return "http://" + s.gone + "/v1"
	case TLSError:
		return s.tls.URL + "/v1"
	default:
		return s.URL()
	}
}

// Config leads a chat model to the server. The caller may shorten its times.
func (s *Server) Config() llm.Config {
	return llm.Config{BaseURL: s.URL(), APIKey: Key, Model: ChatModel}
}

// EmbedConfig leads an embedder to the server.
func (s *Server) EmbedConfig() llm.EmbedConfig {
	return llm.EmbedConfig{BaseURL: s.URL(), APIKey: Key, Model: EmbedModel, Dimensions: Dimensions}
}

// Offer makes the server know further models; requests for an unknown one get 404.
func (s *Server) Offer(models ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, m := range models {
		s.models[m] = true
	}
}

// Pace makes streams pause before every chunk, as a model at work would. The default is none.
func (s *Server) Pace(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pace = d
}

// freeAddress is a loopback address that was free a moment ago.
func freeAddress() string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "127.0.0.1:1"
	}
	defer l.Close()
	return l.Addr().String()
}

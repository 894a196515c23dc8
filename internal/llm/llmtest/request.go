package llmtest

import (
	"encoding/json"
	"io"
	"log"
	"net/http"
	"slices"
	"strings"
	"time"

	"handrail/internal/llm"
)

// Request is what the server received, as far as tests ask. The key is not kept.
type Request struct {
	Path  string
	At    time.Time
	Fault Fault // how it was answered
	Raw   []byte

	Model               string        `json:"model"`
	Messages            []llm.Message `json:"messages"`
	Stream              bool          `json:"stream"`
	Temperature         *float64      `json:"temperature"`
	MaxTokens           int           `json:"max_tokens"`
	MaxCompletionTokens int           `json:"max_completion_tokens"`
	ResponseFormat      *struct {
		Type       string `json:"type"`
		JSONSchema struct {
			Schema json.RawMessage `json:"schema"`
		} `json:"json_schema"`
	} `json:"response_format"`
	StreamOptions struct {
		IncludeUsage bool `json:"include_usage"`
	} `json:"stream_options"`

	Input      texts `json:"input"`
	Dimensions int   `json:"dimensions"`
}

// texts reads a list of strings or a single one.
type texts []string

// UnmarshalJSON implements [json.Unmarshaler].
func (t *texts) UnmarshalJSON(b []byte) error {
	var one string
	if json.Unmarshal(b, &one) == nil {
		*t = texts{one}
		return nil
	}
	return json.Unmarshal(b, (*[]string)(t))
}

// Requests returns everything received so far, oldest first.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.requests)
}

// guarded checks what a real endpoint checks (key, JSON, model), records the request and chooses its fault.
func (s *Server) guarded(handle func(http.ResponseWriter, *http.Request, Request)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		q := Request{Path: r.URL.Path, At: time.Now()}
		body, err := io.ReadAll(io.LimitReader(r.Body, 64<<20))
		if err != nil {
			return
		}
		q.Raw = body
		broken := len(body) > 0 && json.Unmarshal(body, &q) != nil
		q.Fault = s.record(&q)
		switch {
		case r.Header.Get("Authorization") != "Bearer "+Key:
			// Real endpoints repeat the key they refuse, so that clients must keep it out of their logs.
			refuse(w, http.StatusUnauthorized, "invalid_api_key", "Incorrect API key provided: "+r.Header.Get("Authorization"))
		case broken:
			refuse(w, http.StatusBadRequest, "invalid_json", "the body is not valid JSON")
		case q.Model != "" && !s.offers(q.Model):
			refuse(w, http.StatusNotFound, "model_not_found", "The model '"+q.Model+"' does not exist")
		default:
			handle(w, r, q)
		}
	}
}

// record keeps q with the fault chosen for it.
func (s *Server) record(q *Request) Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	q.Fault = s.always
	if len(s.next) > 0 {
		q.Fault, s.next = s.next[0], s.next[1:]
	}
	s.requests = append(s.requests, *q)
	return q.Fault
}

func (s *Server) offers(model string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.models[model]
}

func (s *Server) listModels(w http.ResponseWriter, _ *http.Request, _ Request) {
	type model struct {
		ID     string `json:"id"`
		Object string `json:"object"`
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []model
	for id := range s.models {
		list = append(list, model{id, "model"})
	}
	slices.SortFunc(list, func(a, b model) int { return strings.Compare(a.ID, b.ID) })
	respond(w, http.StatusOK, map[string]any{"object": "list", "data": list})
}

// refuse answers with an error object of the protocol.
func refuse(w http.ResponseWriter, status int, code, message string) {
	respond(w, status, map[string]any{"error": map[string]any{"message": message, "type": code, "code": code}})
}

func respond(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // a client that has gone away is no concern of ours
}

// silent is a logger for the handshakes that the TLS server is there to fail.
func silent() *log.Logger { return log.New(io.Discard, "", 0) }

package llmtest

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// chat serves POST /v1/chat/completions.
func (s *Server) chat(w http.ResponseWriter, r *http.Request, q Request) {
	if len(q.Messages) == 0 {
		refuse(w, http.StatusBadRequest, "invalid_request_error", "messages must not be empty")
		return
	}
	if s.failStatus(w, r, q.Fault) {
		return
	}
	reply := s.replyTo(q)
	if q.Fault != None {
		reply.Fault = q.Fault
	} else if s.failStatus(w, r, reply.Fault) {
		return
	}
	if reply.Finish == "" {
		reply.Finish = "stop"
	}
	if !q.Stream {
		respond(w, http.StatusOK, whole(q, reply))
		return
	}
	st := newStream(w, r.Context(), s, q)
	if !st.fail(reply) {
		st.answer(reply)
	}
}

// stream writes one answer as server-sent events.
type stream struct {
	w      http.ResponseWriter
	flush  func()
	ctx    context.Context
	server *Server
	q      Request
	pace   time.Duration
}

func newStream(w http.ResponseWriter, ctx context.Context, s *Server, q Request) *stream {
	w.Header().Set("Content-Type", "text/event-stream")
	w.WriteHeader(http.StatusOK)
	c := http.NewResponseController(w)
	pace, _ := s.tempo()
	st := &stream{w: w, flush: func() { _ = c.Flush() }, ctx: ctx, server: s, q: q, pace: pace}
	st.flush()
	return st
}

// answer writes the whole reply: a chunk with the role, the text, the finish reason, the usage and the end mark.
func (st *stream) answer(r Reply) {
	st.chunk(map[string]any{"role": "assistant", "content": ""}, "")
	if !st.text(r.chunks()) {
		return
	}
	st.chunk(map[string]any{}, r.Finish)
	st.usage(r)
	st.line("data: [DONE]")
}

// text writes one event per chunk and reports whether the client is still there.
func (st *stream) text(chunks []string) bool {
	for _, c := range chunks {
		if !st.rest(st.pace) {
			return false
		}
		st.chunk(map[string]any{"content": c}, "")
	}
	return true
}

// chunk writes one event with a delta.
func (st *stream) chunk(delta map[string]any, finish string) {
	choice := map[string]any{"index": 0, "delta": delta, "finish_reason": nil}
	if finish != "" {
		choice["finish_reason"] = finish
	}
	st.event(map[string]any{"choices": []any{choice}})
}

// usage writes the event that has token counts and, as the protocol wants it, no choices.
func (st *stream) usage(r Reply) {
	if st.q.StreamOptions.IncludeUsage {
		st.event(map[string]any{"choices": []any{}, "usage": usage(st.q, r)})
	}
}

func (st *stream) event(fields map[string]any) {
	fields["id"], fields["object"], fields["model"] = "chatcmpl-1", "chat.completion.chunk", st.q.Model
	b, err := json.Marshal(fields)
	if err != nil {
		panic(fmt.Sprintf("llmtest: event of plain values does not marshal: %v", err))
	}
	st.line("data: " + string(b))
}

// line writes one line and the empty one that ends an event.
func (st *stream) line(text string) {
	_, _ = st.w.Write([]byte(text + "\n\n")) // the client may have gone; rest notices
	st.flush()
}

// rest waits and reports whether the answer is still wanted.
func (st *stream) rest(d time.Duration) bool {
	return st.server.rest(st.ctx, d)
}

func (s *Server) rest(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-s.done:
		return false
	case <-timer.C:
		return ctx.Err() == nil
	}
}

// stall waits until the client or the test gives up.
func (s *Server) stall(ctx context.Context) {
	select {
	case <-ctx.Done():
	case <-s.done:
	}
}

// whole is the answer to a request that does not stream.
func whole(q Request, r Reply) map[string]any {
	text := r.Text
	if r.Chunks != nil {
		text = strings.Join(r.Chunks, "")
	}
	return map[string]any{
		"id": "chatcmpl-1", "object": "chat.completion", "model": q.Model,
		"choices": []any{map[string]any{
			"index": 0, "finish_reason": r.Finish,
			"message": map[string]any{"role": "assistant", "content": text},
		}},
		"usage": usage(q, r),
	}
}

// usage counts words, which is enough for budgets to be tested.
func usage(q Request, r Reply) map[string]int {
	prompt := 0
	for _, m := range q.Messages {
		prompt += len(terms(m.Content))
	}
	completion := len(r.chunks())
	return map[string]int{
		"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion,
	}
}

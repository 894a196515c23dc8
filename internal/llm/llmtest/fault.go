package llmtest

import (
	"net"
	"net/http"
	"strings"
	"time"
)

// Fault is a way in which an endpoint goes wrong.
type Fault string

// The faults. Those that need an address of their own are met at [Server.URLOf]; chosen by Fail or FailNext they reset
// the connection instead.
const (
	None            Fault = ""
	RateLimited     Fault = "429"               // with Retry-After
	ServerError     Fault = "500"               // with an HTML body
	Overloaded      Fault = "503"               // with Retry-After and a body that is not the usual error object
	Refused         Fault = "refused"           // nothing listens
	TLSError        Fault = "tls"               // a certificate that nobody trusts
	HeaderStall     Fault = "header stall"      // accepts the request and says nothing
	FirstTokenStall Fault = "first token stall" // headers and keep-alive comments, but no text
	Trickle         Fault = "trickle"           // one byte a second
	HalfOpen        Fault = "half-open"         // half an answer, then silence on an open connection
	NoFinish        Fault = "no finish reason"  // half an answer, then the end of the stream
	ErrorFrame      Fault = "error frame"       // half an answer, then an error object
	Garbage         Fault = "garbage"           // half an answer, then lines that are no events
	HugeLine        Fault = "huge line"         // half an answer, then a line of 10 MB that is not UTF-8
	Length          Fault = "length"            // cut by the token limit, and says so
	Endless         Fault = "endless"           // never stops
	BrokenTool      Fault = "broken tool JSON"  // calls a tool, with arguments that end in the middle
)

// Faults lists all faults, without None.
func Faults() []Fault {
	return []Fault{
		RateLimited, ServerError, Overloaded, Refused, TLSError, HeaderStall, FirstTokenStall, Trickle, HalfOpen, NoFinish,
		ErrorFrame, Garbage, HugeLine, Length, Endless, BrokenTool,
	}
}

// failStatus acts out the faults that come before the first byte of an answer.
func (s *Server) failStatus(w http.ResponseWriter, r *http.Request, f Fault) bool {
	switch f {
	case RateLimited:
		s.askToWait(w)
		refuse(w, http.StatusTooManyRequests, "rate_limit_exceeded", "Rate limit reached")
	case ServerError:
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(http.StatusInternalServerError)
		_, _ = w.Write([]byte("<html><body>Internal Server Error</body></html>"))
	case Overloaded:
		s.askToWait(w)
		respond(w, http.StatusServiceUnavailable, map[string]string{"error": "the model is loading"})
	case Refused, TLSError:
		reset(w)
	case HeaderStall:
		s.stall(r.Context())
	default:
		return false
	}
	return true
}

func (s *Server) askToWait(w http.ResponseWriter) {
	if _, after := s.tempo(); after != "" {
		w.Header().Set("Retry-After", after)
	}
}

// fail acts out the faults of a stream; it reports false if reply has none of them.
func (st *stream) fail(reply Reply) bool {
	half := reply.chunks()
	half = half[:(len(half)+1)/2]
	switch reply.Fault {
	case FirstTokenStall:
		for st.rest(10 * time.Millisecond) {
			st.line(": keep-alive")
		}
	case Trickle:
		st.trickle(reply)
	case HalfOpen:
		st.text(half)
		st.server.stall(st.ctx)
	case NoFinish:
		st.text(half)
	case ErrorFrame:
		st.text(half)
		st.line(`data: {"error":{"message":"The server had an error","type":"server_error"}}`)
	case Garbage:
		st.text(half)
		st.line("<<<\x00 }{ not an event\ndata: {\"choices\": [{\"delta\"")
	case HugeLine:
		st.text(half)
		st.line("data: {\"choices\":[{\"delta\":{\"content\":\"" + strings.Repeat("\xff\xfe123456", 10<<20/8))
	case Length:
		st.answer(Reply{Text: reply.Text, Chunks: half, Finish: "length"})
	case Endless:
		for st.text([]string{strings.Repeat("and so on ", 100)}) {
		}
	case BrokenTool:
		st.brokenTool()
	default:
		return false
	}
	return true
}

// trickle writes an event so slowly that the connection is never silent and yet nothing arrives.
func (st *stream) trickle(reply Reply) {
	event := `data: {"choices":[{"index":0,"delta":{"content":"` + reply.Text
	for i := 0; i < len(event) && st.rest(time.Second); i++ {
		_, _ = st.w.Write([]byte(event[i : i+1]))
		st.flush()
	}
	st.server.stall(st.ctx)
}

func (st *stream) brokenTool() {
	call := map[string]any{"name": "lookup", "arguments": `{"order": "A-1`}
	st.chunk(map[string]any{"tool_calls": []any{
		map[string]any{"index": 0, "id": "call_1", "type": "function", "function": call},
	}}, "")
	st.chunk(map[string]any{}, "tool_calls")
	st.line("data: [DONE]")
}

// reset ends the connection without an answer, as a crashed process would.
func reset(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}

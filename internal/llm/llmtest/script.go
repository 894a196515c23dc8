package llmtest

import (
	"slices"
	"strings"
	"time"
)

// Reply is a scripted answer.
type Reply struct {
	Text   string
	Chunks []string // the same text as it is to be cut; nil = by words
	Finish string   // finish reason; "" = "stop"
	Fault  Fault    // how the answer goes wrong, if it does
}

// Reply queues answers: each is given once, in this order, before any other rule of the server applies.
func (s *Server) Reply(replies ...Reply) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.replies = append(s.replies, replies...)
}

// Match adds a rule for chat requests; of several, the first that wants the request answers it. The function may be
// called from many goroutines.
func (s *Server) Match(rule func(Request) (Reply, bool)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.matchers = append(s.matchers, rule)
}

// Fail makes every following request fail in this way, until Fail(None).
func (s *Server) Fail(f Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.always = f
}

// FailNext makes the next requests fail, each in its way; None among them is a success.
func (s *Server) FailNext(faults ...Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.next = append(s.next, faults...)
}

// RetryAfter sets the header that comes with [RateLimited] and [Overloaded], in seconds; "" leaves it out.
func (s *Server) RetryAfter(seconds string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.retryAfter = seconds
}

// replyTo chooses the answer to a chat request.
func (s *Server) replyTo(q Request) Reply {
	reply, rules := s.scripted()
	if reply != nil {
		return *reply
	}
	for _, rule := range rules {
		if r, ok := rule(q); ok {
			return r
		}
	}
	return Reply{Text: Grounded(q.Messages)}
}

// scripted takes the next queued reply, if there is one, and returns the rules otherwise.
func (s *Server) scripted() (*Reply, []func(Request) (Reply, bool)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.replies) == 0 {
		return nil, slices.Clone(s.matchers)
	}
	r := s.replies[0]
	s.replies = s.replies[1:]
	return &r, nil
}

func (s *Server) tempo() (pace time.Duration, retryAfter string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.pace, s.retryAfter
}

// chunks cuts text as a model streams it: by words, and text without spaces every four characters.
func (r Reply) chunks() []string {
	if r.Chunks != nil {
		return r.Chunks
	}
	var out []string
	for _, word := range strings.SplitAfter(r.Text, " ") {
		for part := range slices.Chunk([]rune(word), 4+4*asciiShare(word)) {
			out = append(out, string(part))
		}
	}
	return out
}

// asciiShare is larger for words of Latin letters, which stay in one piece.
func asciiShare(word string) int {
	if len(word) == len([]rune(word)) {
		return 4
	}
	return 0
}

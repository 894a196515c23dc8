package faults

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"handrail/internal/client"
)

// Ledger writes down what every client sent, was acknowledged and was shown. It is safe for concurrent use.
type Ledger struct {
	mu       sync.Mutex
	sent     map[string]*sent // by client id
	shown    map[view][]client.Entry
	problems []string
	acks     []time.Duration // from sending to the acknowledgement
	peers    []time.Duration // from sending to the first showing on another client
}

type sent struct {
	by, body string
	at       time.Time
	ack      *client.Ack
	seen     bool // by somebody else
}

// view is one client's sight of one conversation.
type view struct{ who, conversation string }

// NewLedger returns an empty ledger.
func NewLedger() *Ledger {
	return &Ledger{sent: map[string]*sent{}, shown: map[view][]client.Entry{}}
}

// Sent notes a message; send is called under the ledger's lock, so that no acknowledgement comes before the note.
func (l *Ledger) Sent(by, body string, send func() string) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	at := time.Now()
	id := send()
	l.sent[id] = &sent{by: by, body: body, at: at}
	return id
}

// Acked notes an acknowledgement.
func (l *Ledger) Acked(a client.Ack) {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.sent[a.ClientID]
	switch {
	case s == nil:
		l.problem("an acknowledgement for %s, which nobody sent", a.ClientID)
	case s.ack == nil:
		s.ack = &a
		l.acks = append(l.acks, time.Since(s.at))
	case *s.ack != a:
		l.problem("%s was acknowledged as %d and as %d", a.ClientID, s.ack.Seq, a.Seq)
	}
}

// Shown notes an entry that a client shows.
func (l *Ledger) Shown(who string, e client.Entry) {
	l.mu.Lock()
	defer l.mu.Unlock()
	v := view{who, e.Conversation}
	if want := int64(len(l.shown[v]) + 1); e.Seq != want {
		l.problem("%s shows entry %d of %s where %d is due", who, e.Seq, e.Conversation, want)
	}
	l.shown[v] = append(l.shown[v], e)
	if s := l.sent[e.ClientID]; s != nil {
		if s.body != e.Body {
			l.problem("%s shows %q as entry %d of %s, sent was %q", who, e.Body, e.Seq, e.Conversation, s.body)
		}
		if s.by == who && s.ack == nil {
			// Its sender sees it before the acknowledgement, or in its place after a cut.
			s.ack = &client.Ack{Conversation: e.Conversation, ClientID: e.ClientID, Seq: e.Seq}
			l.acks = append(l.acks, time.Since(s.at))
		}
		if s.by != who && !s.seen {
			s.seen = true
			l.peers = append(l.peers, time.Since(s.at))
		}
	}
}

// Cursor returns how many entries of a conversation a client has shown.
func (l *Ledger) Cursor(who, conversation string) int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return int64(len(l.shown[view{who, conversation}]))
}

// Count returns how many messages were sent and how many of them acknowledged.
func (l *Ledger) Count() (sent, acked int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, s := range l.sent {
		if s.ack != nil {
			acked++
		}
	}
	return len(l.sent), acked
}

// Latencies returns the given quantiles of the times from sending to acknowledgement and to the peer's screen, of what
// was acknowledged and seen since the last call.
func (l *Ledger) Latencies(quantile float64) (ack, peer time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	ack, peer = at(l.acks, quantile), at(l.peers, quantile)
	l.acks, l.peers = nil, nil
	return ack, peer
}

func at(list []time.Duration, quantile float64) time.Duration {
	if len(list) == 0 {
		return 0
	}
	slices.Sort(list)
	return list[min(len(list)-1, int(quantile*float64(len(list))))]
}

// Note adds a problem that a test has found by itself.
func (l *Ledger) Note(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.problem(format, args...)
}

func (l *Ledger) problem(format string, args ...any) {
	if len(l.problems) < 50 { // more of the same would only hide the first
		l.problems = append(l.problems, fmt.Sprintf(format, args...))
	}
}

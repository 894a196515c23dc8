package api

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"handrail/internal/auth"
	"handrail/internal/errs"
)

const (
	pollLife    = 60 * time.Second // without a poll the client is gone
	maxPollWait = 25 * time.Second // proxies end requests that stay silent for 30
	maxPolls    = 5000             // sessions of one node
)

// polls are the sessions of the clients that cannot open a WebSocket. A session lives on one node.
type polls struct {
	hub   *Hub
	gauge prometheus.Gauge

	mu       sync.Mutex
	sessions map[string]*pollSession // by the hash of the session's secret

	draining context.Context // ends when the server shuts down: nobody waits any more
	drain    context.CancelFunc
}

// pollSession is a visitor's connection without a socket.
type pollSession struct {
	conn    *visitorConn
	box     *mailbox
	origins []string

	frames sync.Mutex // held while a poll's frames are carried out, so that they keep their order
	handle func(inbound)

	// Guarded by the mu of polls.
	seen  time.Time     // when the last poll ended
	open  int           // polls under way
	newer chan struct{} // closed when a newer poll arrives; the older one ends then
}

func newPolls(h *Hub) *polls {
	p := &polls{hub: h, sessions: map[string]*pollSession{},
		gauge: prometheus.NewGauge(prometheus.GaugeOpts{Name: "handrail_poll_sessions", Help: "Visitors connected by long polling."})}
	p.draining, p.drain = context.WithCancel(context.Background())
	h.c.Metrics.MustRegister(p.gauge)
	return p
}

// begin opens a session for an admitted visitor and returns its secret.
func (p *polls) begin(s *pollSession) (string, error) {
	secret, hash := auth.NewSecret("hrp_")
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.sessions) >= maxPolls || !p.hub.adopt(s.box) {
		return "", errs.New(errs.Unavailable, "too many visitors are connected this way: try again in a moment")
	}
	s.seen = time.Now()
	p.sessions[string(hash)] = s
	p.gauge.Set(float64(len(p.sessions)))
	return secret, nil
}

// enter finds a session for a poll and ends the poll that waits in it. The caller calls leave.
func (p *polls) enter(secret string) (s *pollSession, newer chan struct{}, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	s = p.sessions[string(auth.HashSecret(secret))]
	if s == nil {
		return nil, nil, errs.New(errs.Unauthenticated, "this session has ended or is on another node: take a new ticket")
	}
	if s.newer != nil {
		close(s.newer)
	}
	s.newer = make(chan struct{})
	s.open++
	return s, s.newer, nil
}

func (p *polls) leave(s *pollSession, newer chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	s.open--
	s.seen = time.Now()
	if s.newer == newer {
		s.newer = nil
	}
}

// wait returns when there is something to take, the time is over, or the poll is of no use any more. The last is an
// error: what waits is left for another poll.
func (p *polls) wait(ctx context.Context, s *pollSession, newer chan struct{}, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	for !s.box.pending() {
		select {
		case <-s.box.wake:
		case <-timer.C:
			return nil
		case <-p.draining.Done():
			return nil
		case <-newer:
			return errSuperseded
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	select {
	case <-newer:
		return errSuperseded
	default:
		return nil
	}
}

var errSuperseded = errors.New("a newer poll of the session has arrived")

// expire ends the sessions that nobody polls, until the hub stops.
func (p *polls) expire() {
	tick := time.NewTicker(pollLife / 12)
	defer tick.Stop()
	for {
		select {
		case <-p.hub.ctx.Done():
			return
		case now := <-tick.C:
			p.end(func(s *pollSession) bool { return s.open == 0 && now.Sub(s.seen) > pollLife })
		}
	}
}

// end removes the sessions that fit.
func (p *polls) end(fits func(*pollSession) bool) {
	p.mu.Lock()
	var ended []*pollSession
	for _, hash := range slices.Collect(maps.Keys(p.sessions)) {
		if s := p.sessions[hash]; fits(s) {
			ended = append(ended, s)
			delete(p.sessions, hash)
		}
	}
	p.gauge.Set(float64(len(p.sessions)))
	p.mu.Unlock()
	for _, s := range ended {
		s.box.close(http.StatusGone, "")
		s.frames.Lock()
		s.conn.leave()
		s.frames.Unlock()
		p.hub.forget(s.box)
	}
}

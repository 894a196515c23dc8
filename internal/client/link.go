package client

import (
	"context"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"handrail/internal/errs"
)

// link keeps one connection alive. Its owner says how to get a ticket, how to greet and what to do with a frame.
type link struct {
	config Config
	path   string // of the socket
	on     Handlers
	ticket func(ctx context.Context, base string) (string, error)
	greet  func() []outbound       // frames that open a conversation with a server; called under mu
	handle func(head, []byte) bool // true for the frame that ends the greeting

	mu      sync.Mutex
	outbox  outbox
	conn    *connection   // nil while away
	settled chan struct{} // closed and replaced whenever the outbox shrinks
}

// connection is one open socket: the goroutine of run reads, one more writes.
type connection struct {
	ws    *websocket.Conn
	out   chan []byte
	began time.Time
	live  bool // guarded by the link's mu
}

// outLength is how many frames may wait for the writer; a server that takes so few is as good as gone.
const outLength = 256

// run connects again and again until ctx ends, or until a server refuses for a reason that no retry mends.
func (l *link) run(ctx context.Context) error {
	at := rand.IntN(len(l.config.URLs))
	for failures := 0; ; at++ {
		base := l.config.URLs[at%len(l.config.URLs)]
		greeted, err := l.session(ctx, base)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if l.on.Lost != nil {
			l.on.Lost(base, err)
		}
		if final(err) {
			return err
		}
		if failures++; greeted {
			failures = 1
		}
		if !pause(ctx, l.pauseAfter(err, failures)) {
			return context.Cause(ctx)
		}
	}
}

// pauseAfter is random, so that the clients of a node that died do not come back at one moment. Its bound doubles once
// every server was tried.
func (l *link) pauseAfter(err error, failures int) time.Duration {
	bound := l.config.PauseFirst
	for range (failures - 1) / len(l.config.URLs) {
		bound = min(2*bound, l.config.PauseMost)
	}
	if websocket.IsCloseError(err, websocket.CloseServiceRestart) {
		bound = min(1500*time.Millisecond, l.config.PauseMost)
	}
	return time.Duration(rand.Int64N(int64(bound) + 1))
}

func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}

// session serves one connection until it ends. It reports whether the server welcomed the client.
func (l *link) session(ctx context.Context, base string) (greeted bool, err error) {
	ticket, err := l.ticket(ctx, base)
	if err != nil {
		return false, err
	}
	ws, err := l.dial(ctx, base, ticket)
	if err != nil {
		return false, err
	}
	c := &connection{ws: ws, out: make(chan []byte, outLength), began: time.Now()}
	ended := make(chan struct{})
	var writing sync.WaitGroup
	writing.Go(func() { l.write(ctx, c, ended) })
	defer func() {
		close(ended)
		writing.Wait()
		_ = ws.Close()
	}()
	l.mu.Lock()
	l.conn = c
	for _, f := range l.greet() {
		l.put(f)
	}
	l.mu.Unlock()
	err = l.read(c, base)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.conn = nil
	l.outbox.disconnect()
	return c.live, err
}

func (l *link) dial(ctx context.Context, base, ticket string) (*websocket.Conn, error) {
	d := websocket.Dialer{NetDialContext: l.config.Dial, HandshakeTimeout: l.config.Patience,
		Subprotocols: []string{"handrail.v1", "ticket." + ticket}}
	ws, response, err := d.DialContext(ctx, strings.Replace(base, "http", "ws", 1)+l.path, nil)
	if response != nil && response.StatusCode == http.StatusForbidden {
		return nil, errs.Wrap(err, errs.Forbidden, "the server does not let this client in")
	}
	if err != nil {
		return nil, errs.Wrap(err, errs.Unavailable, "the server does not open a socket")
	}
	return ws, nil
}

// read hands on every frame until the connection ends.
func (l *link) read(c *connection, base string) error {
	extend := func() { _ = c.ws.SetReadDeadline(time.Now().Add(silenceLimit)) }
	pong := c.ws.PingHandler()
	c.ws.SetPingHandler(func(data string) error {
		extend()
		return pong(data)
	})
	extend()
	for {
		_, data, err := c.ws.ReadMessage()
		if err != nil {
			return err
		}
		extend()
		var h head
		if json.Unmarshal(data, &h) != nil {
			continue // not of this protocol: unknown things are ignored
		}
		if l.handle(h, data) && !c.live {
			l.mu.Lock()
			c.live = true
			l.mu.Unlock()
			if l.on.Connected != nil {
				l.on.Connected(base)
			}
		}
		l.flush()
	}
}

// write sends what is queued, and closes a connection on which the server stays silent. It ends with the reader, and
// ends the reader when ctx does.
func (l *link) write(ctx context.Context, c *connection, ended <-chan struct{}) {
	defer c.ws.Close()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ended:
			return
		case <-ctx.Done():
			bye := websocket.FormatCloseMessage(websocket.CloseNormalClosure, "")
			_ = c.ws.WriteControl(websocket.CloseMessage, bye, time.Now().Add(time.Second))
			return
		case data := <-c.out:
			_ = c.ws.SetWriteDeadline(time.Now().Add(l.config.Patience))
			if c.ws.WriteMessage(websocket.TextMessage, data) != nil {
				return
			}
		case now := <-tick.C:
			if l.unanswered(c, now) {
				return
			}
			l.flush()
		}
	}
}

func (l *link) unanswered(c *connection, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	limit := now.Add(-l.config.Patience)
	return !c.live && c.began.Before(limit) || l.outbox.overdue(limit)
}

// put queues a frame for the writer, under mu. While away it is dropped: what must not be lost is in the outbox.
func (l *link) put(f outbound) {
	if l.conn == nil {
		return
	}
	data, err := json.Marshal(f)
	if err != nil {
		return // strings and numbers always encode
	}
	select {
	case l.conn.out <- data:
	default:
		_ = l.conn.ws.Close()
	}
}

// flush sends what the outbox has for now.
func (l *link) flush() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.conn == nil || !l.conn.live {
		return
	}
	for _, f := range l.outbox.due(time.Now()) {
		l.put(f)
	}
}

// post puts a frame into the outbox and returns its client id.
func (l *link) post(f outbound) string {
	l.mu.Lock()
	l.outbox.add(f)
	l.mu.Unlock()
	l.flush()
	return f.ClientID
}

// once sends a frame that nobody misses if it is lost.
func (l *link) once(f outbound) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.put(f)
}

// settle takes a letter out of the outbox.
func (l *link) settle(clientID string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if clientID != "" && l.outbox.settle(clientID) {
		close(l.settled)
		l.settled = make(chan struct{})
	}
}

// refused handles an error frame: what the server will take later stays in the outbox.
func (l *link) refused(r Refusal) {
	if r.RetryAfterMs > 0 && r.ClientID != "" {
		l.mu.Lock()
		l.outbox.postpone(r.ClientID, time.Now().Add(time.Duration(r.RetryAfterMs)*time.Millisecond))
		l.mu.Unlock()
		return
	}
	l.settle(r.ClientID)
	if l.on.Refused != nil {
		l.on.Refused(r)
	}
}

// common handles the frames that visitors and staff have alike.
func (l *link) common(h head, data []byte) {
	switch h.Type {
	case "ack":
		l.settle(h.ClientID)
		if l.on.Acked != nil {
			l.on.Acked(Ack{h.Conversation, h.ClientID, h.Seq})
		}
	case "error":
		var r Refusal
		if json.Unmarshal(data, &r) == nil {
			l.refused(r)
		}
	case "delta":
		var d Delta
		if l.on.Delta != nil && json.Unmarshal(data, &d) == nil {
			l.on.Delta(d)
		}
	}
}

// wait returns when the outbox is empty, or with the error of ctx.
func (l *link) wait(ctx context.Context) error {
	for {
		l.mu.Lock()
		size, settled := l.outbox.size(), l.settled
		l.mu.Unlock()
		if size == 0 {
			return nil
		}
		select {
		case <-settled:
		case <-ctx.Done():
			return errors.Join(errs.New(errs.Unavailable, "%d messages are not acknowledged", size), context.Cause(ctx))
		}
	}
}

// drop breaks the present connection, as a network does.
func (l *link) drop() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.conn != nil {
		_ = l.conn.ws.NetConn().Close()
	}
}

// pending counts what is not settled yet.
func (l *link) pending() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.outbox.size()
}

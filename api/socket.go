package api

import (
	"context"
	"encoding/binary"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/gorilla/websocket"

	"handrail/internal/auth"
	"handrail/internal/errs"
)

const (
	readLimit    = 64 << 10         // bytes of one inbound frame
	queueLength  = 256              // frames that may wait for a slow client
	queueBytes   = 1 << 20          // bytes that may wait for a slow client
	historyShare = 192              // frames that may wait because of history; the rest is for what happens meanwhile
	writeSize    = 8 << 10          // bytes of frames that are written together
	writeTimeout = 10 * time.Second // for one such write
	pingEvery    = 10 * time.Second
	silenceLimit = 35 * time.Second // without a frame or a pong the client is gone
)

// Close codes beyond those of RFC 6455.
const closeSignIn = 4401 // take a new ticket

// socket is one connection: a goroutine that reads, and one that writes for as long as frames wait.
type socket struct {
	ws      *websocket.Conn
	buffers *sync.Pool // of *[]byte, for writers
	slot    int        // spreads the pings; set by the hub

	mu      sync.Mutex
	queue   [][]byte // frames that wait; nil stands for a ping
	bytes   int      // of them
	writing bool     // a goroutine writes
	resumed []func() // called once when nothing waits any more
	closing bool
	code    int // why it is closing
	text    string
}

// upgrade turns the request into a socket. The ticket stands in the subprotocol header rather than in the URL, so that
// it reaches no log.
func (s *Server) upgrade(w http.ResponseWriter, r *http.Request) (*socket, error) {
	u := websocket.Upgrader{ReadBufferSize: 1024, WriteBufferPool: unused{}, Subprotocols: []string{Subprotocol},
		CheckOrigin: func(*http.Request) bool { return true }} // checked before, against the widget's list
	ws, err := u.Upgrade(w, r, nil)
	if err != nil {
		return nil, err
	}
	ws.SetReadLimit(readLimit)
	return &socket{ws: ws, buffers: &s.hub.buffers}, nil
}

// unused keeps gorilla from allocating a write buffer for every connection: frames are not written by way of it.
type unused struct{}

func (unused) Get() any { return nil }
func (unused) Put(any)  {}

// ticketOf returns the ticket offered among the subprotocols.
func ticketOf(r *http.Request) (string, error) {
	for _, p := range websocket.Subprotocols(r) {
		if t, ok := strings.CutPrefix(p, "ticket."); ok {
			return t, nil
		}
	}
	return "", errs.New(errs.Unauthenticated, "offer the subprotocols %q and \"ticket.TICKET\"", Subprotocol)
}

// redeem uses up the ticket that the request offers and returns whom it lets in.
func (s *Server) redeem(r *http.Request) (uuid.UUID, auth.Subject, error) {
	ticket, err := ticketOf(r)
	if err != nil {
		return uuid.Nil, auth.Subject{}, err
	}
	return s.c.Auth.Redeem(r.Context(), ticket)
}

// put queues a frame. A client that does not keep up is closed: it resumes by its cursor when it can.
func (s *socket) put(frame []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing {
		return
	}
	if len(s.queue) >= queueLength || s.bytes+len(frame) > queueBytes {
		s.shut(websocket.CloseTryAgainLater, "too slow: reconnect and resume")
		return
	}
	s.add(frame)
}

// offer queues a frame of the history unless too many wait already. Then it returns false, and resume is called when
// none waits any more. So a client receives a history of any length as fast as it reads.
func (s *socket) offer(frame []byte, resume func()) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing {
		return true // nobody waits for it
	}
	if len(s.queue) > 0 && (len(s.queue) >= historyShare || s.bytes+len(frame) > queueBytes/2) {
		s.resumed = append(s.resumed, resume)
		return false
	}
	s.add(frame)
	return true
}

// add runs under the lock.
func (s *socket) add(frame []byte) {
	s.queue = append(s.queue, frame)
	s.bytes += len(frame)
	s.start()
}

// start makes sure that somebody writes. It runs under the lock.
func (s *socket) start() {
	if !s.writing {
		s.writing = true
		go s.write()
	}
}

func (s *socket) ping() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closing && len(s.queue) < queueLength {
		s.add(nil)
	}
}

// close ends the socket once; the first reason wins.
func (s *socket) close(code int, text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.shut(code, text)
}

// shut runs under the lock.
func (s *socket) shut(code int, text string) {
	if s.closing {
		return
	}
	s.closing, s.code, s.text = true, code, text
	s.queue, s.bytes = nil, 0
	s.start()
}

// write sends what waits, several frames at a time, until nothing does. It ends by itself: what a blocked client can
// hold up is bounded by writeTimeout.
func (s *socket) write() {
	buffer := s.buffers.Get().(*[]byte)
	defer s.buffers.Put(buffer)
	for {
		batch := s.next((*buffer)[:0])
		if len(batch) == 0 {
			return
		}
		// gorilla's own frames, pongs and closes, go the same way; writes to one connection do not mix.
		_ = s.ws.NetConn().SetWriteDeadline(time.Now().Add(writeTimeout))
		if _, err := s.ws.NetConn().Write(batch); err != nil {
			_ = s.ws.Close() // a frame may be cut off, so no other can follow
			s.close(websocket.CloseAbnormalClosure, "")
		}
	}
}

// next appends the next frames to buffer. It returns none when the writer shall end, after telling those who wait for
// that.
func (s *socket) next(buffer []byte) []byte {
	s.mu.Lock()
	if len(s.queue) > 0 {
		defer s.mu.Unlock()
		return s.take(buffer)
	}
	closing, resumed := s.closing, s.resumed
	s.writing, s.queue, s.resumed = closing, nil, nil // the writer that closes is the last
	s.mu.Unlock()
	if closing {
		_ = s.ws.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(s.code, s.text), time.Now().Add(time.Second))
		_ = s.ws.Close()
		return nil
	}
	for _, resume := range resumed {
		resume()
	}
	return nil
}

// take runs under the lock.
func (s *socket) take(buffer []byte) []byte {
	n := 0
	for n < len(s.queue) && (n == 0 || len(buffer)+len(s.queue[n]) < writeSize) {
		buffer = appendFrame(buffer, s.queue[n])
		s.bytes -= len(s.queue[n])
		n++
	}
	clear(s.queue[:n])
	s.queue = s.queue[n:]
	return buffer
}

// appendFrame appends a frame as it travels: a text, or a ping.
func appendFrame(b, payload []byte) []byte {
	const final, text, ping = 0x80, 1, 9
	n := len(payload)
	switch {
	case payload == nil:
		return append(b, final|ping, 0)
	case n < 126:
		b = append(b, final|text, byte(n))
	case n < 1<<16:
		b = binary.BigEndian.AppendUint16(append(b, final|text, 126), uint16(n))
	default:
		b = binary.BigEndian.AppendUint64(append(b, final|text, 127), uint64(n))
	}
	return append(b, payload...)
}

// read hands every inbound frame to handle until the socket closes. alive is called at most every pingEvery, as long as
// anything is heard.
func (s *socket) read(ctx context.Context, handle func(inbound), alive func()) {
	var heard, checked time.Time
	extend := func() {
		now := time.Now()
		if now.Sub(heard) > time.Second {
			heard = now
			_ = s.ws.SetReadDeadline(now.Add(silenceLimit))
		}
		if now.Sub(checked) >= pingEvery { // also for a client that sends without ever answering a ping
			checked = now
			alive()
		}
	}
	extend()
	s.ws.SetPongHandler(func(string) error {
		extend()
		return nil
	})
	for ctx.Err() == nil {
		_, data, err := s.ws.ReadMessage()
		if err != nil {
			break
		}
		extend()
		in, err := readFrame(data)
		if err != nil {
			s.put(frame(failure(in, err)))
			continue
		}
		handle(in)
	}
	s.close(websocket.CloseNormalClosure, "")
}

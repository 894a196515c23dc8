package api

import (
	"context"
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
	writeTimeout = 10 * time.Second // for one frame
	pingEvery    = 10 * time.Second
	silenceLimit = 35 * time.Second // without a frame or a pong the client is gone
)

// Close codes beyond those of RFC 6455.
const closeSignIn = 4401 // take a new ticket

// socket is one connection: a goroutine that reads and one that writes.
type socket struct {
	ws   *websocket.Conn
	send chan []byte
	once sync.Once
	gone chan struct{} // closed when the socket is closing
	code int           // close code, set before gone is closed
	text string
}

// upgrade turns the request into a socket. The ticket stands in the subprotocol header rather than in the URL, so that
// it reaches no log.
func upgrade(w http.ResponseWriter, r *http.Request) (*socket, error) {
	u := websocket.Upgrader{ReadBufferSize: 1024, WriteBufferSize: 1024, Subprotocols: []string{Subprotocol},
		CheckOrigin: func(*http.Request) bool { return true }} // checked before, against the widget's list
	ws, err := u.Upgrade(w, r, nil)
	if err != nil {
		return nil, err
	}
	ws.SetReadLimit(readLimit)
	return &socket{ws: ws, send: make(chan []byte, queueLength), gone: make(chan struct{})}, nil
}

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
	select {
	case s.send <- frame:
	case <-s.gone:
	default:
		s.close(websocket.CloseTryAgainLater, "too slow: reconnect and resume")
	}
}

// close ends the socket once; the first reason wins.
func (s *socket) close(code int, text string) {
	s.once.Do(func() {
		s.code, s.text = code, text
		close(s.gone)
	})
}

// write sends queued frames and pings until the socket closes.
func (s *socket) write() {
	ping := time.NewTicker(pingEvery)
	defer ping.Stop()
	defer s.ws.Close()
	for {
		select {
		case frame := <-s.send:
			_ = s.ws.SetWriteDeadline(time.Now().Add(writeTimeout))
			if s.ws.WriteMessage(websocket.TextMessage, frame) != nil {
				s.close(websocket.CloseAbnormalClosure, "")
				return
			}
		case <-ping.C:
			if s.ws.WriteControl(websocket.PingMessage, nil, time.Now().Add(writeTimeout)) != nil {
				s.close(websocket.CloseAbnormalClosure, "")
				return
			}
		case <-s.gone:
			message := websocket.FormatCloseMessage(s.code, s.text)
			_ = s.ws.WriteControl(websocket.CloseMessage, message, time.Now().Add(time.Second))
			return
		}
	}
}

// read hands every inbound frame to handle until the socket closes. alive is called at most every pingEvery, as long as
// anything is heard.
func (s *socket) read(ctx context.Context, handle func(inbound), alive func()) {
	var checked time.Time
	extend := func() {
		_ = s.ws.SetReadDeadline(time.Now().Add(silenceLimit))
		if time.Since(checked) >= pingEvery { // also for a client that sends without ever answering a ping
			checked = time.Now()
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

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/gorilla/websocket"
)

// target is a server as its clients reach it.
type target interface {
	// visitor connects the visitor of a conversation and waits for the welcome.
	visitor(ctx context.Context, i int) (*websocket.Conn, error)
	// agent connects an agent who watches the conversations from..to-1, and returns the last entry of each.
	agent(ctx context.Context, agent int) (*websocket.Conn, error)
	// ledgers are the conversations, agent by agent.
	ledgers(ctx context.Context) ([]*ledger, error)
}

// load is the visitors and agents of one measurement.
type load struct {
	run      uuid.UUID
	start    time.Time
	ledgers  []*ledger
	visitors []*client
	agents   []*client
	running  sync.WaitGroup
	stopped  atomic.Bool
	complete func(conversation int) // called when a message has been acknowledged and seen; may be nil
	failed   atomic.Pointer[error]
	stalled  int // agent who has stopped reading, -1 = none
}

// client is one connection; many may write to it.
type client struct {
	ws     *websocket.Conn
	mu     sync.Mutex
	asleep atomic.Bool // reads no more
}

func (c *client) send(frame []byte) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.ws.WriteMessage(websocket.TextMessage, frame)
}

// connect brings every visitor and agent on line.
func connect(ctx context.Context, t target) (*load, error) {
	ledgers, err := t.ledgers(ctx)
	if err != nil {
		return nil, err
	}
	l := &load{run: uuid.New(), start: time.Now(), ledgers: ledgers, stalled: -1}
	agents := len(ledgers) / perAgent
	l.visitors, l.agents = make([]*client, len(ledgers)), make([]*client, agents)
	err = eachOf(ctx, 16, agents, func(i int) error {
		ws, err := t.agent(ctx, i)
		l.agents[i] = &client{ws: ws}
		return err
	})
	if err == nil {
		err = eachOf(ctx, 16, len(ledgers), func(i int) error {
			ws, err := t.visitor(ctx, i)
			l.visitors[i] = &client{ws: ws}
			return err
		})
	}
	if err != nil {
		l.close()
		return nil, err
	}
	for _, c := range slices.Concat(l.agents, l.visitors) {
		l.running.Go(func() { l.read(c) })
	}
	return l, nil
}

// close ends every connection and waits for the readers.
func (l *load) close() {
	l.stopped.Store(true)
	for _, c := range slices.Concat(l.agents, l.visitors) {
		if c != nil && c.ws != nil {
			_ = c.ws.Close()
		}
	}
	l.running.Wait()
}

func (l *load) now() int64 { return int64(time.Since(l.start)) }

func (l *load) fail(err error) {
	if !l.stopped.Load() {
		l.failed.CompareAndSwap(nil, &err)
	}
}

// err is the first failure of a connection.
func (l *load) err() error {
	if p := l.failed.Load(); p != nil {
		return *p
	}
	return nil
}

// message is long enough to be a question and short enough to be a chat.
const message = "Where is my order 4711? It should have arrived last week, and the tracking page shows nothing new."

// send lets the visitor of a conversation write a message that was due at a time.
func (l *load) send(conversation int, due int64) {
	l.transmit(conversation, l.ledgers[conversation].open(due))
}

func (l *load) transmit(conversation, n int) {
	frame := make([]byte, 0, 256)
	frame = append(frame, `{"t":"send","client_id":"`...)
	frame = append(frame, clientID(l.run, conversation, n).String()...)
	frame = append(frame, `","body":"`...)
	frame = append(frame, message...)
	frame = append(frame, `"}`...)
	if err := l.visitors[conversation].send(frame); err != nil {
		l.fail(fmt.Errorf("send as visitor %d: %w", conversation, err))
	}
}

// read notes what arrives on a connection until it closes.
func (l *load) read(c *client) {
	var buffer bytes.Buffer
	for {
		_, r, err := c.ws.NextReader()
		if err == nil {
			buffer.Reset()
			_, err = buffer.ReadFrom(r)
		}
		if c.asleep.Load() {
			return // what has just arrived is lost with the connection
		}
		if err != nil {
			l.fail(fmt.Errorf("read: %w", err))
			return
		}
		l.take(buffer.Bytes())
	}
}

// take notes one frame of the server. Only the type and two fields matter, so the frame is not decoded as a whole: the
// generator shares the processors with the server.
func (l *load) take(frame []byte) {
	kind := value(frame, `"t":"`, '"')
	id, err := uuid.ParseBytes(value(frame, `"client_id":"`, '"'))
	mine := err == nil
	var conversation, n int
	if mine {
		conversation, n, mine = belongs(l.run, id)
	}
	switch string(kind) {
	case "ack":
		if mine && l.ledgers[conversation].acknowledge(n, number(frame), l.now()) {
			l.done(conversation)
		}
	case "msg":
		l.shown(frame, conversation, n, mine)
	case "error":
		l.refused(frame, conversation, n, mine)
	}
}

// shown notes an entry on an agent's connection. A visitor is sent their own messages as well, without naming the
// conversation; the acknowledgement has told them already.
func (l *load) shown(frame []byte, conversation, n int, mine bool) {
	if !bytes.Contains(frame[:min(len(frame), 64)], []byte(`"conversation":"`)) {
		return
	}
	if !mine {
		id, err := uuid.ParseBytes(value(frame, `"conversation":"`, '"'))
		conversation = slices.IndexFunc(l.ledgers, func(x *ledger) bool { return err == nil && x.id == id })
		n = -1
	}
	if conversation >= 0 && l.ledgers[conversation].show(n, number(frame), l.now()) {
		l.done(conversation)
	}
}

// refused notes that a message was not accepted. In a closed loop it is sent again when the server says so.
func (l *load) refused(frame []byte, conversation, n int, mine bool) {
	wait, _ := strconv.Atoi(string(digits(frame, `"retry_after_ms":`)))
	if !mine || wait == 0 {
		l.fail(errors.New("the server said: " + string(frame)))
		return
	}
	l.ledgers[conversation].refuse(n)
	if l.complete != nil {
		time.AfterFunc(time.Duration(wait)*time.Millisecond, func() {
			if !l.stopped.Load() {
				l.transmit(conversation, n)
			}
		})
	}
}

func (l *load) done(conversation int) {
	if l.complete != nil {
		l.complete(conversation)
	}
}

// value returns what stands between a prefix and the end mark.
func value(frame []byte, prefix string, end byte) []byte {
	_, rest, ok := bytes.Cut(frame, []byte(prefix))
	if !ok {
		return nil
	}
	stop := bytes.IndexByte(rest, end)
	return rest[:max(stop, 0)]
}

func digits(frame []byte, prefix string) []byte {
	_, rest, _ := bytes.Cut(frame, []byte(prefix))
	i := 0
	for i < len(rest) && rest[i] >= '0' && rest[i] <= '9' {
		i++
	}
	return rest[:i]
}

// number is the number of an entry.
func number(frame []byte) int64 {
	n, _ := strconv.ParseInt(string(digits(frame, `"seq":`)), 10, 64)
	return n
}

// drain waits until all that was acknowledged has been seen, or for ten seconds.
func (l *load) drain(ctx context.Context) {
	for range 200 {
		var c count
		for _, x := range l.ledgers {
			c.add(x)
		}
		if c.seen >= c.acked && c.unanswered == 0 || ctx.Err() != nil {
			return
		}
		settle(ctx, 50*time.Millisecond)
	}
}

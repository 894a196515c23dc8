package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/google/uuid"
	"github.com/gorilla/websocket"
)

// outcome is what a load reached.
type outcome struct {
	PerSecond   float64 `json:"per_second"` // messages acknowledged and seen
	AckP50      float64 `json:"ack_p50_ms"`
	AckP99      float64 `json:"ack_p99_ms"`
	SeenP50     float64 `json:"seen_p50_ms"`
	SeenP99     float64 `json:"seen_p99_ms"`
	ServerCPU   float64 `json:"server_cpu_us"` // of a message
	DatabaseCPU float64 `json:"database_cpu_us"`
	ServerMiB   float64 `json:"server_mib"`
	Sent        int     `json:"sent"`
	Acked       int     `json:"acked"`
	Seen        int     `json:"seen"`
	Refused     int     `json:"refused"`
	Unanswered  int     `json:"unanswered"`
	Lost        int     `json:"lost"` // acknowledged and not stored
}

// warmUp is how long a load runs before it is measured.
const warmUp = 2 * time.Second

// gauge reads the processor time of the servers under load.
type gauge struct {
	servers  []*process
	postgres int
}

type reading struct{ server, database time.Duration }

func (g gauge) read() (r reading) {
	for _, s := range g.servers {
		r.server += s.cpu()
	}
	return reading{r.server, familyCPU(g.postgres)}
}

// window measures for a length what a running load reaches.
func (l *load) window(ctx context.Context, g gauge, length time.Duration) (outcome, error) {
	settle(ctx, warmUp)
	from, before := time.Since(l.start), g.read()
	settle(ctx, length)
	to, after := time.Since(l.start), g.read()
	acks, seen := latencies(l.ledgers, from, to)
	n := float64(max(len(seen), 1))
	o := outcome{PerSecond: float64(len(seen)) / (to - from).Seconds(),
		AckP50: ms(percentile(acks, .5)), AckP99: ms(percentile(acks, .99)),
		SeenP50: ms(percentile(seen, .5)), SeenP99: ms(percentile(seen, .99)),
		ServerCPU:   float64((after.server - before.server).Microseconds()) / n,
		DatabaseCPU: float64((after.database - before.database).Microseconds()) / n}
	for _, s := range g.servers {
		o.ServerMiB += float64(memory(s.pid())) / (1 << 20)
	}
	return o, ctx.Err()
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// saturate lets the visitors of some conversations write one message after the other, each as soon as the one before it
// has been acknowledged and seen.
func (l *load) saturate(ctx context.Context, active int, g gauge, length time.Duration) (outcome, error) {
	l.complete = func(conversation int) {
		if !l.stopped.Load() {
			l.send(conversation, l.now())
		}
	}
	step := len(l.ledgers) / active // spread over the agents
	for i := range active {
		l.send(i*step, l.now())
	}
	o, err := l.window(ctx, g, length)
	l.stopped.Store(true)
	return o, err
}

// pace lets all visitors in turn write messages at a rate, whatever becomes of them, until stop is called. Delays count
// from the time at which a message was due.
func (l *load) pace(ctx context.Context, rate float64) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	l.running.Go(func() {
		begin := time.Now()
		for i := 0; ctx.Err() == nil; i++ {
			due := begin.Add(time.Duration(float64(i) / rate * float64(time.Second)))
			if wait := time.Until(due); wait > 0 {
				time.Sleep(wait)
			}
			l.send(i%len(l.ledgers), int64(due.Sub(l.start)))
		}
	})
	return cancel
}

// measure connects everybody to a target, runs a load, and completes the outcome with the audit of the ledgers.
func (w *world) measure(ctx context.Context, t target, drive func(l *load) (outcome, error)) (outcome, error) {
	l, err := connect(ctx, t)
	if err != nil {
		return outcome{}, fmt.Errorf("connect: %w", err)
	}
	defer l.close()
	o, err := drive(l)
	if err != nil {
		return o, err
	}
	if err := l.wake(ctx, t); err != nil {
		return o, err
	}
	l.drain(ctx)
	if err := l.err(); err != nil {
		return o, err
	}
	return o, w.check(ctx, t, l, &o)
}

// check completes an outcome with the comparison of ledgers and database.
func (w *world) check(ctx context.Context, t target, l *load, o *outcome) error {
	var c count
	for _, x := range l.ledgers {
		c.add(x)
	}
	o.Sent, o.Acked, o.Seen, o.Refused, o.Unanswered = c.sent, c.acked, c.seen, c.refused, c.unanswered
	if _, reference := t.(*bare); reference {
		return nil
	}
	trouble, _, lost, err := audit(ctx, w.owner, l.run, l.ledgers)
	o.Lost = lost
	for i, s := range trouble {
		if i == 10 {
			break
		}
		fmt.Fprintln(os.Stderr, "  ledger:", s)
	}
	if len(trouble) > 0 && err == nil {
		err = fmt.Errorf("the ledger and the database differ in %d places", len(trouble))
	}
	return err
}

// dialer opens connections with small buffers, so that thousands fit beside the server.
var dialer = &websocket.Dialer{ReadBufferSize: 1024, WriteBufferSize: 1024, HandshakeTimeout: 20 * time.Second}

// dial connects to a path, offering a ticket if there is one.
func dial(ctx context.Context, addr, path, ticket string) (*websocket.Conn, error) {
	d := *dialer
	if ticket != "" {
		d.Subprotocols = []string{"handrail.v1", "ticket." + ticket}
	}
	ws, res, err := d.DialContext(ctx, "ws://"+addr+path, nil)
	if err != nil && res != nil {
		return nil, fmt.Errorf("%s: %s: %w", path, res.Status, err)
	}
	return ws, err
}

// greet sends hello and waits for the answer.
func greet(ws *websocket.Conn, conversation uuid.UUID, cursor int64) error {
	hello := `{"t":"hello"}`
	if conversation != uuid.Nil {
		hello = fmt.Sprintf(`{"t":"hello","conversation":"%s","cursor":%d}`, conversation, cursor)
	}
	if err := ws.WriteMessage(websocket.TextMessage, []byte(hello)); err != nil {
		return err
	}
	return expect(ws, "welcome")
}

// expect reads frames until one of a type.
func expect(ws *websocket.Conn, kind string) error {
	for {
		_, frame, err := ws.ReadMessage()
		if err != nil {
			return fmt.Errorf("waiting for %s: %w", kind, err)
		}
		switch string(value(frame, `"t":"`, '"')) {
		case kind:
			return nil
		case "error":
			return fmt.Errorf("waiting for %s: %s", kind, frame)
		}
	}
}

package main

import (
	"context"
	"fmt"
	"time"

	"github.com/gorilla/websocket"
)

// overload offers twice what the server can carry, beside an agent who stops reading, and looks at what becomes of it.
func (cmd *chatCommand) overload(ctx context.Context, w *world, r *report) error {
	node, err := w.serve(ctx)
	if err != nil {
		return err
	}
	defer node.stop()
	peak, err := w.onNodes(ctx, []*process{node}, func(l *load, g gauge) (outcome, error) {
		return l.saturate(ctx, 400, g, cmd.Length)
	})
	if err != nil {
		return err
	}
	r.note("maximum", "handrail", peak)
	var high float64
	var after outcome
	over, err := w.onNodes(ctx, []*process{node}, func(l *load, g gauge) (outcome, error) {
		l.stalled = 0
		l.stall()
		stop := l.pace(ctx, 2*peak.PerSecond)
		watch, done := context.WithCancel(ctx)
		go highest(watch, node, &high)
		o, err := l.window(ctx, g, cmd.Overload)
		done()
		stop()
		if err != nil {
			return o, err
		}
		settle(ctx, 5*time.Second)
		stop = l.pace(ctx, cmd.Rate)
		after, err = l.window(ctx, g, 3*time.Second)
		stop()
		return o, err
	})
	if err != nil {
		return err
	}
	r.note("twice the maximum", "handrail", over)
	r.note("5 s after", "handrail", after)
	r.add(row{Name: "overload, offered", Figure: 2 * peak.PerSecond, Unit: "messages/s"})
	r.add(row{Name: "overload, delivered", Figure: over.PerSecond, Unit: "messages/s", Beside: "maximum", Reference: peak.PerSecond}).ratioAtLeast(.9)
	r.add(row{Name: "overload, refused with retry_after", Figure: float64(over.Refused), Unit: "messages"})
	r.add(row{Name: "overload, never answered", Figure: float64(over.Unanswered), Unit: "messages"}).atMost(.5, "")
	r.add(row{Name: "overload, acknowledged and lost", Figure: float64(over.Lost), Unit: "messages"}).atMost(.5, "")
	r.add(row{Name: "overload, p99 of accepted", Figure: over.SeenP99, Unit: "ms", Beside: "maximum", Reference: peak.SeenP99}).ratioAtMost(3)
	r.add(row{Name: "overload, memory", Figure: max(high, over.ServerMiB), Unit: "MiB", Beside: "maximum", Reference: peak.ServerMiB}).ratioAtMost(1.5)
	r.add(row{Name: fmt.Sprintf("5 s after overload, %.0f/s, seen p99", cmd.Rate), Figure: after.SeenP99, Unit: "ms"}).atMost(10, "")
	return nil
}

// highest notes the largest memory of a process until ctx ends.
func highest(ctx context.Context, p *process, mib *float64) {
	for ctx.Err() == nil {
		*mib = max(*mib, float64(memory(p.pid()))/(1<<20))
		settle(ctx, 200*time.Millisecond)
	}
}

// stall makes an agent stop reading, as a laptop does that is shut. It comes back, and catches up, in drain.
func (l *load) stall() { l.agents[l.stalled].asleep.Store(true) }

// wake brings the agent back who had stopped reading. Most likely the server has closed the connection.
func (l *load) wake(ctx context.Context, t target) error {
	if l.stalled < 0 {
		return nil
	}
	p, ok := t.(*product)
	if !ok {
		return nil
	}
	_ = l.agents[l.stalled].ws.Close()
	for i := l.stalled * perAgent; i < (l.stalled+1)*perAgent; i++ {
		l.ledgers[i].mu.Lock()
		p.seqs[i] = l.ledgers[i].cursor
		l.ledgers[i].mu.Unlock()
	}
	ws, err := p.agentReading(ctx, l.stalled, l.take)
	if err != nil {
		return err
	}
	c := &client{ws: ws}
	l.agents[l.stalled] = c
	l.running.Go(func() { l.read(c) })
	return nil
}

// agentReading is [product.agent] for one who has missed messages: frames that come before the states are taken.
func (p *product) agentReading(ctx context.Context, agent int, take func([]byte)) (*websocket.Conn, error) {
	ws, err := p.staff(ctx, agent)
	if err != nil {
		return nil, err
	}
	for i := agent * perAgent; i < (agent+1)*perAgent; i++ {
		if err := ws.WriteMessage(websocket.TextMessage, p.watch(i)); err != nil {
			return nil, err
		}
	}
	return ws, nil
}

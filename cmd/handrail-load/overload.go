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
		peaks := highest(watch, node)
		o, err := l.window(ctx, g, cmd.Overload)
		done()
		high = <-peaks
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
	r.add("overload, offered", 2*peak.PerSecond, "messages/s")
	r.add("overload, delivered", over.PerSecond, "messages/s").
		beside("maximum", peak.PerSecond).ratioAtLeast(.9)
	r.add("overload, refused with retry_after", float64(over.Refused), "messages")
	r.add("overload, never answered", float64(over.Unanswered), "messages").atMost(.5, "")
	r.add("overload, acknowledged and lost", float64(over.Lost), "messages").atMost(.5, "")
	r.add("overload, p99 of accepted", over.SeenP99, "ms").
		beside("maximum", peak.SeenP99).ratioAtMost(3)
	r.add("overload, memory", max(high, over.ServerMiB), "MiB").
		beside("maximum", peak.ServerMiB).ratioAtMost(1.5)
	r.add(fmt.Sprintf("5 s after overload, %.0f/s, seen p99", cmd.Rate), after.SeenP99, "ms").atMost(10, "")
	return nil
}

// highest delivers the largest memory of a process, in MiB, once ctx has ended.
func highest(ctx context.Context, p *process) <-chan float64 {
	peak := make(chan float64, 1)
	go func() {
		high := 0.0
		for ctx.Err() == nil {
			high = max(high, float64(memory(p.pid()))/(1<<20))
			settle(ctx, 200*time.Millisecond)
		}
		peak <- high
	}()
	return peak
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
	ws, err := p.catchUp(ctx, l.stalled)
	if err != nil {
		return err
	}
	c := &client{ws: ws}
	l.agents[l.stalled] = c
	l.running.Go(func() { l.read(c) })
	return nil
}

// catchUp is [product.agent] for one who has missed messages, which come before the states.
func (p *product) catchUp(ctx context.Context, agent int) (*websocket.Conn, error) {
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

package main

import (
	"context"
	"fmt"
	"net"
)

// nodes measures what it costs that the visitor is on one node and the agent on another.
func (cmd *chatCommand) nodes(ctx context.Context, w *world, r *report) error {
	slow := func(l *load, g gauge) (outcome, error) {
		defer l.pace(ctx, cmd.Rate)()
		return l.window(ctx, g, cmd.Length)
	}
	fast := func(l *load, g gauge) (outcome, error) { return l.saturate(ctx, 400, g, cmd.Length) }
	var o [4]outcome
	for i, drive := range []func(*load, gauge) (outcome, error){slow, fast} {
		var err error
		if o[i], err = w.onNode(ctx, drive); err != nil {
			return err
		}
		r.note("one node", "handrail", o[i])
		if o[2+i], err = w.onPair(ctx, drive); err != nil {
			return err
		}
		r.note("two nodes", "handrail", o[2+i])
	}
	r.add(row{Name: "agent on another node, 400 active", Figure: o[3].PerSecond, Unit: "messages/s", Beside: "both on one node",
		Reference: o[1].PerSecond}).ratioAtLeast(.85)
	r.add(row{Name: "agent on another node, server CPU of both", Figure: o[3].ServerCPU, Unit: "us/message", Beside: "both on one node", Reference: o[1].ServerCPU})
	r.add(row{Name: "agent on another node, PostgreSQL CPU", Figure: o[3].DatabaseCPU, Unit: "us/message", Beside: "both on one node", Reference: o[1].DatabaseCPU})
	x := r.add(row{Name: fmt.Sprintf("agent on another node, %.0f/s, seen p99", cmd.Rate), Figure: o[2].SeenP99, Unit: "ms",
		Beside: "both on one node", Reference: o[0].SeenP99})
	met := o[2].SeenP99-o[0].SeenP99 <= 2
	x.Goal, x.Met = "<= 2 more", &met
	return nil
}

// onPair runs a load on two fresh nodes that are clustered.
func (w *world) onPair(ctx context.Context, drive func(l *load, g gauge) (outcome, error)) (outcome, error) {
	var listen [2]string
	for i := range listen {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return outcome{}, err
		}
		listen[i] = l.Addr().String()
		_ = l.Close()
	}
	var nodes []*process
	for i := range listen {
		node, err := w.serve(ctx, "HANDRAIL_NATS_TOKEN=load", "HANDRAIL_NATS_LISTEN="+listen[i], "HANDRAIL_NATS_ROUTES=nats://"+listen[1-i])
		if err != nil {
			return outcome{}, err
		}
		defer node.stop()
		nodes = append(nodes, node)
	}
	return w.onNodes(ctx, nodes, drive)
}

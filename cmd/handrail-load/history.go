package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"handrail/internal/auth"
	"handrail/internal/chat"
)

// history measures whether what has been said before slows down what is said next.
func (cmd *chatCommand) history(ctx context.Context, w *world, r *report) error {
	if err := w.opening(ctx, r); err != nil {
		return err
	}
	var first outcome
	for i, stored := range cmd.Stored {
		if err := w.ballast(ctx, stored); err != nil {
			return err
		}
		o, err := w.onNode(ctx, func(l *load, g gauge) (outcome, error) { return l.saturate(ctx, 50, g, cmd.Length) })
		if err != nil {
			return err
		}
		name := fmt.Sprintf("%d messages stored", stored)
		r.note(name, "handrail", o)
		if i == 0 {
			first = o
		}
		beside := fmt.Sprintf("%d stored", cmd.Stored[0])
		r.add(row{Name: name + ", 50 active", Figure: o.PerSecond, Unit: "messages/s", Beside: beside, Reference: first.PerSecond})
		r.add(row{Name: name + ", CPU of server and PostgreSQL", Figure: o.ServerCPU + o.DatabaseCPU, Unit: "us/message", Beside: beside,
			Reference: first.ServerCPU + first.DatabaseCPU}).ratioAtMost(1.25)
	}
	return nil
}

// opening compares a long conversation with a short one: from hello until the last hundred messages are there.
func (w *world) opening(ctx context.Context, r *report) error {
	node, err := w.serve(ctx)
	if err != nil {
		return err
	}
	defer node.stop()
	var took [2][]time.Duration
	var talks [2]talk
	lengths := [2]int{100, 100_000}
	for i, n := range lengths {
		if talks[i], err = w.visitor(ctx, chat.StateBot); err != nil {
			return err
		}
		if err := eachOf(ctx, 512, n, func(int) error { return w.say(ctx, talks[i].id) }); err != nil {
			return err
		}
	}
	for range 30 {
		for i, t := range talks {
			d, err := w.timeOpening(ctx, node, t, int64(lengths[i]))
			if err != nil {
				return err
			}
			took[i] = append(took[i], d)
		}
	}
	for i := range took {
		slices.Sort(took[i])
	}
	r.add(row{Name: "opening a conversation of 100,000 messages, p50", Figure: ms(percentile(took[1], .5)), Unit: "ms",
		Beside: "of 100 messages", Reference: ms(percentile(took[0], .5))}).ratioAtMost(1.25)
	start := time.Now()
	if _, err = w.timeReading(ctx, node, talks[1], int64(lengths[1]), 10_000); err != nil {
		return err
	}
	r.add(row{Name: "resuming after 10,000 missed messages", Figure: ms(time.Since(start)), Unit: "ms"})
	return nil
}

func (w *world) timeOpening(ctx context.Context, node *process, t talk, length int64) (time.Duration, error) {
	return w.timeReading(ctx, node, t, length, 100)
}

// timeReading is how long it takes from hello until the last n messages have arrived.
func (w *world) timeReading(ctx context.Context, node *process, t talk, length, n int64) (time.Duration, error) {
	ticket, err := w.auth.Ticket(ctx, w.workspace, auth.Subject{Contact: t.contact, Widget: w.widget, Lang: "en"})
	if err != nil {
		return 0, err
	}
	ws, err := dial(ctx, node.addr, "/ws/visitor", ticket)
	if err != nil {
		return 0, err
	}
	defer ws.Close()
	start := time.Now()
	if err := greet(ws, t.id, length-n); err != nil {
		return 0, err
	}
	for i := range n {
		_, frame, err := ws.ReadMessage()
		if err != nil {
			return 0, fmt.Errorf("after %d of %d messages: %w", i, n, err)
		}
		for string(value(frame, `"t":"`, '"')) != "msg" {
			if _, frame, err = ws.ReadMessage(); err != nil {
				return 0, fmt.Errorf("after %d of %d messages: %w", i, n, err)
			}
		}
		if got := number(frame); got != length-n+i+1 {
			return 0, fmt.Errorf("message %d arrived in the place of %d", got, length-n+i+1)
		}
	}
	return time.Since(start), nil
}

// ballast stores copies of messages in conversations of nobody until there are so many. They are copied in the database,
// whatever columns they have.
func (w *world) ballast(ctx context.Context, want int) error {
	var have int
	if err := w.owner.QueryRow(ctx, `SELECT count(*) FROM messages`).Scan(&have); err != nil || have >= want {
		return err
	}
	filler, err := w.visitor(ctx, chat.StateBot)
	if err != nil {
		return err
	}
	rows, err := w.owner.Query(ctx, `
		SELECT column_name::text FROM information_schema.columns
		WHERE table_name = 'messages' AND is_generated = 'NEVER' AND is_identity = 'NO'`)
	if err != nil {
		return err
	}
	var columns, values []string
	var name string
	for rows.Next() {
		if err := rows.Scan(&name); err != nil {
			return err
		}
		columns = append(columns, name)
		switch name {
		case "conversation_id":
			name = "$1::uuid"
		case "seq":
			name = "g.n"
		case "client_id":
			name = "gen_random_uuid()"
		default:
			name = "m." + name
		}
		values = append(values, name)
	}
	if err := rows.Err(); err != nil {
		return err
	}
	copies := fmt.Sprintf(`
		INSERT INTO messages (%s) SELECT %s FROM generate_series($2::bigint, $3::bigint) AS g (n)
		CROSS JOIN (SELECT * FROM messages WHERE conversation_id = $4 AND kind = 'text' ORDER BY seq LIMIT 1) m`,
		strings.Join(columns, ", "), strings.Join(values, ", "))
	return w.copyMessages(ctx, copies, filler.id, want-have)
}

// copyMessages runs the statement in steps, so that none holds the database up for long, and gives the planner figures.
func (w *world) copyMessages(ctx context.Context, sql string, filler uuid.UUID, n int) error {
	if err := w.say(ctx, w.talks[0].id); err != nil {
		return err
	}
	const step = 50_000
	steps := (n + step - 1) / step
	err := eachOf(ctx, 2, steps, func(i int) error {
		_, err := w.owner.Exec(ctx, sql, filler, i*step+1, min(n, (i+1)*step), w.talks[0].id)
		return err
	})
	if err != nil {
		return fmt.Errorf("store %d messages: %w", n, err)
	}
	_, err = w.owner.Exec(ctx, `ANALYZE messages`)
	return err
}

package handoff

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// backlog is how many hints may wait for the assigner. More are dropped, and made up for by the next tick.
const backlog = 256

// Start assigns conversations whenever something changes at the desk, and looks every tick for agents who are gone and
// for changes whose hint was lost. It ends with ctx or Stop.
func (d *Desk) Start(ctx context.Context) {
	ctx, d.stop = context.WithCancel(ctx)
	hints := make(chan uuid.UUID, backlog)
	sub, err := d.bus.Subscribe("desk.*", func(subject string, _ []byte) {
		ws, err := uuid.Parse(strings.TrimPrefix(subject, "desk."))
		if err != nil {
			return
		}
		select {
		case hints <- ws:
		default:
		}
	})
	if err != nil {
		slog.ErrorContext(ctx, "no hints reach the desk, it works every tick only", "error", err)
	}
	d.running.Go(func() {
		if sub != nil {
			defer sub.Close()
		}
		d.run(ctx, hints)
	})
}

// Stop ends what Start began and waits for it.
func (d *Desk) Stop() {
	d.stop()
	d.running.Wait()
}

func (d *Desk) run(ctx context.Context, hints <-chan uuid.UUID) {
	tick, watch := time.NewTicker(d.config.Tick), time.NewTicker(d.config.Watch)
	defer tick.Stop()
	defer watch.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case ws := <-hints:
			d.report(ctx, "assign conversations", func() error {
				_, err := d.Assign(ctx, ws)
				return err
			})
		case <-watch.C:
			d.report(ctx, "watch the time", func() error { return d.watch(ctx) })
		case <-tick.C:
			d.report(ctx, "look after the desk", func() error { return d.sweep(ctx) })
		}
	}
}

// report logs a failure; the next hint or tick tries again.
func (d *Desk) report(ctx context.Context, what string, fn func() error) {
	if err := fn(); err != nil && ctx.Err() == nil {
		slog.ErrorContext(ctx, "cannot "+what, "error", err)
	}
}

// watch ends offers and raises alerts in every workspace where one may be due.
func (d *Desk) watch(ctx context.Context) error {
	workspaces, err := d.workspaces(ctx, `
		SELECT workspace_id FROM offers WHERE ended_at IS NULL
		UNION SELECT workspace_id FROM handoffs WHERE ended_at IS NULL AND replied_at IS NULL
		UNION SELECT workspace_id FROM desk_alerts WHERE cleared_at IS NULL`)
	if err != nil {
		return err
	}
	var failures []error
	for _, ws := range workspaces {
		_, expired := d.Expire(ctx, ws)
		_, alerted := d.CheckSLA(ctx, ws, time.Time{})
		failures = append(failures, expired, alerted)
	}
	return errors.Join(failures...)
}

// workspaces runs a query for workspace_id over all of them.
func (d *Desk) workspaces(ctx context.Context, sql string) (list []uuid.UUID, err error) {
	err = d.db.InSystemTx(ctx, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, sql)
		if err != nil {
			return err
		}
		list, err = pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
		return err
	})
	return list, err
}

// sweep reaps and assigns in every workspace that has something to do. A failure in one does not keep it from others.
func (d *Desk) sweep(ctx context.Context) error {
	workspaces, err := d.workspaces(ctx, `
		SELECT workspace_id FROM agents WHERE load > 0 AND lease_until <= now()
		UNION SELECT workspace_id FROM handoffs WHERE waiting_since IS NOT NULL`)
	if err != nil {
		return err
	}
	var failures []error
	for _, ws := range workspaces {
		_, reaped := d.Reap(ctx, ws)
		_, assigned := d.Assign(ctx, ws)
		failures = append(failures, reaped, assigned)
	}
	return errors.Join(failures...)
}

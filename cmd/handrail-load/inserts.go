package main

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
)

// referenceTable makes the table that references write to, with the one index that reading a conversation needs.
func (w *world) referenceTable(ctx context.Context) error {
	_, err := w.owner.Exec(ctx, `
		DROP TABLE IF EXISTS reference_messages;
		CREATE TABLE reference_messages (
			conversation int NOT NULL, seq bigint NOT NULL, client_id uuid NOT NULL, body text NOT NULL,
			at timestamptz NOT NULL);
		CREATE INDEX ON reference_messages (conversation, seq)`)
	return err
}

// inserts measures how fast the database itself stores rows: one transaction each, and a hundred with one statement.
func (cmd *chatCommand) inserts(ctx context.Context, w *world, r *report) error {
	single, err := rate(ctx, 8, cmd.Length/2, func() error {
		_, err := w.owner.Exec(ctx, insertOne, 1, 1, uuid.New(), message)
		return err
	})
	if err != nil {
		return err
	}
	batch := make([]stored, 100)
	for i := range batch {
		batch[i] = stored{conversation: i, seq: 1, id: uuid.New(), body: message}
	}
	many, err := rate(ctx, 1, cmd.Length/2, func() error { return insertMany(ctx, w.owner, batch) })
	if err != nil {
		return err
	}
	r.add(row{Name: "PostgreSQL, single-row transactions, 8 clients", Figure: single, Unit: "rows/s"})
	r.add(row{Name: "PostgreSQL, 100 rows per statement, 1 client", Figure: many * 100, Unit: "rows/s"})
	return nil
}

// rate is how often per second a number of clients can do something.
func rate(ctx context.Context, clients int, length time.Duration, do func() error) (float64, error) {
	var done atomic.Int64
	var failed atomic.Pointer[error]
	var all sync.WaitGroup
	start := time.Now()
	for range clients {
		all.Go(func() {
			for time.Since(start) < length && ctx.Err() == nil {
				if err := do(); err != nil {
					failed.CompareAndSwap(nil, &err)
					return
				}
				done.Add(1)
			}
		})
	}
	all.Wait()
	if p := failed.Load(); p != nil {
		return 0, *p
	}
	return float64(done.Load()) / time.Since(start).Seconds(), ctx.Err()
}

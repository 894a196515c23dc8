package chat_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"handrail/internal/chat"
)

// BenchmarkAppend prints acknowledged messages per second and, as a reference from the same run, how many plain
// one-row transactions the same server and pool manage per second.
func BenchmarkAppend(b *testing.B) {
	for _, state := range []chat.State{chat.StateBot, chat.StateQueued} {
		b.Run(string(state), func(b *testing.B) {
			w := newWorld(b)
			ids := make([]uuid.UUID, 1000)
			for i := range ids {
				ids[i] = w.conversation().ID
				if err := w.become(ids[i], state, 0); err != nil {
					b.Fatal(err)
				}
			}
			const clients = 256
			b.ResetTimer()
			appended := perSecond(b, clients, func(ctx context.Context, i int64) error {
				_, err := w.Append(ctx, w.ws, ids[i%int64(len(ids))], w.visitor("How long does the delivery take?"))
				return err
			})
			b.StopTimer()
			single := perSecond(b, 8, func(ctx context.Context, _ int64) error {
				return w.db.InTx(ctx, w.ws, func(tx pgx.Tx) error {
					_, err := tx.Exec(ctx, `
						INSERT INTO contacts (workspace_id, id, sealed, lang) VALUES ($1, $2, $3, 'en')`,
						w.ws, uuid.New(), []byte("How long does the delivery take?"))
					return err
				})
			})
			b.ReportMetric(appended, "messages/s")
			b.ReportMetric(single, "single-row-tx/s")
			b.ReportMetric(appended/single, "ratio")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// perSecond runs b.N operations by a number of concurrent callers.
func perSecond(b *testing.B, callers int, op func(ctx context.Context, i int64) error) float64 {
	var next atomic.Int64
	var running sync.WaitGroup
	start := time.Now()
	for range callers {
		running.Go(func() {
			for i := next.Add(1); i <= int64(b.N); i = next.Add(1) {
				if err := op(b.Context(), i); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	running.Wait()
	return float64(b.N) / time.Since(start).Seconds()
}

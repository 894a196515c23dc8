package handoff_test

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// BenchmarkAssign gives 1,000 waiting conversations to 100 agents and prints how many a second.
func BenchmarkAssign(b *testing.B) {
	const agents, waiting = 100, 1000
	for b.Loop() {
		b.StopTimer()
		w := newWorld(b)
		w.exec(`
			WITH u AS (
				INSERT INTO users (workspace_id, email, name, role, password_hash)
				SELECT $1, gen_random_uuid()::text, 'agent', 'agent', '-' FROM generate_series(1, $2) RETURNING id)
			INSERT INTO agents (workspace_id, user_id, status, lease_until, capacity)
			SELECT $1, id, 'online', now() + interval '1 hour', 10 FROM u`, w.ws, agents)
		for i := range waiting {
			w.queued(i % 3)
		}
		b.StartTimer()
		n, err := w.Assign(b.Context(), w.ws)
		require.NoError(b, err)
		require.Equal(b, waiting, n)
	}
	b.ReportMetric(float64(waiting*b.N)/b.Elapsed().Seconds(), "assigned/s")
}

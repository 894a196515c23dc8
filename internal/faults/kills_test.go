package faults_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"handrail/internal/faults"
)

func TestF1KilledNodes(t *testing.T) {
	parallel(t)
	c := boot(t, faults.Options{})
	w := talk(t, c)
	r := random(t)
	kills := times(3, 200)
	var back time.Duration
	for range kills {
		rest(t, 200*time.Millisecond+soon(r, time.Second))
		n := c.Nodes[r.IntN(len(c.Nodes))]
		require.NoError(t, n.Kill())
		rest(t, soon(r, time.Second))
		began := time.Now()
		require.NoError(t, n.Restart(t.Context()))
		back = max(back, time.Since(began))
	}
	shared.report.Count("F1", "nodes killed", kills, "")
	shared.report.Time("F1", "longest start until ready", back, "")
	_, peer := w.Ledger.Latencies(1)
	shared.report.Time("F1", "longest time until a message was shown", peer, "")
	settle(t, "F1", w)
}

func TestF2KilledDatabase(t *testing.T) {
	parallel(t)
	c := boot(t, faults.Options{})
	w := talk(t, c)
	r := random(t)
	kills := times(2, 50)
	var longest time.Duration
	for range kills {
		rest(t, time.Second+soon(r, 2*time.Second))
		require.NoError(t, c.KillDatabase())
		// The harness' own connections are the first to notice.
		within(t, 5*time.Second, "the database is gone", func() bool { return c.DB.Ping(t.Context()) != nil })
		require.NoError(t, c.AwaitDatabase(t.Context()))
		_, before := w.Ledger.Count()
		longest = max(longest, within(t, 10*time.Second, "messages are acknowledged again", func() bool {
			_, now := w.Ledger.Count()
			return now > before
		}))
	}
	shared.report.Count("F2", "PostgreSQL killed", kills, "")
	shared.report.Time("F2", "longest time from PostgreSQL to the first acknowledgement", longest, "<= 10 s")
	settle(t, "F2", w)
}

package faults_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"handrail/internal/faults"
)

// peerLimit is how soon a peer sees a message without any hint: the poll of 2 seconds, and a busy machine.
const peerLimit = 2500 * time.Millisecond

func TestF4NodesCannotReachEachOther(t *testing.T) {
	parallel(t)
	c := boot(t, faults.Options{})
	// Where both sides write, the reader's own messages would make its node look at the log.
	w := crowd(t, c, faults.CrowdOptions{Visitors: times(8, 20), Agents: times(2, 4), Every: 100 * time.Millisecond, MuteAgents: true})
	rest(t, 3*time.Second) // what was said before the agents came was seen late
	w.Ledger.Latencies(1)
	rest(t, 3*time.Second)
	_, before := w.Ledger.Latencies(0.99)
	partitions := times(1, 20)
	var worst time.Duration
	for range partitions {
		w.Ledger.Latencies(1)
		for _, n := range c.Nodes {
			require.NoError(t, n.Mesh.Silence())
		}
		rest(t, duration(6*time.Second, 30*time.Second))
		_, peer := w.Ledger.Latencies(1)
		worst = max(worst, peer)
		for _, n := range c.Nodes {
			require.NoError(t, n.Mesh.Heal(t.Context()))
		}
		rest(t, 2*time.Second)
	}
	shared.report.Count("F4", "partitions between nodes", partitions, "")
	shared.report.Time("F4", "p99 until a peer sees, before", before, "")
	shared.report.Time("F4", "longest time until a peer sees, without hints", worst, "<= 2.5 s")
	// After a while the nodes must have found each other again.
	within(t, 30*time.Second, "hints travel again", func() bool {
		w.Ledger.Latencies(1)
		rest(t, time.Second)
		_, peer := w.Ledger.Latencies(0.99)
		return peer > 0 && peer < time.Second
	})
	settle(t, "F4", w)
	require.LessOrEqual(t, worst, peerLimit)
}

func TestF4NodeWithoutDatabase(t *testing.T) {
	parallel(t)
	c := boot(t, faults.Options{})
	w := talk(t, c)
	partitions := times(1, 20)
	var healed, unready time.Duration
	for i := range partitions {
		n := c.Nodes[i%len(c.Nodes)]
		require.NoError(t, n.Back.Silence())
		unready = max(unready, within(t, 10*time.Second, "the node says that it is not ready", func() bool {
			code, err := n.Status(t.Context(), "/readyz")
			return err == nil && code == http.StatusServiceUnavailable
		}))
		rest(t, duration(6*time.Second, 30*time.Second))
		_, before := w.Ledger.Count()
		within(t, 5*time.Second, "the other nodes serve", func() bool {
			_, now := w.Ledger.Count()
			return now > before+20
		})
		require.NoError(t, n.Back.Heal(t.Context()))
		healed = max(healed, within(t, 15*time.Second, "the node is ready again", func() bool {
			code, _ := n.Status(t.Context(), "/readyz")
			return code == http.StatusOK
		}))
	}
	shared.report.Count("F4", "partitions between a node and PostgreSQL", partitions, "")
	shared.report.Time("F4", "longest time until /readyz answers 503", unready, "<= 10 s")
	shared.report.Time("F4", "longest time from the end of the partition until ready", healed, "<= 15 s")
	settle(t, "F4", w)
}

// duration is how long a fault lasts.
func duration(short, full time.Duration) time.Duration {
	if shared.full {
		return full
	}
	return short
}

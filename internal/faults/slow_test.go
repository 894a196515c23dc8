package faults_test

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"handrail/internal/client"
	"handrail/internal/faults"
)

// slowGrowth is how much memory 100 stalled clients may take: a bounded queue each, and the kernel's buffers are not
// the node's.
const slowGrowth = 200 << 20

// TestF5SlowClients lets clients read a long conversation at 1 KB/s while others talk.
func TestF5SlowClients(t *testing.T) {
	parallel(t)
	c := boot(t, faults.Options{})
	slow := times(20, 100)
	b := newBackground(t, c, 0)
	b.writeLong(t, times(400, 2000))
	w := talk(t, c)
	rest(t, 3*time.Second) // what was said before the agents came was seen late
	others := func() time.Duration {
		w.Ledger.Latencies(1)
		rest(t, duration(3*time.Second, 60*time.Second))
		_, peer := w.Ledger.Latencies(0.99)
		return peer
	}
	calm, memory := others(), residentBytes(t, c.Nodes[0])
	link, err := c.Nodes[0].Link()
	require.NoError(t, err)
	require.NoError(t, link.Poison("downstream", "bandwidth", map[string]any{"rate": 1}))
	ledger := faults.NewLedger()
	for i := range slow {
		b.readBy(t, ledger, fmt.Sprintf("reader%d", i), link.URL())
	}
	crowded, grown := others(), residentBytes(t, c.Nodes[0])-memory
	require.NoError(t, link.Heal(t.Context()))
	all := len(b.log(t))
	caught := within(t, 2*time.Minute, "the slow clients have caught up", func() bool {
		for i := range slow {
			if ledger.Cursor(fmt.Sprintf("reader%d", i), b.conversation) < int64(all) {
				return false
			}
		}
		return true
	})
	shared.report.Count("F5", "clients that read at 1 KB/s", slow, "")
	shared.report.Time("F5", "p99 until a peer sees, before", calm, "")
	shared.report.Time("F5", "p99 until a peer sees, beside slow clients", crowded, "<= +20 %")
	shared.report.Count("F5", "growth of the node's memory, MB", grown>>20, "<= 200")
	shared.report.Time("F5", "time until all have caught up at full speed", caught, "")
	problems, err := ledger.Check(t.Context(), c.DB, nil)
	require.NoError(t, err)
	require.Empty(t, problems)
	require.Less(t, grown, slowGrowth)
	if shared.full { // a p99 of a few seconds says nothing
		require.LessOrEqual(t, crowded, calm*120/100+10*time.Millisecond)
	}
	settle(t, "F5", w)
}

// writeLong appends long entries, so that buffers of the kernel cannot hold them.
func (b *background) writeLong(t *testing.T, n int) {
	body := strings.Repeat("long answer ", 600)
	for range n {
		b.crowd.Agents[0].Send(b.conversation, body)
	}
	require.NoError(t, b.crowd.Agents[0].Wait(t.Context()))
}

// readBy opens one more window of the visitor.
func (b *background) readBy(t *testing.T, ledger *faults.Ledger, name, url string) {
	v, err := client.NewVisitor(client.Config{URLs: []string{url}, Patience: 5 * time.Minute},
		client.Site{Key: b.key, Token: b.token}, client.Handlers{Entry: func(e client.Entry) { ledger.Shown(name, e) }})
	require.NoError(t, err)
	live(t, v.Run)
}

// residentBytes is the memory that a node uses.
func residentBytes(t *testing.T, n *faults.Node) int {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", n.Process()))
	if os.IsNotExist(err) {
		t.Skip("only Linux tells the memory of a process")
	}
	require.NoError(t, err)
	pages, err := strconv.Atoi(strings.Fields(string(b))[1])
	require.NoError(t, err)
	return pages * os.Getpagesize()
}

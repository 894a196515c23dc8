package faults_test

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"handrail/internal/client"
	"handrail/internal/faults"
)

// TestF3LostReplies cuts every connection at the first byte that the server sends after a message, so that the message
// is stored and its sender cannot know.
func TestF3LostReplies(t *testing.T) {
	parallel(t)
	c := boot(t, faults.Options{})
	const writers = 8
	ledger := faults.NewLedger()
	wanted := int64(times(40, 1000))
	var committed atomic.Int64
	var writing sync.WaitGroup
	for i := range writers {
		w := newCutWriter(t, c, ledger, fmt.Sprintf("visitor%d", i), i)
		writing.Go(func() {
			for n := 0; committed.Load() < wanted && !t.Failed(); n++ {
				if w.cutOne(t, n) { // otherwise the cut came too early, as for a ping
					committed.Add(1)
				}
			}
		})
	}
	writing.Wait()
	problems, err := ledger.Check(t.Context(), c.DB, nil)
	require.NoError(t, err)
	sent, acked := ledger.Count()
	shared.report.Count("F3", "replies cut after commit", int(committed.Load()), "")
	shared.report.Count("F3", "differences between ledger and database", len(problems), "0")
	require.Empty(t, problems)
	require.Equal(t, sent, acked, "every message is acknowledged in the end, with its first number")
}

// cutWriter is a visitor with links of their own.
type cutWriter struct {
	cluster *faults.Cluster
	ledger  *faults.Ledger
	name    string
	visitor *client.Visitor
	links   []*faults.Proxy
	up      atomic.Bool
	lost    atomic.Int64 // connections, and attempts at one
}

func newCutWriter(t *testing.T, c *faults.Cluster, ledger *faults.Ledger, name string, i int) *cutWriter {
	w := &cutWriter{cluster: c, ledger: ledger, name: name}
	var urls []string
	for _, n := range []*faults.Node{c.Nodes[i%len(c.Nodes)], c.Nodes[(i+1)%len(c.Nodes)]} {
		link, err := n.Link()
		require.NoError(t, err)
		w.links = append(w.links, link)
		urls = append(urls, link.URL())
	}
	var err error
	// The pause lets the links heal before the next attempt: a node gives 600 sessions a minute to one address.
	w.visitor, err = client.NewVisitor(client.Config{URLs: urls, PauseFirst: 300 * time.Millisecond, PauseMost: time.Second, Patience: 5 * time.Second},
		client.Site{Key: c.Widget}, client.Handlers{
			Entry: func(e client.Entry) { ledger.Shown(name, e) }, Acked: ledger.Acked,
			Connected: func(string) { w.up.Store(true) },
			Lost: func(string, error) {
				w.up.Store(false)
				w.lost.Add(1)
			}})
	require.NoError(t, err)
	live(t, w.visitor.Run)
	return w
}

// cutOne sends a message whose reply is lost, and reports whether it was stored all the same.
func (w *cutWriter) cutOne(t *testing.T, n int) bool {
	if !eventually(t, w.up.Load) {
		return false
	}
	before := w.lost.Load()
	for _, l := range w.links {
		if err := l.Poison("downstream", "limit_data", map[string]any{"bytes": 0}); err != nil {
			t.Error(err)
		}
	}
	body := fmt.Sprintf("%s says %d", w.name, n)
	id := w.ledger.Sent(w.name, body, func() string { return w.visitor.Send(body) })
	eventually(t, func() bool { return w.lost.Load() > before })
	stored := w.stored(t, id)
	for _, l := range w.links {
		if err := l.Heal(t.Context()); err != nil {
			t.Error(err)
		}
	}
	if err := w.visitor.Wait(t.Context()); err != nil {
		t.Error(err)
	}
	return stored
}

func (w *cutWriter) stored(t *testing.T, clientID string) (yes bool) {
	err := w.cluster.DB.InSystemTx(t.Context(), func(tx pgx.Tx) error {
		return tx.QueryRow(t.Context(), `SELECT EXISTS (SELECT FROM messages WHERE client_id = $1::uuid)`, clientID).Scan(&yes)
	})
	if err != nil {
		t.Error(err)
	}
	return yes
}

// TestF6Duplicates sends every message on two nodes at once, three times, and then its id with another text.
func TestF6Duplicates(t *testing.T) {
	parallel(t)
	c := boot(t, faults.Options{})
	ledger := faults.NewLedger()
	visitors, each := times(10, 100), times(10, 100)
	var conflicts atomic.Int64
	var writing sync.WaitGroup
	for i := range visitors {
		writing.Go(func() {
			d := duplicator{c, ledger, fmt.Sprintf("visitor%d", i), &conflicts}
			d.run(t, each)
		})
	}
	writing.Wait()
	// The last refusals may be told a moment after their messages count as settled.
	eventually(t, func() bool { return conflicts.Load() >= int64(visitors*each) })
	problems, err := ledger.Check(t.Context(), c.DB, nil)
	require.NoError(t, err)
	shared.report.Count("F6", "messages sent on two nodes at once, 3 times", visitors*each, "")
	shared.report.Count("F6", "ids reused with another text and refused", int(conflicts.Load()), "all")
	shared.report.Count("F6", "differences between ledger and database", len(problems), "0")
	require.Empty(t, problems)
	require.EqualValues(t, visitors*each, conflicts.Load())
}

type duplicator struct {
	cluster   *faults.Cluster
	ledger    *faults.Ledger
	name      string
	conflicts *atomic.Int64
}

// visitor opens one more session of a contact.
func (d *duplicator) visitor(t *testing.T, node int, site client.Site) *client.Visitor {
	v, err := client.NewVisitor(client.Config{URLs: []string{d.cluster.Nodes[node].URL()}, PauseFirst: 50 * time.Millisecond, PauseMost: time.Second}, site,
		client.Handlers{Acked: d.ledger.Acked, Refused: func(r client.Refusal) {
			if r.Code == "conflict" {
				d.conflicts.Add(1)
			} else {
				d.ledger.Note("refused: %s: %s", r.Code, r.Message)
			}
		}})
	if err != nil {
		t.Error(err)
		return nil
	}
	live(t, v.Run)
	return v
}

func (d *duplicator) run(t *testing.T, messages int) {
	first := d.visitor(t, 0, client.Site{Key: d.cluster.Widget})
	d.ledger.Sent(d.name, "hello", func() string { return first.Send("hello") })
	settled(t, first)
	conversation, _ := first.Place()
	second := d.visitor(t, 1, client.Site{Key: d.cluster.Widget, Token: first.Token(), Conversation: conversation})
	for n := range messages {
		body := fmt.Sprintf("%s says %d", d.name, n)
		id := d.ledger.Sent(d.name, body, func() string { return first.Send(body) })
		second.SendAs(id, body)
		for range 2 {
			first.SendAs(id, body)
			second.SendAs(id, body)
		}
		settled(t, first)
		settled(t, second)
		second.SendAs(id, "something else")
		settled(t, second)
	}
}

// settled waits until everything that a visitor has sent was answered.
func settled(t *testing.T, v *client.Visitor) {
	if err := v.Wait(t.Context()); err != nil {
		t.Error(err)
	}
}

// eventually waits until something is so, for a minute at most. Unlike within it may be called beside the test.
func eventually(t *testing.T, so func() bool) bool {
	limit := time.NewTimer(time.Minute)
	defer limit.Stop()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for !so() {
		select {
		case <-tick.C:
		case <-limit.C:
			t.Error("nothing happens for a minute")
			return false
		}
	}
	return true
}

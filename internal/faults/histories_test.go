package faults_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"handrail/internal/client"
	"handrail/internal/faults"
)

// TestF12Histories lets a visitor come and go in random ways, on random nodes, from any distance behind, while an agent
// writes. Whatever they show must be what is stored.
func TestF12Histories(t *testing.T) {
	parallel(t)
	c := boot(t, faults.Options{})
	b := newBackground(t, c, times(600, 10_000))
	wanted, done, longest := times(40, 2000), 0, int64(0)
	for done < wanted && !t.Failed() {
		rapid.Check(t, func(rt *rapid.T) {
			if done >= wanted {
				return // rapid has a count of its own; shrinking may repeat
			}
			done++
			longest = max(longest, b.history(rt))
		})
	}
	shared.report.Count("F12", "random histories of reconnections", done, "")
	shared.report.Count("F12", "most entries missed at once", int(longest), "")
	shared.report.Count("F12", "histories that differ from the database", 0, "0")
}

// background is a conversation with a long history in which an agent goes on writing.
type background struct {
	t            *testing.T
	cluster      *faults.Cluster
	crowd        *faults.Crowd
	conversation string
	token        string
	key          string
}

func newBackground(t *testing.T, c *faults.Cluster, entries int) *background {
	w := crowd(t, c, faults.CrowdOptions{Visitors: 1, Agents: 1, Every: time.Second, MuteAgents: true, Client: client.Config{URLs: c.URLs()[:1]}})
	b := &background{t: t, cluster: c, crowd: w, key: c.Widget, token: w.Visitors[0].Token()}
	b.conversation, _ = w.Visitors[0].Place()
	w.Agents[0].SetStatus("away") // keeps the one conversation, and gets no other
	b.write(t, entries)
	return b
}

// write appends entries and waits until they are stored.
func (b *background) write(t require.TestingT, n int) {
	agent := b.crowd.Agents[0]
	for i := range n {
		agent.Send(b.conversation, fmt.Sprintf("reply %d", i))
	}
	ctx, cancel := context.WithTimeout(b.t.Context(), 5*time.Minute)
	defer cancel()
	require.NoError(t, agent.Wait(ctx))
}

// history is one life of a reader: from a random cursor through random sessions to the end of the log. It returns the
// most entries that were missing at once.
func (b *background) history(rt *rapid.T) (most int64) {
	stored := b.log(rt)
	last := int64(len(stored))
	r := &reader{cursor: rapid.Int64Range(0, last).Draw(rt, "cursor")}
	from := r.cursor
	for range rapid.IntRange(1, 4).Draw(rt, "sessions") {
		node := rapid.IntRange(0, len(b.cluster.Nodes)-1).Draw(rt, "node")
		// Stay for a number of entries, then break off in the middle.
		stay := rapid.Int64Range(0, 300).Draw(rt, "entries shown")
		fresh := rapid.IntRange(0, 5).Draw(rt, "entries written meanwhile")
		most = max(most, last-r.cursor)
		b.session(rt, r, node, min(r.cursor+stay, last), fresh)
		last += int64(fresh)
	}
	most = max(most, last-r.cursor)
	b.session(rt, r, rapid.IntRange(0, len(b.cluster.Nodes)-1).Draw(rt, "last node"), last, 0)
	b.compare(rt, r, from)
	return most
}

// reader is what a page keeps over its connections.
type reader struct {
	mu     sync.Mutex
	cursor int64
	shown  []client.Entry
}

func (r *reader) show(e client.Entry) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.cursor = e.Seq
	r.shown = append(r.shown, e)
}

func (r *reader) at() int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.cursor
}

// session reads until the given entry is shown.
func (b *background) session(rt *rapid.T, r *reader, node int, until int64, fresh int) {
	ctx, cancel := context.WithTimeout(b.t.Context(), time.Minute)
	defer cancel()
	v, err := client.NewVisitor(client.Config{URLs: []string{b.cluster.Nodes[node].Direct()}, Dial: fromAnywhere, PauseFirst: 20 * time.Millisecond},
		client.Site{Key: b.key, Token: b.token, Conversation: b.conversation, Cursor: r.at()}, client.Handlers{Entry: r.show})
	require.NoError(rt, err)
	ended := make(chan error, 1)
	go func() { ended <- v.Run(ctx) }()
	b.write(rt, fresh)
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for r.at() < until && ctx.Err() == nil {
		<-tick.C
	}
	late := ctx.Err() != nil
	cancel()
	<-ended
	require.False(rt, late, "the reader shows %d, %d is stored", r.at(), until)
}

// compare holds the screen against the log.
func (b *background) compare(rt *rapid.T, r *reader, from int64) {
	stored := b.log(rt)
	for i, e := range r.shown {
		want := from + int64(i) + 1
		require.Equal(rt, want, e.Seq)
		require.Equal(rt, stored[want-1], e.ClientID)
	}
	require.Equal(rt, from+int64(len(r.shown)), r.at())
}

// log returns the client ids of the conversation, in order.
func (b *background) log(t require.TestingT) (ids []string) {
	require.NoError(t, b.cluster.DB.InSystemTx(b.t.Context(), func(tx pgx.Tx) error {
		rows, err := tx.Query(b.t.Context(), `SELECT client_id::text FROM messages WHERE conversation_id = $1::uuid ORDER BY seq`, b.conversation)
		if err != nil {
			return err
		}
		ids, err = pgx.CollectRows(rows, pgx.RowTo[string])
		return err
	}))
	return ids
}

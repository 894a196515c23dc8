package faults_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"handrail/internal/client"
	"handrail/internal/faults"
)

// TestF8DyingAgents lets agents vanish without a word while they are in conversation.
func TestF8DyingAgents(t *testing.T) {
	parallel(t)
	c := boot(t, faults.Options{})
	n := times(6, 500)
	d := dying{cluster: c, ledger: faults.NewLedger(), in: map[string]string{}}
	doomed := d.agents(t, n)
	d.visitors(t, n)
	within(t, 2*time.Minute, "every visitor has an agent", func() bool { return d.assigned() >= n })
	survivors := d.agents(t, 5)
	within(t, 30*time.Second, "the survivors are online", func() bool { return survivors.online.Load() == 5 })

	theirs := d.snapshot()
	// The dead count as online until their lease ends. Away, they do not inherit from each other meanwhile.
	for _, a := range doomed.all {
		a.SetStatus("away")
	}
	within(t, 30*time.Second, "the doomed are away", func() bool { return d.away(t) == n })
	doomed.die()
	died := time.Now()
	if !shared.full {
		d.endLeases(t) // a plain run does not wait for half a minute
	}
	within(t, 36*time.Second, "every conversation has another agent", func() bool { return d.moved(theirs) == len(theirs) })
	shared.report.Count("F8", "agents dead in mid-conversation", n, "")
	if shared.full {
		shared.report.Time("F8", "time until all conversations have another agent", time.Since(died), "<= 35 s")
	}
	d.checkOnce(t, theirs)
	refused := d.speakLate(t, doomed, theirs)
	shared.report.Count("F8", "late replies of dead agents refused", refused, "all")
	require.Equal(t, len(theirs), refused)
	problems, err := d.ledger.Check(t.Context(), c.DB, nil)
	require.NoError(t, err)
	require.Empty(t, problems)
}

// dying are visitors and agents, and who has which conversation.
type dying struct {
	cluster *faults.Cluster
	ledger  *faults.Ledger
	next    atomic.Int32 // makes addresses: the server limits sign-ins by address

	mu sync.Mutex
	in map[string]string // agent's e-mail by conversation
}

// staff are agents who live and die together.
type staff struct {
	emails []string
	all    []*client.Agent
	cancel context.CancelFunc
	gone   sync.WaitGroup
	online atomic.Int32
}

func (s *staff) die() {
	s.cancel()
	s.gone.Wait()
}

// config dials from an address of its own.
func (d *dying) config() client.Config {
	k := d.next.Add(1)
	dialer := &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 1, byte(k>>8), byte(k&0xff))}}
	var urls []string
	for _, n := range d.cluster.Nodes {
		urls = append(urls, n.Direct())
	}
	return client.Config{URLs: urls, Dial: dialer.DialContext, PauseMost: 2 * time.Second}
}

func (d *dying) agents(t *testing.T, n int) *staff {
	s := &staff{}
	var err error
	s.emails, err = d.cluster.Hire(t.Context(), n)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	s.cancel = cancel
	t.Cleanup(s.die)
	for _, email := range s.emails {
		a, err := client.NewAgent(d.config(), email, faults.Password, client.Handlers{
			Connected: func(string) { s.online.Add(1) }, Desk: func(desk client.Desk) { d.desk(email, desk) }})
		require.NoError(t, err)
		a.SetStatus("online")
		s.all = append(s.all, a)
		s.gone.Go(func() { _ = a.Run(ctx) }) // dies with ctx
	}
	return s
}

func (d *dying) desk(email string, desk client.Desk) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, m := range desk.Mine {
		d.in[m.Conversation] = email
	}
}

func (d *dying) visitors(t *testing.T, n int) {
	for i := range n {
		name := fmt.Sprintf("visitor%d", i)
		var v *client.Visitor
		v, err := client.NewVisitor(d.config(), client.Site{Key: d.cluster.Widget}, client.Handlers{
			Entry: func(e client.Entry) { d.ledger.Shown(name, e) }, Acked: d.ledger.Acked,
			State: func(s client.State) {
				if s.State == "bot" && s.Conversation != "" {
					v.CallPerson()
				}
			}})
		require.NoError(t, err)
		live(t, v.Run)
		d.ledger.Sent(name, "hello", func() string { return v.Send("hello") })
	}
}

func (d *dying) assigned() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.in)
}

func (d *dying) snapshot() map[string]string {
	d.mu.Lock()
	defer d.mu.Unlock()
	copied := map[string]string{}
	for conversation, email := range d.in {
		copied[conversation] = email
	}
	return copied
}

// moved counts the conversations that are with somebody else now.
func (d *dying) moved(before map[string]string) (n int) {
	for conversation, email := range d.snapshot() {
		if before[conversation] != "" && before[conversation] != email {
			n++
		}
	}
	return n
}

// away counts the agents who are away.
func (d *dying) away(t *testing.T) (n int) {
	require.NoError(t, d.cluster.DB.InSystemTx(t.Context(), func(tx pgx.Tx) error {
		return tx.QueryRow(t.Context(), `SELECT count(*) FROM agents WHERE status = 'away'`).Scan(&n)
	}))
	return n
}

func (d *dying) endLeases(t *testing.T) {
	require.NoError(t, d.cluster.DB.InSystemTx(t.Context(), func(tx pgx.Tx) error {
		_, err := tx.Exec(t.Context(), `UPDATE agents SET lease_until = now() WHERE status = 'away'`)
		return err
	}))
}

// checkOnce makes sure that each conversation went back to the queue once and was assigned twice.
func (d *dying) checkOnce(t *testing.T, conversations map[string]string) {
	for id := range conversations {
		var gone, assigned int
		require.NoError(t, d.cluster.DB.InSystemTx(t.Context(), func(tx pgx.Tx) error {
			return tx.QueryRow(t.Context(), `
				SELECT count(*) FILTER (WHERE outcome = 'agent_gone'), count(*) FROM assignments
				WHERE conversation_id = $1::uuid`, id).Scan(&gone, &assigned)
		}))
		require.Equal(t, 1, gone, "conversation %s", id)
		require.Equal(t, 2, assigned, "conversation %s", id)
	}
}

// speakLate lets the dead come back with the reply that they had in their outbox, and counts the refusals.
func (d *dying) speakLate(t *testing.T, s *staff, theirs map[string]string) int {
	var refused atomic.Int32
	byAgent := map[string][]string{}
	for conversation, email := range theirs {
		byAgent[email] = append(byAgent[email], conversation)
	}
	var late sync.WaitGroup
	for _, email := range s.emails {
		a, err := client.NewAgent(d.config(), email, faults.Password, client.Handlers{Refused: func(r client.Refusal) {
			if b, _ := json.Marshal(r); r.Code != "conflict" {
				t.Errorf("refused otherwise: %s", b)
			}
			refused.Add(1)
		}})
		require.NoError(t, err)
		live(t, a.Run)
		for _, conversation := range byAgent[email] {
			a.Send(conversation, "late")
		}
		late.Go(func() {
			if err := a.Wait(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	late.Wait()
	return int(refused.Load())
}

package faults

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"

	"handrail/internal/client"
)

// CrowdOptions say who talks and how much.
type CrowdOptions struct {
	Visitors, Agents int
	Every            time.Duration // each visitor, and each conversation's agent, sends once in this time, more or less
	MuteAgents       bool          // they watch and never write
	Client           client.Config // URLs are filled in
}

// Crowd is a number of visitors and agents in conversation.
type Crowd struct {
	Ledger   *Ledger
	Visitors []*Visitor
	Agents   []*Agent
	Refusals atomic.Int64 // frames that a server refused for good

	cluster *Cluster
	options CrowdOptions
	cancel  context.CancelFunc
	running sync.WaitGroup
	quiet   atomic.Bool // nobody writes any more
}

// Visitor is one of the crowd.
type Visitor struct {
	*client.Visitor
	Name string
}

// Agent is one of the crowd.
type Agent struct {
	*client.Agent
	Name string

	mu   sync.Mutex
	mine map[string]bool // conversations that the agent is in charge of
}

// Password is that of all agents: the cluster lives on loopback for some minutes.
const Password = "correct horse battery"

// waiting is how many messages a client writes ahead of its acknowledgements.
const waiting = 20

// NewCrowd adds agents to the staff and lets everybody connect and talk until Settle or Stop.
func (c *Cluster) NewCrowd(ctx context.Context, o CrowdOptions) (*Crowd, error) {
	if len(o.Client.URLs) == 0 {
		o.Client.URLs = c.URLs()
	}
	if o.Client.PauseFirst == 0 {
		o.Client.PauseFirst, o.Client.PauseMost = 100*time.Millisecond, time.Second
	}
	if o.Client.Patience == 0 {
		o.Client.Patience = 5 * time.Second
	}
	ctx, cancel := context.WithCancel(ctx)
	w := &Crowd{Ledger: NewLedger(), cluster: c, options: o, cancel: cancel}
	emails, err := c.Hire(ctx, o.Agents)
	if err != nil {
		cancel()
		return nil, err
	}
	for _, email := range emails {
		if err := w.addAgent(ctx, email); err != nil {
			return nil, errors.Join(err, w.Stop())
		}
	}
	for i := range o.Visitors {
		if err := w.addVisitor(ctx, fmt.Sprintf("visitor%d", i)); err != nil {
			return nil, errors.Join(err, w.Stop())
		}
	}
	return w, nil
}

// Hire adds agents who may have any number of conversations, and returns their addresses.
func (c *Cluster) Hire(ctx context.Context, n int) (emails []string, err error) {
	if n == 0 {
		return nil, nil
	}
	var table strings.Builder
	w := csv.NewWriter(&table)
	_ = w.Write([]string{"email", "name", "role", "password"}) // a builder takes everything
	for range n {
		email := fmt.Sprintf("agent%d@faults.example", rand.Uint64())
		emails = append(emails, email)
		_ = w.Write([]string{email, email, "agent", Password})
	}
	w.Flush()
	file := filepath.Join(c.options.Dir, "staff.csv")
	if err := os.WriteFile(file, []byte(table.String()), 0o600); err != nil {
		return nil, err
	}
	if _, err := c.Run(ctx, "", "user", "import", file); err != nil {
		return nil, err
	}
	return emails, c.DB.InSystemTx(ctx, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `
			INSERT INTO agents (workspace_id, user_id, capacity)
			SELECT workspace_id, id, 1000 FROM users WHERE email = ANY($1)`, emails)
		return err
	})
}

func (w *Crowd) addVisitor(ctx context.Context, name string) (err error) {
	v := &Visitor{Name: name}
	v.Visitor, err = client.NewVisitor(w.options.Client, client.Site{Key: w.cluster.Widget, Lang: "en"}, client.Handlers{
		Entry:   func(e client.Entry) { w.Ledger.Shown(name, e) },
		Acked:   w.Ledger.Acked,
		Refused: w.refused,
		State: func(s client.State) {
			if s.State == "bot" && s.Conversation != "" && w.options.Agents > 0 {
				v.CallPerson()
			}
		},
	})
	if err != nil {
		return err
	}
	w.Visitors = append(w.Visitors, v)
	w.run(ctx, v.Run)
	w.running.Go(func() {
		for n := 1; w.pause(ctx); n++ {
			if sent := w.quiet.Load() || v.Pending() >= waiting; !sent {
				body := fmt.Sprintf("%s says %d", name, n)
				w.Ledger.Sent(name, body, func() string { return v.Send(body) })
			}
		}
	})
	return nil
}

func (w *Crowd) addAgent(ctx context.Context, email string) (err error) {
	a := &Agent{Name: email, mine: map[string]bool{}}
	a.Agent, err = client.NewAgent(w.options.Client, email, Password, client.Handlers{
		Entry:   func(e client.Entry) { w.Ledger.Shown(email, e) },
		Acked:   w.Ledger.Acked,
		Refused: w.refused,
		Desk:    func(d client.Desk) { w.desk(a, d) },
	})
	if err != nil {
		return err
	}
	a.SetStatus("online")
	w.Agents = append(w.Agents, a)
	w.run(ctx, a.Run)
	if w.options.MuteAgents {
		return nil
	}
	w.running.Go(func() {
		for n := 1; w.pause(ctx); n++ {
			for _, conversation := range a.Mine() {
				if sent := w.quiet.Load() || a.Pending() >= waiting*len(a.Mine()); !sent {
					body := fmt.Sprintf("%s answers %d", email, n)
					w.Ledger.Sent(email, body, func() string { return a.Send(conversation, body) })
				}
			}
		}
	})
	return nil
}

// desk watches what the agent is in charge of, and nothing else.
func (w *Crowd) desk(a *Agent, d client.Desk) {
	a.mu.Lock()
	defer a.mu.Unlock()
	now := map[string]bool{}
	for _, m := range d.Mine {
		now[m.Conversation] = true
		if !a.mine[m.Conversation] {
			a.Watch(m.Conversation, w.Ledger.Cursor(a.Name, m.Conversation))
		}
	}
	for id := range a.mine {
		if !now[id] {
			a.Unwatch(id)
		}
	}
	a.mine = now
}

// Mine returns the conversations that the agent is in charge of.
func (a *Agent) Mine() (ids []string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for id := range a.mine {
		ids = append(ids, id)
	}
	return ids
}

// run lets a client live until the crowd stops.
func (w *Crowd) run(ctx context.Context, live func(context.Context) error) {
	w.running.Go(func() {
		if err := live(ctx); ctx.Err() == nil {
			w.Ledger.Note("a client gave up: %v", err)
		}
	})
}

// refused counts. An agent whose conversation was given to another is refused rightly.
func (w *Crowd) refused(r client.Refusal) {
	w.Refusals.Add(1)
	if r.Code != "conflict" && r.Code != "not_found" {
		w.Ledger.Note("a frame was refused: %s: %s", r.Code, r.Message)
	}
}

// pause waits for the time between two messages, give or take half.
func (w *Crowd) pause(ctx context.Context) bool {
	d := w.options.Every/2 + time.Duration(rand.Int64N(int64(w.options.Every)))
	return sleep(ctx, d) == nil
}

// Stop ends everybody.
func (w *Crowd) Stop() error {
	w.cancel()
	w.running.Wait()
	return nil
}

// Settle lets nobody write any more, waits until all is acknowledged and shown, stops the crowd, and returns what the
// ledger finds wrong.
func (w *Crowd) Settle(ctx context.Context) ([]string, error) {
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	w.quiet.Store(true)
	for _, v := range w.Visitors {
		if err := v.Wait(ctx); err != nil {
			w.Ledger.Note("%s: %v", v.Name, err)
		}
	}
	for _, a := range w.Agents {
		if err := a.Wait(ctx); err != nil {
			w.Ledger.Note("%s: %v", a.Name, err)
		}
	}
	complete := w.awaitShown(ctx)
	if err := w.Stop(); err != nil {
		return nil, err
	}
	return w.Ledger.Check(context.WithoutCancel(ctx), w.cluster.DB, complete)
}

// awaitShown waits until every visitor has shown as much as is stored, and returns whose view must be complete.
func (w *Crowd) awaitShown(ctx context.Context) map[string]string {
	complete := map[string]string{}
	for {
		var ids []string
		for _, v := range w.Visitors {
			if id, _ := v.Place(); id != "" {
				complete[v.Name] = id
				ids = append(ids, id)
			}
		}
		_, last, err := read(ctx, w.cluster.DB, ids)
		behind := err != nil
		for who, id := range complete {
			behind = behind || w.Ledger.Cursor(who, id) < last[id]
		}
		if !behind || sleep(ctx, 50*time.Millisecond) != nil {
			return complete
		}
	}
}

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"handrail/handoff"
	"handrail/internal/auth"
	"handrail/internal/chat"
	"handrail/internal/events"
	"handrail/internal/postgres"
	"handrail/internal/seal"
)

// world is a database with a workspace, its agents and their conversations, and the server under test.
type world struct {
	program   string // handrail
	url       string // of the database
	data      string // folder for the server
	key       string // operator key, of this run alone
	db        *postgres.DB
	owner     *pgxpool.Pool // sees the rows of every workspace
	postgres  int           // process number of the database server
	bus       *events.Bus
	log       *chat.Log
	desk      *handoff.Desk
	auth      *auth.Store
	workspace uuid.UUID
	widget    string
	agents    []int64
	talks     []talk // perAgent conversations of each agent, agent by agent
}

// talk is a conversation between a visitor and an agent.
type talk struct {
	id, contact uuid.UUID
	token       string // by which the visitor is known again
	agent       int    // index of the agent
}

// perAgent is how many conversations each agent has.
const perAgent = 10

// withWorld opens a world, on a private cluster in a temporary folder unless a database is named, and closes it after fn.
func withWorld(ctx context.Context, c *chatCommand, fn func(w *world) error) error {
	dir, err := os.MkdirTemp("", "handrail-load-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := os.Chmod(dir, 0o711); err != nil { // PostgreSQL runs as another user where this one is root
		return err
	}
	w := &world{program: c.Server, url: c.Database, data: dir}
	if w.url == "" {
		local, err := postgres.StartLocal(ctx, postgres.LocalConfig{Dir: dir, BinDir: c.PGBin})
		if err != nil {
			return err
		}
		defer func() { _ = local.Stop() }()
		w.url = local.URL()
	}
	if w.bus, err = events.Open(ctx, events.Config{}); err != nil {
		return err
	}
	defer w.bus.Close()
	if err := w.open(ctx); err != nil {
		return err
	}
	defer w.db.Close()
	defer w.owner.Close()
	w.log.Start(ctx)
	defer w.log.Stop()
	if err := w.populate(ctx, c.Agents); err != nil {
		return fmt.Errorf("set up the workspace: %w", err)
	}
	return fn(w)
}

func (w *world) open(ctx context.Context) (err error) {
	w.key = seal.NewOperatorKey()
	ring, err := seal.ParseRing(w.key)
	if err != nil {
		return err
	}
	if w.db, err = postgres.Open(ctx, postgres.Config{URL: w.url, MaxConns: 12, Keys: ring}); err != nil {
		return err
	}
	config, err := pgxpool.ParseConfig(w.url)
	if err != nil {
		return err
	}
	config.MaxConns = 8
	config.ConnConfig.RuntimeParams["handrail.workspace"] = postgres.AllWorkspaces
	if w.owner, err = pgxpool.NewWithConfig(ctx, config); err != nil {
		return err
	}
	var backend int
	if err := w.owner.QueryRow(ctx, `SELECT pg_backend_pid()`).Scan(&backend); err != nil {
		return err
	}
	w.postgres, _, _ = stat(backend)
	w.log = chat.NewLog(w.db, nil, chat.Config{})
	w.desk = handoff.New(w.db, w.log, w.bus, handoff.Config{})
	w.auth = auth.NewStore(w.db)
	if w.workspace, err = w.auth.EnsureWorkspace(ctx, auth.DefaultWorkspace, "Default"); err != nil {
		return err
	}
	w.widget, err = w.auth.EnsureWidget(ctx, w.workspace, "load", nil)
	return err
}

// populate makes the agents, and for each the conversations it has, as visitors who were handed to people.
func (w *world) populate(ctx context.Context, agents int) error {
	w.agents = make([]int64, agents)
	w.talks = make([]talk, agents*perAgent)
	run := uuid.NewString()[:8]
	err := each(ctx, agents, func(i int) error {
		name := fmt.Sprintf("agent-%s-%d", run, i)
		u, err := w.auth.AddUser(ctx, w.workspace, "load", auth.NewUser{
			Email: name + "@example.com", Name: name, Password: "a long password", Role: auth.Agent})
		w.agents[i] = u.ID
		return err
	})
	if err != nil {
		return err
	}
	err = each(ctx, len(w.talks), func(i int) (err error) {
		w.talks[i], err = w.visitor(ctx, chat.StateQueued)
		return err
	})
	if err != nil {
		return err
	}
	for _, a := range w.agents {
		err := errors.Join(w.desk.SetStatus(ctx, w.workspace, a, handoff.Online), w.desk.SetCapacity(ctx, w.workspace, a, perAgent))
		if err != nil {
			return err
		}
	}
	if err := w.stay(ctx); err != nil {
		return err
	}
	return w.assign(ctx)
}

// visitor makes a contact with a conversation in a state.
func (w *world) visitor(ctx context.Context, s chat.State) (talk, error) {
	token, hash := auth.NewSecret("hrc_")
	contact, err := w.log.CreateContact(ctx, w.workspace, chat.Contact{Lang: "en"}, hash)
	if err != nil {
		return talk{}, err
	}
	c, err := w.log.StartConversation(ctx, w.workspace, chat.NewConversation{Contact: contact.ID, Lang: "en"})
	if err != nil || s == chat.StateBot {
		return talk{id: c.ID, contact: contact.ID, token: token}, err
	}
	_, err = w.log.Decide(ctx, w.workspace, c.ID, func(tx pgx.Tx, c *chat.Conversation) ([]chat.Entry, error) {
		h := chat.Handoff{Reason: "asked_for_person", Lang: "en"}
		return []chat.Entry{chat.HandoffEntry(h.Reason)}, w.desk.Enqueue(ctx, tx, c, h)
	})
	return talk{id: c.ID, contact: contact.ID, token: token}, err
}

// assign lets the desk give every conversation to an agent, and learns who got which.
func (w *world) assign(ctx context.Context) error {
	if _, err := w.desk.Assign(ctx, w.workspace); err != nil {
		return err
	}
	index := map[int64]int{}
	for i, a := range w.agents {
		index[a] = i
	}
	free := make([]int, len(w.agents)) // conversations that the agent has so far
	sorted := make([]talk, len(w.talks))
	for _, t := range w.talks {
		c, err := w.log.Conversation(ctx, w.workspace, t.id)
		if err != nil {
			return err
		}
		a, ok := index[c.AgentID]
		if !ok || free[a] == perAgent {
			return fmt.Errorf("the desk left conversation %s with agent %d in state %s", t.id, c.AgentID, c.State)
		}
		t.agent = a
		sorted[a*perAgent+free[a]] = t
		free[a]++
	}
	w.talks = sorted
	return nil
}

// stay keeps the desk from taking the agents' conversations away between two loads, when nobody is connected.
func (w *world) stay(ctx context.Context) error {
	_, err := w.owner.Exec(ctx, `UPDATE agents SET lease_until = now() + interval '1 day' WHERE user_id = ANY($1)`, w.agents)
	return err
}

// serve starts a node of the server under test.
func (w *world) serve(ctx context.Context, env ...string) (*process, error) {
	return spawn(ctx, append([]string{"DATABASE_URL=" + w.url, "HANDRAIL_DATA=" + w.data, "HANDRAIL_MASTER_KEY=" + w.key}, env...),
		w.program, "serve", "--listen", "127.0.0.1:0")
}

// each calls fn for 0 to n-1, eight at a time, until one fails.
func each(ctx context.Context, n int, fn func(i int) error) error {
	return eachOf(ctx, 8, n, fn)
}

func eachOf(ctx context.Context, workers, n int, fn func(i int) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var mu sync.Mutex
	var all sync.WaitGroup
	next := 0
	take := func() int {
		mu.Lock()
		defer mu.Unlock()
		next++
		return next - 1
	}
	for range workers {
		all.Go(func() {
			for i := take(); i < n && ctx.Err() == nil; i = take() {
				if err := fn(i); err != nil {
					cancel(err)
				}
			}
		})
	}
	all.Wait()
	return context.Cause(ctx)
}

// session asks the server for a ticket as a visitor's browser does.
type session struct {
	Ticket       string    `json:"ticket"`
	ContactToken string    `json:"contact_token"`
	Conversation uuid.UUID `json:"conversation"`
}

func decodeSession(b []byte) (s session, err error) {
	err = json.Unmarshal(b, &s)
	return s, err
}

// settle waits for a moment, so that what one part leaves behind does not weigh on the next.
func settle(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

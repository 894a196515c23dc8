// Package webhook tells other systems what happens here: it posts events to the addresses that a workspace registered.
//
// Tables: webhooks, webhook_deliveries. The work list is River's.
//
// It guarantees:
//
//   - An event is enqueued in the transaction of what it reports: both commit, or neither.
//   - An event is delivered at least once, to each endpoint that asked for its type and answers within a day, whatever
//     node dies meanwhile. Its id is the same in every attempt, so that a receiver can tell a repetition.
//   - Every request is signed as the Standard Webhooks specification says.
//   - Requests go to public addresses only, checked when the connection is dialled, and follow no redirect.
//   - An endpoint that has failed for a day without one success is disabled, which the audit log records.
//
// A delivery:
//
//	Emit         2xx
//	 +--> due ---------> delivered
//	      ^ |
//	      | | no answer, or another status: again after 5 s, 15 s, 45 s, ... 4 h
//	      +-+------> given up after a day, or when the endpoint says 410 or is removed
package webhook

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"time"

	"code.dny.dev/ssrf"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"

	"handrail/internal/postgres"
)

// The types of events.
const (
	Queued        = "conversation.queued"
	Assigned      = "conversation.assigned"
	Closed        = "conversation.closed"
	FirstResponse = "sla.first_response"
	TooLong       = "sla.waiting"
	Message       = "conversation.message"
	Test          = "webhook.test" // asked for by hand; no endpoint subscribes to it
)

// Events lists the types that an endpoint may ask for.
func Events() []string {
	return []string{Queued, Assigned, Closed, FirstResponse, TooLong, Message}
}

// Config tunes [Hooks]. The zero value is right for a server, except for Logger.
type Config struct {
	AllowNetworks []netip.Prefix // private networks that endpoints may be in; loopback for tests
	Logger        *slog.Logger
	Timeout       time.Duration // of one request; 0 means 10 s
	GiveUp        time.Duration // of failure after which an endpoint is disabled; 0 means 24 h
}

// Hooks are the endpoints of all workspaces. They are safe for concurrent use, by any number of nodes on one database.
type Hooks struct {
	db     *postgres.DB
	config Config
	http   *http.Client
	client *river.Client[pgx.Tx]
}

// New returns hooks over db. It neither connects nor starts a goroutine: events may be emitted at once, and are
// delivered by the nodes that have called Start.
func New(db *postgres.DB, c Config) (*Hooks, error) {
	return build(db, c, func(*river.Config) {})
}

// build lets tests shorten River's intervals.
func build(db *postgres.DB, c Config, adapt func(*river.Config)) (*Hooks, error) {
	if c.Timeout == 0 {
		c.Timeout = 10 * time.Second
	}
	if c.GiveUp == 0 {
		c.GiveUp = 24 * time.Hour
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	h := &Hooks{db: db, config: c, http: guarded(c)}
	rc := &river.Config{
		Queues:               map[string]river.QueueConfig{jobQueue: {MaxWorkers: 16}},
		FetchPollInterval:    time.Second, // in case a notification is lost
		JobTimeout:           c.Timeout + 5*time.Second,
		RescueStuckJobsAfter: time.Minute, // of a node that died
		SoftStopTimeout:      2 * time.Second,
		MaxAttempts:          maxAttempts,
		RetryPolicy:          backoff{},
		// Only the owner of an index may rebuild it, and the application role owns nothing.
		ReindexerIndexNames: []string{},
		Logger:              c.Logger,
		Workers:             river.NewWorkers(),
	}
	adapt(rc)
	if err := river.AddWorkerSafely(rc.Workers, &worker{hooks: h}); err != nil {
		return nil, fmt.Errorf("register the webhook worker: %w", err)
	}
	var err error
	if h.client, err = river.NewClient(riverpgxv5.New(db.Pool()), rc); err != nil {
		return nil, fmt.Errorf("configure the webhook queue: %w", err)
	}
	return h, nil
}

// guarded returns a client that reaches public addresses only, and no proxy, which would dial in our place.
func guarded(c Config) *http.Client {
	var v4, v6 []netip.Prefix
	for _, p := range c.AllowNetworks {
		if p.Addr().Is4() {
			v4 = append(v4, p)
		} else {
			v6 = append(v6, p)
		}
	}
	guard := ssrf.New(ssrf.WithAnyPort(), ssrf.WithAllowedV4Prefixes(v4...), ssrf.WithAllowedV6Prefixes(v6...))
	dialer := &net.Dialer{Timeout: c.Timeout, Control: guard.Safe}
	return &http.Client{
		Transport: &http.Transport{DialContext: dialer.DialContext, MaxIdleConnsPerHost: 4, IdleConnTimeout: 30 * time.Second,
			TLSHandshakeTimeout: c.Timeout, MaxResponseHeaderBytes: 64 << 10},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Timeout:       c.Timeout,
	}
}

// Start delivers events until Stop, or until ctx ends.
func (h *Hooks) Start(ctx context.Context) error {
	if err := h.client.Start(ctx); err != nil {
		return fmt.Errorf("start the webhook queue: %w", err)
	}
	return nil
}

// Stop takes no more events, lets requests under way finish for two seconds and leaves the rest to other nodes, or to
// the next start. It returns when no goroutine is left, or with ctx's error when ctx ends.
func (h *Hooks) Stop(ctx context.Context) error {
	defer h.http.CloseIdleConnections()
	return h.client.Stop(ctx)
}

// Emit enqueues an event for every endpoint of the workspace that asked for its type, in the caller's transaction, which
// must be one of ws. Data is encoded as JSON; it must not hold the words of messages. Without such an endpoint nothing
// is stored.
func (h *Hooks) Emit(ctx context.Context, tx pgx.Tx, ws uuid.UUID, event string, data any) error {
	return h.emit(ctx, tx, ws, event, func(bool) any { return data })
}

// EmitBoth is Emit for data that comes in two forms: with the words of messages, for the endpoints that asked for them,
// and without.
func (h *Hooks) EmitBoth(ctx context.Context, tx pgx.Tx, ws uuid.UUID, event string, without, with any) error {
	return h.emit(ctx, tx, ws, event, func(bodies bool) any {
		if bodies {
			return with
		}
		return without
	})
}

func (h *Hooks) emit(ctx context.Context, tx pgx.Tx, ws uuid.UUID, event string, data func(bodies bool) any) error {
	rows, err := tx.Query(ctx, `
		SELECT id, bodies FROM webhooks WHERE workspace_id = $1 AND $2 = ANY(events) AND disabled_at IS NULL`, ws, event)
	if err != nil {
		return fmt.Errorf("look for webhooks: %w", err)
	}
	type target struct {
		ID     uuid.UUID
		Bodies bool
	}
	targets, err := pgx.CollectRows(rows, pgx.RowToStructByPos[target])
	if err != nil || len(targets) == 0 {
		return err
	}
	id, at := uuid.New(), time.Now().UTC()
	for _, t := range targets {
		if err := h.enqueue(ctx, tx, ws, t.ID, id, event, at, data(t.Bodies)); err != nil {
			return err
		}
	}
	return nil
}

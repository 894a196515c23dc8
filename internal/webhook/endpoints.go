package webhook

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"handrail/internal/audit"
	"handrail/internal/errs"
)

// Endpoint is an address that hears of events.
type Endpoint struct {
	ID           uuid.UUID
	URL          string
	Events       []string // from [Events]
	Bodies       bool     // events hold the words of messages
	CreatedAt    time.Time
	FailingSince *time.Time // nil = the latest delivery succeeded
	DisabledAt   *time.Time // nil = it hears of events
}

// Delivery is one attempt to post an event.
type Delivery struct {
	Event   uuid.UUID // its id, the same in every attempt
	Type    string
	Attempt int // from 1
	Status  int // HTTP, 0 = no answer
	Error   string
	TookMS  int
	At      time.Time
}

// maxEndpoints is how many a workspace may have: every event is stored once for each.
const maxEndpoints = 20

// Add registers an endpoint and returns it with its secret, which is not shown again. An unusable address or an unknown
// event is of kind errs.Invalid. Whether the address is public is checked whenever it is dialled.
func (h *Hooks) Add(ctx context.Context, ws uuid.UUID, actor string, e Endpoint) (Endpoint, string, error) {
	if err := check(e); err != nil {
		return Endpoint{}, "", err
	}
	e.ID = uuid.New()
	secret := newSecret()
	err := h.db.InTx(ctx, ws, func(tx pgx.Tx) error {
		var n int
		if err := tx.QueryRow(ctx, `SELECT count(*) FROM webhooks WHERE workspace_id = $1`, ws).Scan(&n); err != nil {
			return err
		}
		if n >= maxEndpoints {
			return errs.New(errs.Conflict, "there are %d webhooks already: remove one first", n)
		}
		err := tx.QueryRow(ctx, `
			INSERT INTO webhooks (workspace_id, id, url, events, secret, bodies) VALUES ($1, $2, $3, $4, $5, $6)
			RETURNING created_at`, ws, e.ID, e.URL, e.Events, secret, e.Bodies).Scan(&e.CreatedAt)
		if err != nil {
			return fmt.Errorf("add a webhook: %w", err)
		}
		return audit.Write(ctx, tx, ws, audit.Record{Actor: actor, Action: "webhook.add", Target: "webhook:" + e.ID.String(),
			Data: map[string]any{"host": host(e.URL), "events": e.Events, "bodies": e.Bodies}})
	})
	return e, show(secret), err
}

func check(e Endpoint) error {
	u, err := url.Parse(e.URL)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return errs.New(errs.Invalid, "the address of a webhook must be like https://host/path")
	}
	if u.User != nil {
		return errs.New(errs.Invalid, "the address of a webhook must hold no user name: check the signature instead")
	}
	if len(e.Events) == 0 {
		return errs.New(errs.Invalid, "a webhook must name at least one event of %s", strings.Join(Events(), ", "))
	}
	for _, name := range e.Events {
		if !slices.Contains(Events(), name) {
			return errs.New(errs.Invalid, "there is no event %q: use %s", name, strings.Join(Events(), ", "))
		}
	}
	return nil
}

// host is the part of an address that may stand in logs: paths of webhooks are often secret.
func host(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Host
}

// List returns the endpoints of a workspace, the oldest first.
func (h *Hooks) List(ctx context.Context, ws uuid.UUID) (list []Endpoint, err error) {
	err = h.db.InTx(ctx, ws, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `
			SELECT id, url, events, bodies, created_at, failing_since, disabled_at FROM webhooks
			WHERE workspace_id = $1 ORDER BY created_at, id`, ws)
		if err != nil {
			return err
		}
		list, err = pgx.CollectRows(rows, pgx.RowToStructByPos[Endpoint])
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list webhooks: %w", err)
	}
	return list, nil
}

// Remove ends an endpoint and forgets its deliveries. An unknown one is of kind errs.NotFound.
func (h *Hooks) Remove(ctx context.Context, ws uuid.UUID, actor string, id uuid.UUID) error {
	return h.db.InTx(ctx, ws, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, `DELETE FROM webhooks WHERE workspace_id = $1 AND id = $2`, ws, id)
		if err != nil {
			return fmt.Errorf("remove a webhook: %w", err)
		}
		if tag.RowsAffected() == 0 {
			return errs.New(errs.NotFound, "there is no webhook %s", id)
		}
		return audit.Write(ctx, tx, ws, audit.Record{Actor: actor, Action: "webhook.remove", Target: "webhook:" + id.String()})
	})
}

// Deliveries lists the latest 100 attempts to reach an endpoint, newest first.
func (h *Hooks) Deliveries(ctx context.Context, ws, id uuid.UUID) (list []Delivery, err error) {
	if _, err := h.known(ctx, ws, id); err != nil {
		return nil, err
	}
	err = h.db.InTx(ctx, ws, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `
			SELECT event_id, event, attempt, status, error, took_ms, at FROM webhook_deliveries
			WHERE workspace_id = $1 AND webhook_id = $2 ORDER BY id DESC LIMIT 100`, ws, id)
		if err != nil {
			return err
		}
		list, err = pgx.CollectRows(rows, pgx.RowToStructByPos[Delivery])
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list deliveries: %w", err)
	}
	return list, nil
}

// Try sends an endpoint the event webhook.test, also to one that is disabled, and enables that again.
func (h *Hooks) Try(ctx context.Context, ws uuid.UUID, actor string, id uuid.UUID) error {
	if _, err := h.known(ctx, ws, id); err != nil {
		return err
	}
	return h.db.InTx(ctx, ws, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `
			UPDATE webhooks SET disabled_at = NULL, failing_since = NULL
			WHERE workspace_id = $1 AND id = $2 AND disabled_at IS NOT NULL`, ws, id)
		if err != nil {
			return err
		}
		err = audit.Write(ctx, tx, ws, audit.Record{Actor: actor, Action: "webhook.test", Target: "webhook:" + id.String()})
		if err != nil {
			return err
		}
		return h.enqueue(ctx, tx, ws, id, uuid.New(), Test, time.Now().UTC(), map[string]string{"webhook": id.String()})
	})
}

func (h *Hooks) known(ctx context.Context, ws, id uuid.UUID) (endpoint, error) {
	e, err := h.endpoint(ctx, ws, id)
	if errors.Is(err, pgx.ErrNoRows) {
		return e, errs.New(errs.NotFound, "there is no webhook %s", id)
	}
	return e, err
}

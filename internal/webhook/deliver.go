package webhook

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strconv"
	"time"

	"code.dny.dev/ssrf"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"handrail/internal/audit"
)

// jobQueue is the name of the queue in River's tables.
const jobQueue = "webhook"

// maxAttempts is how often an event is posted: with the pauses of [backoff], for a day.
const maxAttempts = 14

// job is what stands in River's table: one event for one endpoint.
type job struct {
	Workspace uuid.UUID       `json:"workspace"`
	Webhook   uuid.UUID       `json:"webhook"`
	Event     uuid.UUID       `json:"event"`
	Type      string          `json:"type"`
	Body      json.RawMessage `json:"body"` // as posted, the same bytes in every attempt
}

// Kind names the job in River's table.
func (job) Kind() string { return "webhook" }

// InsertOpts sends every job to the queue of its own.
func (job) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: jobQueue, MaxAttempts: maxAttempts}
}

// payload is the body of a request, as Standard Webhooks has it.
type payload struct {
	Type      string    `json:"type"`
	Timestamp time.Time `json:"timestamp"`
	Data      any       `json:"data"`
}

func (h *Hooks) enqueue(
	ctx context.Context, tx pgx.Tx, ws, hook, id uuid.UUID, event string, at time.Time, data any,
) error {
	body, err := json.Marshal(payload{Type: event, Timestamp: at, Data: data})
	if err != nil {
		return fmt.Errorf("encode the event %s: %w", event, err)
	}
	j := job{Workspace: ws, Webhook: hook, Event: id, Type: event, Body: body}
	if _, err := h.client.InsertTx(ctx, tx, j, nil); err != nil {
		return fmt.Errorf("enqueue the event %s: %w", event, err)
	}
	return nil
}

// backoff waits 5 s, 15 s, 45 s, ... and at most 4 h, which makes a day for all attempts together. A tenth at random keeps
// the events of an outage from coming back all at once.
type backoff struct{}

// NextRetry implements [river.ClientRetryPolicy].
func (backoff) NextRetry(j *rivertype.JobRow) time.Time {
	return time.Now().Add(pause(len(j.Errors) + 1))
}

func pause(failures int) time.Duration {
	d := 5 * time.Second
	for range failures - 1 {
		d = min(3*d, 4*time.Hour)
	}
	return d + time.Duration(rand.Int64N(int64(d)/10))
}

type worker struct {
	river.WorkerDefaults[job]
	hooks *Hooks
}

// endpoint is where a delivery goes.
type endpoint struct {
	url      string
	secret   []byte
	disabled bool
}

// Work makes one attempt. An error makes River try again.
func (w *worker) Work(ctx context.Context, j *river.Job[job]) error {
	h := w.hooks
	to, err := h.endpoint(ctx, j.Args.Workspace, j.Args.Webhook)
	if errors.Is(err, pgx.ErrNoRows) || err == nil && to.disabled && j.Args.Type != Test {
		return river.JobCancel(errors.New("the endpoint was removed or disabled"))
	}
	if err != nil {
		return err
	}
	began := time.Now()
	status, failed := h.post(ctx, to, j.Args)
	if ctx.Err() != nil && failed != nil {
		return failed // the node stops: this says nothing about the endpoint
	}
	err = h.record(ctx, j.Args, j.Attempt, status, failed, time.Since(began))
	switch {
	case failed != nil && status == http.StatusGone:
		return river.JobCancel(failed)
	case failed != nil:
		return failed
	}
	return err
}

func (h *Hooks) endpoint(ctx context.Context, ws, id uuid.UUID) (e endpoint, err error) {
	err = h.db.InTx(ctx, ws, func(tx pgx.Tx) error {
		return tx.QueryRow(ctx, `
			SELECT url, secret, disabled_at IS NOT NULL FROM webhooks WHERE workspace_id = $1 AND id = $2`, ws, id).
			Scan(&e.url, &e.secret, &e.disabled)
	})
	return e, err
}

// post makes one request. Status is 0 if no answer came. The error says nothing of what the endpoint wrote, because it
// is shown to staff, and the address may lead into a network that they do not see.
func (h *Hooks) post(ctx context.Context, to endpoint, j job) (status int, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, to.url, bytes.NewReader(j.Body))
	if err != nil {
		return 0, err
	}
	id, stamp := "evt_"+j.Event.String(), strconv.FormatInt(time.Now().Unix(), 10)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "handrail-webhook/1")
	req.Header.Set("webhook-id", id)
	req.Header.Set("webhook-timestamp", stamp)
	req.Header.Set("webhook-signature", Sign(to.secret, id, stamp, j.Body))
	res, err := h.http.Do(req)
	switch {
	case errors.Is(err, ssrf.ErrProhibitedIP), errors.Is(err, ssrf.ErrProhibitedNetwork):
		return 0, errors.New("the address is not public: list its network in webhook.allow_networks")
	case err != nil:
		return 0, fmt.Errorf("no answer: %w", err)
	}
	defer res.Body.Close()
	_, _ = io.CopyN(io.Discard, res.Body, 4<<10) // so that the connection can be used again
	if res.StatusCode < 200 || res.StatusCode > 299 {
		return res.StatusCode, fmt.Errorf("the endpoint answered %d", res.StatusCode)
	}
	return res.StatusCode, nil
}

// record writes down an attempt, and disables an endpoint that is gone or has failed for too long.
func (h *Hooks) record(ctx context.Context, j job, attempt, status int, failed error, took time.Duration) error {
	text := ""
	if failed != nil {
		text = failed.Error()
	}
	return h.db.InTx(ctx, j.Workspace, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `
			INSERT INTO webhook_deliveries (workspace_id, webhook_id, event_id, event, attempt, status, error, took_ms)
			SELECT workspace_id, id, $3, $4, $5, $6, $7, $8 FROM webhooks WHERE workspace_id = $1 AND id = $2`,
			j.Workspace, j.Webhook, j.Event, j.Type, attempt, status, text, took.Milliseconds())
		if err != nil {
			return fmt.Errorf("record a delivery: %w", err)
		}
		if failed == nil {
			_, err = tx.Exec(ctx, `
				UPDATE webhooks SET failing_since = NULL
				WHERE workspace_id = $1 AND id = $2 AND failing_since IS NOT NULL`, j.Workspace, j.Webhook)
			return err
		}
		return h.fail(ctx, tx, j, status)
	})
}

// fail notes the first failure of a row of them, and ends the endpoint's service after the last.
func (h *Hooks) fail(ctx context.Context, tx pgx.Tx, j job, status int) error {
	var disabled bool
	err := tx.QueryRow(ctx, `
		UPDATE webhooks w SET failing_since = coalesce(failing_since, now()),
		       disabled_at = CASE WHEN $3 OR failing_since <= now() - $4::interval THEN now() END
		WHERE workspace_id = $1 AND id = $2 AND disabled_at IS NULL
		RETURNING disabled_at IS NOT NULL`,
		j.Workspace, j.Webhook, status == http.StatusGone, h.config.GiveUp).Scan(&disabled)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil
	}
	if err != nil || !disabled {
		return err
	}
	h.config.Logger.ErrorContext(ctx, "a webhook is disabled: it has failed for too long", "webhook", j.Webhook)
	return audit.Write(ctx, tx, j.Workspace, audit.Record{Actor: "system", Action: "webhook.disable",
		Target: "webhook:" + j.Webhook.String(), Data: map[string]any{"status": status}})
}

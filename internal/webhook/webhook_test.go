package webhook

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"
	"github.com/stretchr/testify/require"

	"handrail/internal/errs"
	"handrail/internal/postgres"
	"handrail/internal/postgres/pgtest"
)

// world is a database with a workspace and an endpoint that behaves as told.
type world struct {
	t     *testing.T
	url   string
	db    *postgres.DB
	ws    uuid.UUID
	hooks *Hooks
	sink  *httptest.Server

	mu       sync.Mutex
	received map[string]int // webhook-id -> how often it was taken
	failures map[string]int // webhook-id -> how often it was refused
	requests []*http.Request
	bodies   [][]byte
	refuse   func(id string, before int) int // status, 0 = take it
}

// soon retries at once, where a server would wait.
type soon struct{}

func (soon) NextRetry(*rivertype.JobRow) time.Time { return time.Now().Add(50 * time.Millisecond) }

func quick(c *river.Config) {
	c.FetchPollInterval, c.FetchCooldown, c.RetryPolicy = 50*time.Millisecond, 20*time.Millisecond, soon{}
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, url: pgtest.URL(t), received: map[string]int{}, failures: map[string]int{},
		refuse: func(string, int) int { return 0 }}
	w.sink = httptest.NewServer(http.HandlerFunc(w.serve))
	t.Cleanup(w.sink.Close)
	w.db, w.hooks = w.node(Config{})
	w.ws = pgtest.Workspace(t, w.db)
	return w
}

// node opens the database once more, as another node does.
func (w *world) node(c Config) (*postgres.DB, *Hooks) {
	w.t.Helper()
	db, err := postgres.Open(w.t.Context(), postgres.Config{URL: w.url, MaxConns: 8, AllowUnsafe: true})
	require.NoError(w.t, err)
	w.t.Cleanup(db.Close)
	c.AllowNetworks, c.Logger = []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}, slog.New(slog.DiscardHandler)
	hooks, err := build(db, c, quick)
	require.NoError(w.t, err)
	return db, hooks
}

func (w *world) serve(rw http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	w.mu.Lock()
	defer w.mu.Unlock()
	id := r.Header.Get("webhook-id")
	if status := w.refuse(id, w.failures[id]); status != 0 {
		w.failures[id]++
		rw.WriteHeader(status)
		return
	}
	w.received[id]++
	w.requests, w.bodies = append(w.requests, r), append(w.bodies, body)
}

func (w *world) start(h *Hooks) {
	w.t.Helper()
	require.NoError(w.t, h.Start(context.WithoutCancel(w.t.Context())))
	w.t.Cleanup(func() { require.NoError(w.t, h.Stop(context.WithoutCancel(w.t.Context()))) })
}

func (w *world) add(events ...string) (Endpoint, string) {
	w.t.Helper()
	e, secret, err := w.hooks.Add(w.t.Context(), w.ws, "test", Endpoint{URL: w.sink.URL + "/hook", Events: events})
	require.NoError(w.t, err)
	return e, secret
}

func (w *world) emit(event string, data any) {
	w.t.Helper()
	require.NoError(w.t, w.db.InTx(w.t.Context(), w.ws, func(tx pgx.Tx) error {
		return w.hooks.Emit(w.t.Context(), tx, w.ws, event, data)
	}))
}

// count is how many different events have arrived.
func (w *world) count() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.received)
}

func (w *world) eventually(what string, done func() bool) {
	w.t.Helper()
	require.Eventually(w.t, done, 20*time.Second, 20*time.Millisecond, what)
}

func TestDeliveryIsSigned(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	e, secret := w.add(Closed)
	w.emit(Closed, map[string]string{"conversation": "c"})
	w.emit(Queued, nil) // nobody asked
	w.start(w.hooks)
	w.eventually("it arrives", func() bool { return w.count() == 1 })

	w.mu.Lock()
	r, body := w.requests[0], w.bodies[0]
	w.mu.Unlock()
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
	require.NoError(t, err)
	id, stamp := r.Header.Get("webhook-id"), r.Header.Get("webhook-timestamp")
	require.Equal(t, Sign(key, id, stamp, body), r.Header.Get("webhook-signature"))
	var p struct {
		Type      string
		Timestamp time.Time
		Data      map[string]string
	}
	require.NoError(t, json.Unmarshal(body, &p))
	require.Equal(t, Closed, p.Type)
	require.Equal(t, "c", p.Data["conversation"])
	w.eventually("it is written down", func() bool {
		list, err := w.hooks.Deliveries(t.Context(), w.ws, e.ID)
		return err == nil && len(list) == 1 && list[0].Status == 200 && "evt_"+list[0].Event.String() == id
	})
}

// TestSignatureOfTheSpecification is the example of the Standard Webhooks specification.
func TestSignatureOfTheSpecification(t *testing.T) {
	t.Parallel()
	key, err := base64.StdEncoding.DecodeString("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
	require.NoError(t, err)
	require.Equal(t, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
		Sign(key, "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", []byte(`{"test": 2432232314}`)))
}

// TestNothingIsLost is F13 in short form: 300 events for a sink that refuses, is slow and is away for a time, while the
// node that delivers is ended hard, twice.
func TestNothingIsLost(t *testing.T) {
	t.Parallel()
	const events = 300
	w := newWorld(t)
	w.add(Assigned)
	var away atomic.Bool
	w.refuse = func(id string, before int) int {
		switch {
		case away.Load():
			return http.StatusBadGateway
		case id[len(id)-1] < '8' && before < 2:
			return http.StatusInternalServerError
		}
		return 0
	}
	for range events / 3 {
		w.emit(Assigned, nil)
	}
	for round := range 2 {
		_, node := w.node(Config{})
		require.NoError(t, node.Start(context.WithoutCancel(t.Context())))
		for range events / 3 {
			w.emit(Assigned, nil)
		}
		w.eventually("some arrive", func() bool { return w.count() > round*events/10 })
		away.Store(true)
		require.NoError(t, node.client.StopAndCancel(context.WithoutCancel(t.Context())))
		away.Store(false)
	}
	w.start(w.hooks)
	w.eventually("all arrive", func() bool { return w.count() == events })
	again := 0
	for _, n := range w.received {
		again += n - 1
	}
	t.Logf("%d events, %d refusals, %d deliveries twice, 0 lost", events, sum(w.failures), again)
}

func sum(m map[string]int) (n int) {
	for _, v := range m {
		n += v
	}
	return n
}

// TestANodeThatDiesLeavesItsWorkBehind puts a job into the state in which a killed process leaves it.
func TestANodeThatDiesLeavesItsWorkBehind(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.add(Assigned)
	w.emit(Assigned, nil)
	_, err := w.db.Pool().Exec(t.Context(), `
		UPDATE river_job SET state = 'running', attempt = 1, attempted_at = now() - interval '2 minutes', attempted_by = '{dead}'`)
	require.NoError(t, err)
	w.start(w.hooks)
	w.eventually("another node finds it", func() bool { return w.count() == 1 })
}

func TestRollBackTakesTheEventWithIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.add(Assigned)
	undone := errors.New("undone")
	require.ErrorIs(t, w.db.InTx(t.Context(), w.ws, func(tx pgx.Tx) error {
		require.NoError(t, w.hooks.Emit(t.Context(), tx, w.ws, Assigned, nil))
		return undone
	}), undone)
	var n int
	require.NoError(t, w.db.Pool().QueryRow(t.Context(), `SELECT count(*) FROM river_job`).Scan(&n))
	require.Zero(t, n)
}

func TestAnEndpointThatFailsForTooLongIsDisabled(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	e, _ := w.add(Assigned)
	w.refuse = func(string, int) int { return http.StatusInternalServerError }
	w.emit(Assigned, nil)
	_, impatient := w.node(Config{GiveUp: 100 * time.Millisecond})
	w.start(impatient)
	w.eventually("it is disabled", func() bool {
		list, err := w.hooks.List(t.Context(), w.ws)
		return err == nil && list[0].DisabledAt != nil
	})
	var n int
	require.NoError(t, w.db.InTx(t.Context(), w.ws, func(tx pgx.Tx) error {
		return tx.QueryRow(t.Context(), `SELECT count(*) FROM audit_log WHERE action = 'webhook.disable'`).Scan(&n)
	}))
	require.Equal(t, 1, n)
	w.mu.Lock()
	w.refuse = func(string, int) int { return 0 }
	w.mu.Unlock()
	w.emit(Assigned, nil) // to nobody
	require.NoError(t, w.hooks.Try(t.Context(), w.ws, "test", e.ID))
	w.eventually("the test arrives", func() bool { return w.count() == 1 })
	list, err := w.hooks.List(t.Context(), w.ws)
	require.NoError(t, err)
	require.Nil(t, list[0].DisabledAt)
}

func TestPrivateAddressesAndRedirectsAreRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	strict, err := build(w.db, Config{Logger: slog.New(slog.DiscardHandler)}, quick)
	require.NoError(t, err)
	status, err := strict.post(t.Context(), endpoint{url: w.sink.URL}, job{Event: uuid.New()})
	require.Zero(t, status)
	require.ErrorContains(t, err, "not public")
	redirect := httptest.NewServer(http.RedirectHandler(w.sink.URL, http.StatusTemporaryRedirect))
	t.Cleanup(redirect.Close)
	status, err = w.hooks.post(t.Context(), endpoint{url: redirect.URL}, job{Event: uuid.New()})
	require.Equal(t, http.StatusTemporaryRedirect, status)
	require.Error(t, err)
	require.Zero(t, w.count())
}

func TestEndpointsAreChecked(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, e := range []Endpoint{{}, {URL: "ftp://x", Events: Events()}, {URL: "https://u:p@x", Events: Events()},
		{URL: "https://x.example"}, {URL: "https://x.example", Events: []string{"all"}}} {
		_, _, err := w.hooks.Add(t.Context(), w.ws, "test", e)
		require.True(t, errs.Is(err, errs.Invalid), "%+v: %v", e, err)
	}
	e, _ := w.add(slices.Clone(Events())...)
	require.NoError(t, w.hooks.Remove(t.Context(), w.ws, "test", e.ID))
	require.True(t, errs.Is(w.hooks.Remove(t.Context(), w.ws, "test", e.ID), errs.NotFound))
	require.True(t, errs.Is(w.hooks.Try(t.Context(), w.ws, "test", e.ID), errs.NotFound))
	_, err := w.hooks.Deliveries(t.Context(), w.ws, e.ID)
	require.True(t, errs.Is(err, errs.NotFound))
}

// TestRetriesLastADay adds up the pauses.
func TestRetriesLastADay(t *testing.T) {
	t.Parallel()
	var total time.Duration
	for failures := 1; failures < maxAttempts; failures++ {
		total += pause(failures)
	}
	require.InDelta(t, 24, total.Hours(), 3)
}

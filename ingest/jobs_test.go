package ingest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"handrail/internal/errs"
	"handrail/internal/postgres"
	"handrail/internal/postgres/pgtest"
	"handrail/knowledge"
)

// queue is a set of jobs over a database of its own.
type queue struct {
	t    *testing.T
	db   *postgres.DB
	base *knowledge.Base
	ws   uuid.UUID
	over <-chan *river.Event // attempts that ended
	*Jobs
}

func newQueue(t *testing.T, c Config, adapt ...func(*river.Config)) *queue {
	t.Helper()
	db := pgtest.Open(t)
	q := &queue{t: t, db: db, base: knowledge.New(db, nil), ws: pgtest.Workspace(t, db)}
	return q.node(c, adapt...)
}

// node is another node on the same database.
func (q *queue) node(c Config, adapt ...func(*river.Config)) *queue {
	q.t.Helper()
	config := jobsConfig(slog.New(slog.DiscardHandler))
	config.TestOnly = true // spreads no starts over time
	for _, fn := range adapt {
		fn(config)
	}
	node := *q
	var err error
	node.Jobs, err = newJobs(q.db, New(q.base, c), config)
	require.NoError(q.t, err)
	over, done := node.client.Subscribe(river.EventKindJobCompleted, river.EventKindJobFailed, river.EventKindJobCancelled,
		river.EventKindJobSnoozed)
	q.t.Cleanup(done)
	node.over = over
	return &node
}

// run starts the node for the rest of the test.
func (q *queue) run() *queue {
	q.t.Helper()
	require.NoError(q.t, q.Start(q.t.Context()))
	q.t.Cleanup(func() { require.NoError(q.t, q.Stop(context.Background())) })
	return q
}

func (q *queue) enqueue(urls ...string) int64 {
	q.t.Helper()
	var id int64
	require.NoError(q.t, q.db.InTx(q.t.Context(), q.ws, func(tx pgx.Tx) error {
		var err error
		id, err = q.Enqueue(q.t.Context(), tx, q.ws, urls, "help")
		return err
	}))
	return id
}

// await waits for the end of an attempt and returns the job as it then is.
func (q *queue) await(id int64) Run {
	q.t.Helper()
	for {
		select {
		case e := <-q.over:
			if runOf(q.t, e.Job) == id {
				return q.status(id)
			}
		case <-time.After(30 * time.Second):
			require.Fail(q.t, "no attempt ended", "%+v", q.status(id))
		}
	}
}

func (q *queue) status(id int64) Run {
	q.t.Helper()
	s, err := q.Get(q.t.Context(), q.ws, id)
	require.NoError(q.t, err)
	return s
}

// job returns the newest job of a run.
func (q *queue) job(run int64) *rivertype.JobRow {
	q.t.Helper()
	all, err := q.client.JobList(q.t.Context(), river.NewJobListParams().OrderBy(river.JobListOrderByID, river.SortOrderDesc))
	require.NoError(q.t, err)
	for _, j := range all.Jobs {
		if runOf(q.t, j) == run {
			return j
		}
	}
	return nil
}

func runOf(t *testing.T, j *rivertype.JobRow) int64 {
	t.Helper()
	var args jobArgs
	require.NoError(t, json.Unmarshal(j.EncodedArgs, &args))
	return args.Run
}

// waiting checks that a run of one page is queued and has not begun to count.
func (q *queue) waiting(id int64) {
	q.t.Helper()
	got := q.status(id)
	require.Equal(q.t, RunQueued, got.State)
	require.Equal(q.t, []int{0, 1}, []int{got.Done, got.Total})
	require.Nil(q.t, got.Report)
}

func (q *queue) sql(query string, args ...any) {
	q.t.Helper()
	require.NoError(q.t, q.db.InTx(q.t.Context(), q.ws, func(tx pgx.Tx) error {
		_, err := tx.Exec(q.t.Context(), query, args...)
		return err
	}))
}

func TestJobStoresPagesThatSearchFinds(t *testing.T) {
	t.Parallel()
	s := site(t)
	q := newQueue(t, Config{AllowNetworks: loopback()}).run()
	id := q.enqueue(s.URL+"/page", s.URL+"/page#again")
	got := q.await(id)
	require.Equal(t, RunDone, got.State)
	require.Equal(t, []int{1, 1}, []int{got.Done, got.Total})
	require.Equal(t, []string{s.URL + "/page"}, got.Report.Added)
	require.Positive(t, got.Report.Passages)

	docs, err := q.base.Documents(t.Context(), q.ws, "help")
	require.NoError(t, err)
	require.Len(t, docs, 1)
	_, passages, err := q.base.Document(t.Context(), q.ws, docs[0].ID)
	require.NoError(t, err)
	found, err := q.base.Search(t.Context(), q.ws, knowledge.Query{Text: passages[0].Text})
	require.NoError(t, err)
	require.Equal(t, docs[0].ID, found.Hits[0].DocumentID)

	require.Equal(t, []string{s.URL + "/page"}, q.await(q.enqueue(s.URL+"/page")).Report.Unchanged)
}

func TestJobIsEnqueuedWithItsTransaction(t *testing.T) {
	t.Parallel()
	q := newQueue(t, Config{})
	id := q.enqueue("https://a.example/fees")
	q.waiting(id)
	_, err := q.Get(t.Context(), pgtest.Workspace(t, q.db), id)
	require.True(t, errs.Is(err, errs.NotFound), "a job of another workspace: %v", err)

	undo := errors.New("undo")
	err = q.db.InTx(t.Context(), q.ws, func(tx pgx.Tx) error {
		var err error
		id, err = q.Enqueue(t.Context(), tx, q.ws, []string{"https://a.example/fees"}, "")
		return errors.Join(err, undo)
	})
	require.ErrorIs(t, err, undo)
	_, err = q.Get(t.Context(), q.ws, id)
	require.True(t, errs.Is(err, errs.NotFound), "%v", err)
	require.Nil(t, q.job(id))
}

func TestEnqueueTakesWebAddressesOnly(t *testing.T) {
	t.Parallel()
	q := newQueue(t, Config{})
	good := "https://a.example/fees"
	for _, bad := range []string{"/etc/passwd", "docs", "", "file:///etc/passwd", "ftp://a.example/x", "http:///x",
		"http:a.example", "https://me:hunter2@a.example/", "http://[::1", "C:\\docs"} {
		err := q.db.InTx(t.Context(), q.ws, func(tx pgx.Tx) error {
			_, err := q.Enqueue(t.Context(), tx, q.ws, []string{good, bad}, "")
			return err
		})
		require.True(t, errs.Is(err, errs.Invalid), "%q: %v", bad, err)
		require.NotContains(t, errs.Public(err), "hunter2")
		require.NotContains(t, errs.Public(err), good)
	}
	for _, n := range []int{0, MaxURLs + 1} {
		_, err := pages(strings.Fields(strings.Repeat(good+" ", n)))
		require.True(t, errs.Is(err, errs.Invalid), "%d: %v", n, err)
	}
}

func TestJobReportsWhatCannotBeRead(t *testing.T) {
	t.Parallel()
	s := site(t)
	for _, tt := range []struct {
		name, path, reason string
		config             Config
	}{
		{"a missing page", "/missing", "answers 404", Config{AllowNetworks: loopback()}},
		{"a private address", "/page", "private network", Config{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			q := newQueue(t, tt.config).run()
			id := q.enqueue(s.URL + tt.path)
			got := q.await(id)
			require.Equal(t, RunFailed, got.State)
			require.Equal(t, 1, got.Done)
			require.Len(t, got.Report.Failed, 1)
			require.Equal(t, s.URL+tt.path, got.Report.Failed[0].Item)
			require.Contains(t, got.Report.Failed[0].Reason, tt.reason)
			require.Contains(t, got.Error, tt.reason)
			require.Equal(t, "cancelled", string(q.job(id).State), "no retry can help")
		})
	}
}

// hanging serves a page that hangs until the returned function is called; arrived tells of every request.
func hanging(t *testing.T) (url string, arrived <-chan struct{}, release func()) {
	t.Helper()
	asked, open := make(chan struct{}, 100), make(chan struct{})
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked <- struct{}{}
		select {
		case <-open:
			fmt.Fprint(w, "<h1>Fees</h1><p>Delivery costs five euros.</p>")
		case <-r.Context().Done():
		}
	}))
	t.Cleanup(s.Close)
	return s.URL + "/", asked, func() { close(open) }
}

func TestStopLeavesARunningJobToAnotherNode(t *testing.T) {
	t.Parallel()
	url, arrived, release := hanging(t)
	c := Config{AllowNetworks: loopback()}
	once := func(c *river.Config) { c.SoftStopTimeout, c.MaxAttempts = time.Millisecond, 1 }
	first := newQueue(t, c, once).run()
	id := first.enqueue(url)
	<-arrived
	require.Equal(t, RunRunning, first.status(id).State)
	require.NoError(t, first.Stop(t.Context()))
	first.waiting(id)

	second := first.node(c).run()
	<-arrived
	release()
	require.Equal(t, RunDone, second.await(id).State)
	require.Equal(t, 1, second.job(id).Attempt, "a stop is no attempt")
}

func TestRunOfADeadNodeIsTakenUp(t *testing.T) {
	t.Parallel()
	s := site(t)
	q := newQueue(t, Config{AllowNetworks: loopback()})
	id := q.enqueue(s.URL + "/page")
	q.sql(`UPDATE river_job SET state = 'running', attempt = 1, attempted_by = '{dead}', attempted_at = now()`)
	q.sql(`UPDATE ingest_runs SET state = 'running', done = 1, seen_at = now() - interval '30 s' WHERE id = $1`, id)
	require.NoError(t, q.tidy(t.Context()))
	require.Equal(t, RunRunning, q.status(id).State, "half a minute of silence is no death")
	q.sql(`UPDATE ingest_runs SET seen_at = now() - interval '2 min' WHERE id = $1`, id)
	require.NoError(t, q.tidy(t.Context()))
	got := q.run().await(id)
	require.Equal(t, RunDone, got.State)
	require.Len(t, got.Report.Added, 1)
}

func TestRunThatEndsItsNodesIsGivenUp(t *testing.T) {
	t.Parallel()
	q := newQueue(t, Config{})
	id := q.enqueue("https://a.example/fees")
	for range maxDeaths + 1 {
		q.sql(`UPDATE ingest_runs SET state = 'running', seen_at = now() - interval '2 min' WHERE id = $1`, id)
		require.NoError(t, q.tidy(t.Context()))
	}
	got := q.status(id)
	require.Equal(t, RunFailed, got.State)
	require.Contains(t, got.Error, "several times")
	require.NotNil(t, got.Report)
}

func TestRunWhoseJobIsLostIsQueuedAgain(t *testing.T) {
	t.Parallel()
	s := site(t)
	q := newQueue(t, Config{AllowNetworks: loopback()})
	id := q.enqueue(s.URL + "/page")
	q.sql(`UPDATE ingest_runs SET seen_at = now() - interval '11 min'`)
	require.NoError(t, q.tidy(t.Context()))
	first := q.job(id).ID
	q.sql(`DELETE FROM river_job`)
	require.NoError(t, q.tidy(t.Context()))
	require.Greater(t, q.job(id).ID, first)
	require.Equal(t, RunDone, q.run().await(id).State)
}

func TestRunThatFinishedIsNotRunAgain(t *testing.T) {
	t.Parallel()
	q := newQueue(t, Config{})
	id := q.enqueue("http://127.0.0.1/refused")
	q.sql(`UPDATE ingest_runs SET state = 'done', finished_at = now(), report = '{"Passages": 7}' WHERE id = $1`, id)
	got := q.run().await(id)
	require.Equal(t, RunDone, got.State)
	require.Equal(t, 7, got.Report.Passages)
	require.Equal(t, "completed", string(q.job(id).State))
}

func TestJobIsTriedAgainAndThenFails(t *testing.T) {
	t.Parallel()
	url, _, _ := hanging(t)
	q := newQueue(t, Config{AllowNetworks: loopback()}, func(c *river.Config) {
		c.JobTimeout, c.MaxAttempts = 500*time.Millisecond, 2
	}).run()
	id := q.enqueue(url)
	q.await(id)
	q.waiting(id)
	got := q.await(id)
	require.Equal(t, RunFailed, got.State)
	require.Contains(t, got.Error, "longer than a run may take")
}

// TestNotificationsReachTheApplicationRole polls once an hour, so only LISTEN on a connection of the pool, which has
// changed its role, can tell of the job.
func TestNotificationsReachTheApplicationRole(t *testing.T) {
	t.Parallel()
	s := site(t)
	q := newQueue(t, Config{AllowNetworks: loopback()}, func(c *river.Config) { c.FetchPollInterval = time.Hour }).run()
	require.Equal(t, RunDone, q.await(q.enqueue(s.URL+"/page")).State)
	require.Equal(t, RunDone, q.await(q.enqueue(s.URL+"/page")).State)
}

// TestStopLeavesNoGoroutine is not parallel: no other test may start goroutines meanwhile.
func TestStopLeavesNoGoroutine(t *testing.T) {
	s := site(t)
	q := newQueue(t, Config{AllowNetworks: loopback()})
	before := goleak.IgnoreCurrent()
	require.NoError(t, q.Start(t.Context()))
	q.await(q.enqueue(s.URL + "/page"))
	require.NoError(t, q.Stop(t.Context()))
	require.NoError(t, q.Stop(t.Context()), "a second stop")
	goleak.VerifyNone(t, before, goleak.IgnoreAnyFunction("github.com/jackc/pgx/v5/pgxpool.(*Pool).backgroundHealthCheck"))
}

// TestANodeThatStalledLeavesItsRunToTheNext lets a node come back after another one has taken up its run.
func TestANodeThatStalledLeavesItsRunToTheNext(t *testing.T) {
	t.Parallel()
	q := newQueue(t, Config{})
	id := q.enqueue("https://a.example/fees")
	stalled, err := q.takeUp(t.Context(), q.ws, id)
	require.NoError(t, err)
	q.sql(`UPDATE ingest_runs SET seen_at = now() - interval '2 min' WHERE id = $1`, id)
	require.NoError(t, q.tidy(t.Context()))
	require.NoError(t, stalled.finish(t.Context(), RunFailed, Report{}, "too late"))
	q.waiting(id)
	next, err := q.takeUp(t.Context(), q.ws, id)
	require.NoError(t, err)

	require.NoError(t, stalled.write(t.Context(), Progress{Done: 7, Total: 9}))
	require.NoError(t, stalled.giveBack(t.Context()))
	require.NoError(t, stalled.finish(t.Context(), RunFailed, Report{}, "too late"))
	got := q.status(id)
	require.Equal(t, []any{RunRunning, 0, ""}, []any{got.State, got.Done, got.Error})
	require.NoError(t, next.write(t.Context(), Progress{Done: 1, Total: 2}))
	require.Equal(t, 1, q.status(id).Done)
	require.NoError(t, next.finish(t.Context(), RunDone, Report{}, ""))
	require.Equal(t, RunDone, q.status(id).State)
}

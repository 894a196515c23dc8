package ingest

import (
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"handrail/internal/errs"
	"handrail/internal/postgres/pgtest"
	"handrail/knowledge"
)

// add records a source as the API does, and returns its id and that of its first run.
func (q *queue) add(spec Spec, every int) (id uuid.UUID, run int64) {
	q.t.Helper()
	q.sqlTx(func(tx pgx.Tx) (err error) {
		if id, err = q.AddSource(q.t.Context(), tx, q.ws, spec, "help", every); err != nil {
			return err
		}
		run, err = openRun(q.t.Context(), tx, q.ws, id)
		return err
	})
	return id, run
}

func (q *queue) sqlTx(fn func(pgx.Tx) error) {
	q.t.Helper()
	require.NoError(q.t, q.db.InTx(q.t.Context(), q.ws, fn))
}

func (q *queue) again(id uuid.UUID) Run {
	q.t.Helper()
	var run int64
	q.sqlTx(func(tx pgx.Tx) (err error) {
		run, err = q.StartSource(q.t.Context(), tx, q.ws, id)
		return err
	})
	return q.await(run)
}

func (q *queue) source(id uuid.UUID) Source {
	q.t.Helper()
	s, err := q.Source(q.t.Context(), q.ws, id)
	require.NoError(q.t, err)
	return s
}

// uris lists what is stored in the collection.
func (q *queue) uris() []string {
	q.t.Helper()
	docs, err := q.base.Documents(q.t.Context(), q.ws, "")
	require.NoError(q.t, err)
	out := []string{}
	for _, d := range docs {
		out = append(out, d.URI)
	}
	return out
}

func TestCrawlAgainDownloadsWhatChangedOnly(t *testing.T) {
	t.Parallel()
	w := newTown(t, map[string]string{"/": doc("Home.", "/a", "/b"), "/a": doc("A.", "/c"), "/b": doc("B."), "/c": doc("C.")})
	w.tags = map[string]string{"/": `"h"`, "/a": `"a"`, "/b": `"b"`, "/c": `"c"`}
	q := newQueue(t, brisk()).run()
	id, run := q.add(Spec{Kind: KindCrawl, Location: w.URL}, 0)
	require.Len(t, q.await(run).Report.Added, 4)
	require.Equal(t, []string{"/", "/a", "/b", "/c"}, w.visits())

	got := q.again(id)
	require.Equal(t, []int{0, 0, 4}, []int{got.Added, got.Changed, got.Unchanged})
	require.Equal(t, []string{"304 /", "304 /a", "304 /b", "304 /c"}, w.visits(), "the links of an unchanged page are remembered")

	w.set("/b", doc("B, edited."))
	w.mu.Lock()
	w.tags["/b"] = `"b2"`
	delete(w.pages, "/c")
	delete(w.tags, "/c")
	w.mu.Unlock()
	got = q.again(id)
	require.Equal(t, []int{1, 2, 1}, []int{got.Changed, got.Unchanged, got.Removed})
	require.Equal(t, []string{"304 /", "304 /a", "/b", "/c"}, w.visits())
	require.Equal(t, 3, q.source(id).Documents)

	q.sql(`UPDATE documents SET hash = 'x' WHERE uri LIKE '%/a'`)
	require.Equal(t, []string{w.URL + "/a"}, q.again(id).Report.Changed, "a document from another version is read again")
}

func TestCrawlKeepsWhatItCouldNotSee(t *testing.T) {
	t.Parallel()
	w := newTown(t, map[string]string{"/": doc("Home.", "/a"), "/a": doc("A.", "/b"), "/b": doc("B.")})
	q := newQueue(t, brisk()).run()
	id, run := q.add(Spec{Kind: KindCrawl, Location: w.URL}, 0)
	q.await(run)
	w.set("/a", "500")
	got := q.again(id)
	require.Equal(t, RunDone, got.State)
	require.Equal(t, []int{1, 0}, []int{got.Failed, got.Removed})
	require.Len(t, q.uris(), 3)
	require.Equal(t, 3, q.source(id).Documents)
}

func TestSourcesDoNotRemoveTheDocumentsOfOthers(t *testing.T) {
	t.Parallel()
	w := newTown(t, map[string]string{"/": doc("Home.", "/a", "/b"), "/a": doc("A."), "/b": doc("B.")})
	q := newQueue(t, brisk()).run()
	crawl, run := q.add(Spec{Kind: KindCrawl, Location: w.URL}, 0)
	q.await(run)
	page, run := q.add(Spec{Kind: KindPage, Location: w.URL + "/b"}, 0)
	q.await(run)

	folder := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(folder, "fees.md"), []byte("Five euros."), 0o600))
	prune := Options{Collection: "help", Prune: true}
	specs := []Spec{{Kind: KindFolder, Location: folder}}
	_, err := q.Runs.Run(t.Context(), q.ws, specs, prune)
	require.NoError(t, err)
	require.Len(t, q.uris(), 4, "pruning after a folder leaves alone what was fetched")

	require.NoError(t, q.base.Replace(t.Context(), q.ws, knowledge.Document{URI: "sent.md", Collection: "help", Hash: []byte{1}},
		[]knowledge.Passage{{Text: "From nowhere."}}))
	w.set("/", doc("Home."))
	require.Equal(t, []string{w.URL + "/a"}, q.again(crawl).Report.Removed, "page b is held by another source, the files are not its own")

	require.NoError(t, os.Rename(filepath.Join(folder, "fees.md"), filepath.Join(folder, "prices.md")))
	r, err := q.Runs.Run(t.Context(), q.ws, specs, prune)
	require.NoError(t, err)
	require.Equal(t, []string{"prices.md"}, r.Added)
	require.Equal(t, []string{"fees.md", "sent.md"}, r.Removed)

	var gone []uuid.UUID
	q.sqlTx(func(tx pgx.Tx) (err error) {
		gone, err = q.RemoveSource(t.Context(), tx, q.ws, page)
		return err
	})
	require.Len(t, gone, 1)
	_, err = q.Source(t.Context(), q.ws, page)
	require.True(t, errs.Is(err, errs.NotFound), "%v", err)
}

func TestRunsOfTheCommandLineAreRecorded(t *testing.T) {
	t.Parallel()
	q := newQueue(t, Config{})
	folder := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(folder, "fees.md"), []byte("Five euros."), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(folder, "empty.md"), nil, 0o600))
	specs := []Spec{{Kind: KindFolder, Location: folder}}
	_, err := q.Runs.Run(t.Context(), q.ws, specs, Options{DryRun: true})
	require.NoError(t, err)
	runs, err := q.List(t.Context(), q.ws, uuid.Nil, 10)
	require.NoError(t, err)
	require.Empty(t, runs, "a dry run leaves no trace")

	_, err = q.Runs.Run(t.Context(), q.ws, specs, Options{Collection: "help"})
	require.NoError(t, err)
	require.NoError(t, os.Remove(filepath.Join(folder, "fees.md")))
	_, err = q.Runs.Run(t.Context(), q.ws, specs, Options{Collection: "help"})
	require.True(t, errs.Is(err, errs.Invalid), "%v", err)

	sources, err := q.Sources(t.Context(), q.ws)
	require.NoError(t, err)
	require.Len(t, sources, 1)
	require.Equal(t, []any{KindFolder, folder, 1}, []any{sources[0].Kind, sources[0].Location, sources[0].Documents})
	runs, err = q.List(t.Context(), q.ws, sources[0].ID, 10)
	require.NoError(t, err)
	require.Equal(t, []RunState{RunFailed, RunDone}, []RunState{runs[0].State, runs[1].State})
	require.Equal(t, []int{1, 1}, []int{runs[1].Added, runs[1].Failed})
	require.Contains(t, runs[0].Error, "holds no document")
	first, err := q.Get(t.Context(), q.ws, runs[1].ID)
	require.NoError(t, err)
	require.Equal(t, "empty.md", first.Report.Failed[0].Item)

	err = q.db.InTx(t.Context(), q.ws, func(tx pgx.Tx) error {
		_, err := q.StartSource(t.Context(), tx, q.ws, sources[0].ID)
		return err
	})
	require.True(t, errs.Is(err, errs.Invalid), "a server must not read its disk because somebody asks: %v", err)
}

func TestRunOfADeadProcessHasFailed(t *testing.T) {
	t.Parallel()
	q := newQueue(t, Config{})
	folder := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(folder, "fees.md"), []byte("Five euros."), 0o600))
	x, err := q.begin(t.Context(), q.ws, []Spec{{Kind: KindFolder, Location: folder}}, Options{Collection: "help"})
	require.NoError(t, err)
	q.sql(`UPDATE ingest_runs SET seen_at = now() - interval '2 min'`)
	require.NoError(t, q.tidy(t.Context()))
	got := q.status(x.run)
	require.Equal(t, RunFailed, got.State)
	require.Contains(t, got.Error, "run it again")
	require.NotNil(t, got.FinishedAt)
}

func TestDueSourcesStartOnceOnAllNodes(t *testing.T) {
	t.Parallel()
	w := newTown(t, map[string]string{"/": doc("Home.")})
	q := newQueue(t, brisk())
	id, run := q.add(Spec{Kind: KindPage, Location: w.URL + "/"}, 6)
	q.run()
	q.await(run)
	count := func() int {
		runs, err := q.List(t.Context(), q.ws, id, 100)
		require.NoError(t, err)
		return len(runs)
	}
	require.NoError(t, q.tidy(t.Context()))
	require.Equal(t, 1, count(), "not due yet")

	q.sql(`UPDATE ingest_sources SET next_run_at = now() - interval '3 days'`)
	var nodes sync.WaitGroup
	for range 4 {
		nodes.Go(func() { require.NoError(t, q.tidy(t.Context())) })
	}
	nodes.Wait()
	require.Equal(t, 2, count(), "one run, however many nodes look and however many times were missed")
	s := q.source(id)
	require.Greater(t, s.NextRunAt.Sub(s.LastRun.StartedAt).Hours(), 5.0)
}

func TestASourceHasOneRunAtATime(t *testing.T) {
	t.Parallel()
	q := newQueue(t, Config{})
	id, first := q.add(Spec{Kind: KindPage, Location: "https://a.example/"}, 1)
	q.sql(`UPDATE ingest_sources SET next_run_at = now() - interval '1 hour'`)
	require.NoError(t, q.tidy(t.Context()))
	q.sqlTx(func(tx pgx.Tx) error {
		again, err := q.StartSource(t.Context(), tx, q.ws, id)
		require.Equal(t, first, again)
		return err
	})
	runs, err := q.List(t.Context(), q.ws, id, 10)
	require.NoError(t, err)
	require.Len(t, runs, 1)

	q.sql(`UPDATE ingest_runs SET state = 'running'`)
	err = q.db.InTx(t.Context(), q.ws, func(tx pgx.Tx) error {
		_, err := q.RemoveSource(t.Context(), tx, q.ws, id)
		return err
	})
	require.True(t, errs.Is(err, errs.Conflict), "%v", err)
	q.sql(`UPDATE ingest_runs SET state = 'queued'`)
	q.sqlTx(func(tx pgx.Tx) error {
		_, err := q.RemoveSource(t.Context(), tx, q.ws, id)
		return err
	})
	require.Contains(t, q.status(first).Error, "removed")
	q.run().await(first)
	require.Empty(t, q.uris())
}

func TestSourcesAreOfOneWorkspace(t *testing.T) {
	t.Parallel()
	q := newQueue(t, Config{})
	id, run := q.add(Spec{Kind: KindPage, Location: "https://a.example/"}, 1)
	other := pgtest.Workspace(t, q.db)
	sources, err := q.Sources(t.Context(), other)
	require.NoError(t, err)
	require.Empty(t, sources)
	_, err = q.Source(t.Context(), other, id)
	require.True(t, errs.Is(err, errs.NotFound))
	_, err = q.Get(t.Context(), other, run)
	require.True(t, errs.Is(err, errs.NotFound))
}

func TestIngestLeavesTheLimitsOfASourceAlone(t *testing.T) {
	t.Parallel()
	w := newTown(t, map[string]string{"/": doc("Home.")})
	q := newQueue(t, brisk())
	spec, err := Spec{Kind: KindCrawl, Location: w.URL, MaxPages: 40, Depth: 2}.Web()
	require.NoError(t, err)
	id, _ := q.add(spec, 24)
	spec.MaxPages, spec.Depth = 500, 5
	_, err = q.Runs.Run(t.Context(), q.ws, []Spec{spec}, Options{Collection: "help"})
	require.NoError(t, err)
	got := q.source(id)
	require.Equal(t, []int{40, 2, 1}, []int{got.MaxPages, got.Depth, got.Documents})
}

func TestSourceThatIsBeingReadIsNotReadTwice(t *testing.T) {
	t.Parallel()
	w := newTown(t, map[string]string{"/": doc("Home.")})
	q := newQueue(t, brisk())
	id, run := q.add(Spec{Kind: KindCrawl, Location: w.URL}, 0)
	_, err := q.takeUp(t.Context(), q.ws, run)
	require.NoError(t, err)
	_, err = q.RunSource(t.Context(), q.ws, id, Options{})
	require.True(t, errs.Is(err, errs.Conflict), "%v", err)
	require.Contains(t, errs.Public(err), "wait until it is over")
	require.Empty(t, w.visits())

	q.sql(`UPDATE ingest_runs SET seen_at = now() - interval '2 min'`)
	r, err := q.RunSource(t.Context(), q.ws, id, Options{})
	require.NoError(t, err, "the node that read it is dead")
	require.Len(t, r.Added, 1)
	require.Equal(t, RunDone, q.status(run).State)

	q.sqlTx(func(tx pgx.Tx) (err error) {
		run, err = q.StartSource(t.Context(), tx, q.ws, id)
		return err
	})
	_, err = q.RunSource(t.Context(), q.ws, id, Options{})
	require.NoError(t, err, "nobody has begun with it")
	require.Equal(t, RunDone, q.status(run).State)
	_, err = q.RunSource(t.Context(), q.ws, id, Options{})
	require.NoError(t, err)
	runs, err := q.List(t.Context(), q.ws, id, 10)
	require.NoError(t, err)
	require.Len(t, runs, 3)
}

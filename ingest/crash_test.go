package ingest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"handrail/internal/llm"
	"handrail/internal/llm/llmtest"
	"handrail/internal/postgres"
	"handrail/internal/postgres/pgtest"
	"handrail/knowledge"
)

// crashDocs is how many documents a run is killed in the middle of.
const crashDocs = 400

// TestCrashChild is no test: it is the process that TestKillLeavesOldOrNewDocuments kills.
func TestCrashChild(t *testing.T) {
	url, folder := os.Getenv("HANDRAIL_TEST_CRASH_URL"), os.Getenv("HANDRAIL_TEST_CRASH_FOLDER")
	ws := os.Getenv("HANDRAIL_TEST_CRASH_WORKSPACE")
	if url == "" {
		t.Skip("started by another test only")
	}
	db, err := postgres.Open(t.Context(), postgres.Config{URL: url, MaxConns: 4, AllowUnsafe: true})
	require.NoError(t, err)
	defer db.Close()
	runs := NewRuns(db, New(knowledge.New(db, nil), Config{}))
	_, err = runs.Run(t.Context(), uuid.MustParse(ws), []Spec{{Kind: KindFolder, Location: folder}}, Options{Prune: true})
	require.NoError(t, err)
}

// edition writes one version of every document; each version says its name in each of its three passages.
func edition(t *testing.T, folder, name string) {
	t.Helper()
	for i := range crashDocs {
		text := ""
		for part := range 3 {
			text += fmt.Sprintf("## Is part %d of document %d whole?\n\nIt says %s in part %d.\n\n", part, i, name, part)
		}
		require.NoError(t, os.WriteFile(filepath.Join(folder, fmt.Sprintf("doc%04d.md", i)), []byte(text), 0o600))
	}
}

// whole is the text of an edition of a document as it is stored.
func whole(name string) string {
	return fmt.Sprintf("It says %s in part 0.|It says %s in part 1.|It says %s in part 2.", name, name, name)
}

func TestKillLeavesOldOrNewDocuments(t *testing.T) {
	t.Parallel()
	url := pgtest.URL(t)
	db, err := postgres.Open(t.Context(), postgres.Config{URL: url, MaxConns: 4, AllowUnsafe: true})
	require.NoError(t, err)
	t.Cleanup(db.Close)
	base := knowledge.New(db, nil)
	d := &desk{t, base, pgtest.Workspace(t, db), t.TempDir(), New(base, Config{})}
	old := "version0"
	edition(t, d.folder, old)
	_, err = d.Run(t.Context(), d.ws, []string{d.folder}, Options{})
	require.NoError(t, err)
	interrupted := 0
	for round := 1; round <= 6; round++ {
		name := fmt.Sprintf("version%d", round)
		edition(t, d.folder, name)
		killed := d.killed(db, url)
		stored, fresh := d.stored(), 0
		require.Len(t, stored, crashDocs)
		for uri, text := range stored {
			require.Contains(t, []string{whole(old), whole(name)}, text, uri)
			if text == whole(name) {
				fresh++
			}
		}
		if killed && fresh > 0 && fresh < crashDocs {
			interrupted++
		}
		_, err = d.Run(t.Context(), d.ws, []string{d.folder}, Options{})
		require.NoError(t, err)
		for uri, text := range d.stored() {
			require.Equal(t, whole(name), text, uri)
		}
		old = name
	}
	require.Positive(t, interrupted, "at least one of the runs was killed between its first and its last document")
}

// killed starts a run in another process, kills it at some moment after it stored its first document, and reports
// whether it was in time.
func (d *desk) killed(db *postgres.DB, url string) bool {
	d.t.Helper()
	cmd := exec.CommandContext(context.WithoutCancel(d.t.Context()), os.Args[0], "-test.run=^TestCrashChild$", "-test.count=1")
	cmd.Env = append(os.Environ(), "HANDRAIL_TEST_CRASH_URL="+url, "HANDRAIL_TEST_CRASH_FOLDER="+d.folder,
		"HANDRAIL_TEST_CRASH_WORKSPACE="+d.ws.String())
	newest := func() (at time.Time) {
		require.NoError(d.t, db.InTx(d.t.Context(), d.ws, func(tx pgx.Tx) error {
			return tx.QueryRow(d.t.Context(), `SELECT max(updated_at) FROM documents`).Scan(&at)
		}))
		return at
	}
	before := newest()
	require.NoError(d.t, cmd.Start())
	over := make(chan error, 1)
	go func() { over <- cmd.Wait() }()
	deadline := time.After(30 * time.Second)
	for newest().Equal(before) {
		select {
		case <-over:
			return false
		case <-deadline:
			require.Fail(d.t, "the process stored nothing")
		case <-time.After(2 * time.Millisecond):
		}
	}
	select {
	case <-over:
		return false
	case <-time.After(rand.N(120 * time.Millisecond)):
	}
	require.NoError(d.t, cmd.Process.Kill())
	return <-over != nil
}

// TestTwoRunsAtOnceReachTheSameState runs the same folder twice at once, after an edit, a renaming and a removal.
func TestTwoRunsAtOnceReachTheSameState(t *testing.T) {
	t.Parallel()
	q := newQueue(t, Config{})
	folder := t.TempDir()
	write := func(name, text string) {
		require.NoError(t, os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600))
	}
	specs := []Spec{{Kind: KindFolder, Location: folder}}
	for i := range 200 {
		write(fmt.Sprintf("doc%03d.md", i), fmt.Sprintf("Text %d.", i))
	}
	_, err := q.Runs.Run(t.Context(), q.ws, specs, Options{Collection: "help"})
	require.NoError(t, err)
	for i := range 100 {
		write(fmt.Sprintf("doc%03d.md", i), fmt.Sprintf("New text %d.", i))
	}
	require.NoError(t, os.Rename(filepath.Join(folder, "doc150.md"), filepath.Join(folder, "renamed.md")))
	require.NoError(t, os.Remove(filepath.Join(folder, "doc151.md")))
	var both sync.WaitGroup
	for range 2 {
		both.Go(func() {
			_, err := q.Runs.Run(t.Context(), q.ws, specs, Options{Collection: "help", Prune: true})
			require.NoError(t, err)
		})
	}
	both.Wait()
	d := &desk{t: t, base: q.base, ws: q.ws}
	stored := d.stored()
	require.Len(t, stored, 199)
	for uri, text := range stored {
		want, err := os.ReadFile(filepath.Join(folder, uri))
		require.NoError(t, err)
		require.Equal(t, string(want), text)
	}
	sources, err := q.Sources(t.Context(), q.ws)
	require.NoError(t, err)
	require.Equal(t, 199, sources[0].Documents)
	runs, err := q.List(t.Context(), q.ws, uuid.Nil, 10)
	require.NoError(t, err)
	require.Equal(t, []RunState{RunDone, RunDone, RunDone}, []RunState{runs[0].State, runs[1].State, runs[2].State})
}

// TestUnchangedRunWritesAndEmbedsNothing counts the requests for embeddings and looks for any row that was written.
func TestUnchangedRunWritesAndEmbedsNothing(t *testing.T) {
	t.Parallel()
	model := llmtest.Start(t)
	embedder, err := llm.NewOpenAIEmbedder(model.EmbedConfig())
	require.NoError(t, err)
	db := pgtest.Open(t)
	runs := NewRuns(db, New(knowledge.New(db, embedder), Config{}))
	ws, folder := pgtest.Workspace(t, db), t.TempDir()
	for i := range 30 {
		require.NoError(t, os.WriteFile(filepath.Join(folder, fmt.Sprintf("%d.md", i)), []byte(strings.Repeat("Some words. ", i+1)), 0o600))
	}
	run := func() Report {
		r, err := runs.Run(t.Context(), ws, []Spec{{Kind: KindFolder, Location: folder}}, Options{Collection: "help", Prune: true})
		require.NoError(t, err)
		return r
	}
	written := func() (out string) {
		require.NoError(t, db.InTx(t.Context(), ws, func(tx pgx.Tx) error {
			return tx.QueryRow(t.Context(), `
				SELECT string_agg(t || ' ' || x, ', ' ORDER BY t) FROM (
					SELECT 'documents' AS t, max(xmin::text::bigint) AS x FROM documents UNION ALL
					SELECT 'passages', max(xmin::text::bigint) FROM passages UNION ALL
					SELECT 'vectors', max(xmin::text::bigint) FROM passage_vectors UNION ALL
					SELECT 'held', max(xmin::text::bigint) + sum(xmax::text::bigint) FROM ingest_documents UNION ALL
					SELECT 'statistics', max(xmin::text::bigint) FROM knowledge_stats) w`).Scan(&out)
		}))
		return out
	}
	require.Len(t, run().Added, 30)
	before, asked := written(), len(model.Requests())
	require.Positive(t, asked)
	require.Len(t, run().Unchanged, 30)
	require.Equal(t, before, written())
	require.Len(t, model.Requests(), asked)
}

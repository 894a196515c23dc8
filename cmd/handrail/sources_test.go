package main

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"handrail/internal/errs"
)

func TestSources(t *testing.T) {
	c := newCLI(t)
	t.Setenv("HANDRAIL_INGEST_ALLOW_NETWORKS", "127.0.0.0/8")
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/" {
			http.NotFound(w, r)
			return
		}
		fmt.Fprint(w, "<!doctype html><h1>Kettles</h1><p>Every kettle comes with a cup.</p>")
	}))
	t.Cleanup(site.Close)
	dir := helpCentre(t)
	c.must("ingest", dir)
	id, _, _ := strings.Cut(c.must("sources", "add", "crawl:"+site.URL, "--every", "24", "--max-pages", "3"), "\n")
	_, _, err := c.run("sources", "add", "crawl:"+site.URL)
	require.True(t, errs.Is(err, errs.Conflict), "%v", err)
	require.Contains(t, c.must("sources", "run", id), "added 1")
	c.must("ingest", "--prune", "--collection", "other", dir)
	c.must("ingest", "--dry-run", dir)
	require.Equal(t, []string{`cli ingest.run {"prune": false, "watch": false, "sources": ["DIR"], "collection": "help"}`,
		`cli source.run {"run": 3}`,
		`cli ingest.run {"prune": true, "watch": false, "sources": ["DIR"], "collection": "other"}`}, c.runsOnAudit(dir))
	list := c.must("sources", "list")
	require.Contains(t, list, dir)
	require.Regexp(t, id+` +crawl +help +1 +24 h +done`, list)

	require.Contains(t, c.must("sources", "rm", id, "--documents"), "and 1 documents")
	require.NotContains(t, c.must("sources", "list"), id)
	_, _, err = c.run("sources", "run", id)
	require.True(t, errs.Is(err, errs.NotFound), "%v", err)
	_, _, err = c.run("sources", "add", dir)
	require.True(t, errs.Is(err, errs.Invalid), "a server must not read its disk: %v", err)
	_, _, err = c.run("sources", "rm", "first")
	require.True(t, errs.Is(err, errs.Invalid), "%v", err)
}

// runsOnAudit lists the audit records of runs, oldest first. Each names a run that is on record.
func (c cli) runsOnAudit(dir string) (out []string) {
	c.t.Helper()
	conn, err := pgx.Connect(c.t.Context(), os.Getenv("DATABASE_URL"))
	require.NoError(c.t, err)
	defer conn.Close(c.t.Context())
	rows, err := conn.Query(c.t.Context(), `
		SELECT actor || ' ' || action || ' ' || data FROM audit_log a
		WHERE action = 'source.run' OR action = 'ingest.run' AND target IN (SELECT 'ingest:' || id FROM ingest_runs)
		ORDER BY a.id`)
	require.NoError(c.t, err)
	out, err = pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(c.t, err)
	for i := range out {
		out[i] = strings.ReplaceAll(out[i], dir, "DIR")
	}
	return out
}

// lines is a stream that another goroutine writes to.
type lines struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(b)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

func TestIngestWatch(t *testing.T) {
	c := newCLI(t)
	dir := helpCentre(t)
	ctx, cancel := context.WithCancel(t.Context())
	out, over := &lines{}, make(chan error, 1)
	go func() {
		over <- run(ctx, []string{"ingest", "--watch", "--prune", dir, "--data-dir", c.data}, streams{out, out})
	}()
	shows := func(text string) {
		t.Helper()
		require.Eventually(t, func() bool { return strings.Contains(out.String(), text) }, 20*time.Second, 10*time.Millisecond, out)
	}
	shows("watching " + dir + ": added 2")
	write(t, dir, "gifts.md", "# Gifts\n\nWe wrap every teapot.\n")
	shows("added    gifts.md\n")
	require.NoError(t, os.Remove(filepath.Join(dir, "gifts.md")))
	shows("removed  gifts.md\n")
	require.Eventually(t, func() bool { return len(c.runsOnAudit(dir)) == 3 }, 20*time.Second, 50*time.Millisecond,
		"one for the first run and one for every change")
	cancel()
	require.NoError(t, <-over, "Ctrl-C is the way to end it")

	_, _, err := c.run("ingest", "--watch", dir, dir)
	require.True(t, errs.Is(err, errs.Invalid), "%v", err)
	_, _, err = c.run("ingest", "--watch", "--json", dir)
	require.True(t, errs.Is(err, errs.Invalid), "%v", err)
}

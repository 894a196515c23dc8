package evals

import (
	"bufio"
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"handrail/bot"
	"handrail/internal/postgres"
	"handrail/internal/postgres/pgtest"
)

// workerArgument makes the test's own binary a process that works on runs and never comes to an end.
const workerArgument = "a-worker-to-kill"

// doomedWorker begins with a run of the database, says so, and keeps it until it is killed.
func doomedWorker(url string) {
	ctx := context.Background()
	db, err := postgres.Open(ctx, postgres.Config{URL: url, MaxConns: 4, AllowUnsafe: true})
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	NewStore(StoreConfig{DB: db, Reviewed: drafts("a", "b"), Logger: slog.Default(), Lease: time.Second,
		Bot: respond(func(context.Context, bot.Turn) (bot.Reply, error) {
			fmt.Println("asked")
			select {}
		})}).Start(ctx)
	select {}
}

// kill -9 in the middle of a run: another node takes the run up and brings it to its end.
func TestARunSurvivesAKilledProcess(t *testing.T) {
	t.Parallel()
	url := pgtest.URL(t)
	db, err := postgres.Open(t.Context(), postgres.Config{URL: url, MaxConns: 4, AllowUnsafe: true})
	require.NoError(t, err)
	t.Cleanup(db.Close)
	ws := pgtest.Workspace(t, db)
	s := node(t, db, respond(knows), drafts("a", "b"))
	id := enqueue(t, s, ws)

	self, err := os.Executable()
	require.NoError(t, err)
	victim := exec.CommandContext(t.Context(), self, workerArgument, url)
	out, err := victim.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, victim.Start())
	line, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	require.Equal(t, "asked\n", line)
	require.NoError(t, victim.Process.Kill())
	_ = victim.Wait() // it was killed
	r, err := s.Get(t.Context(), ws, id)
	require.NoError(t, err)
	require.Equal(t, RunRunning, r.State, "nobody has noticed yet")

	require.Equal(t, 2, await(t, started(t, s), ws, id, RunDone).Passed)
	require.Equal(t, 1, count(t, db, ws, `SELECT deaths FROM eval_runs WHERE workspace_id = $1`))
}

package faults_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"handrail/internal/faults"
)

// TestF11ClockSkew runs PostgreSQL with another time than the nodes. Only the difference matters, and a Go program does
// not ask the C library, so it is the database's clock that is set.
func TestF11ClockSkew(t *testing.T) {
	parallel(t)
	skews := []time.Duration{-24 * time.Hour, 24 * time.Hour, -time.Hour, time.Hour}
	rounds := times(1, 40)
	for i := range rounds {
		skew := skews[i%len(skews)]
		if done := t.Run(fmt.Sprintf("%d %s", i, skew), func(t *testing.T) { skewed(t, skew) }); !done {
			return
		}
	}
	shared.report.Count("F11", "runs with clocks an hour or a day apart", rounds, "")
}

func skewed(t *testing.T, skew time.Duration) {
	c := boot(t, faults.Options{PGBin: skewedPostgres(t, skew)})
	var now time.Time
	require.NoError(t, c.DB.Pool().QueryRow(t.Context(), `SELECT clock_timestamp()`).Scan(&now))
	require.WithinDuration(t, time.Now().Add(skew), now, time.Minute, "the database's clock is set")
	w := talk(t, c)
	rest(t, 2*time.Second)
	require.NoError(t, c.Nodes[0].Kill())
	require.NoError(t, c.Nodes[0].Restart(t.Context()))
	var gone, unordered int
	require.NoError(t, c.DB.InSystemTx(t.Context(), func(tx pgx.Tx) error {
		return tx.QueryRow(t.Context(), `
			SELECT (SELECT count(*) FROM assignments WHERE outcome = 'agent_gone'),
			       (SELECT count(*) FROM messages a JOIN messages b ON b.workspace_id = a.workspace_id
			          AND b.conversation_id = a.conversation_id AND b.seq = a.seq + 1 AND b.at < a.at)`).Scan(&gone, &unordered)
	}))
	require.Zero(t, gone, "leases hold")
	require.Zero(t, unordered, "times do not decrease")
	settle(t, "F11", w)
}

// skewedPostgres makes a folder of programs whose postgres has another time.
func skewedPostgres(t *testing.T, skew time.Duration) string {
	real := os.Getenv("HANDRAIL_PG_BIN")
	cc, err := exec.LookPath("cc")
	if runtime.GOOS != "linux" || real == "" || err != nil {
		t.Skip("setting the clock of one program needs Linux, HANDRAIL_PG_BIN and a C compiler")
	}
	dir, err := os.MkdirTemp("", "handrail-clock")
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	require.NoError(t, os.Chmod(dir, 0o755))
	library := filepath.Join(dir, "skew.so")
	out, err := exec.Command(cc, "-shared", "-fPIC", "-O1", "-o", library, "testdata/skew.c").CombinedOutput()
	require.NoError(t, err, string(out))
	programs, err := os.ReadDir(real)
	require.NoError(t, err)
	for _, p := range programs {
		if p.Name() != "postgres" {
			require.NoError(t, os.Symlink(filepath.Join(real, p.Name()), filepath.Join(dir, p.Name())))
		}
	}
	script := fmt.Sprintf("#!/bin/sh\nSKEW=%d LD_PRELOAD=%s exec %s \"$@\"\n", int(skew.Seconds()), library, filepath.Join(real, "postgres"))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "postgres"), []byte(script), 0o755))
	return dir
}

package faults_test

import (
	"context"
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"handrail/internal/faults"
	"handrail/internal/postgres"
)

// TestF10FullDisk fills the disk of the data, then that of the write-ahead log alone.
func TestF10FullDisk(t *testing.T) {
	parallel(t)
	for name, prepare := range map[string]func(*testing.T) (folder, disk string){
		"data": dataOnSmallDisk, "log": logOnSmallDisk,
	} {
		t.Run(name, func(t *testing.T) {
			folder, disk := prepare(t)
			c := boot(t, faults.Options{PGDir: folder})
			w := talk(t, c)
			fills := times(1, 5)
			var longest time.Duration
			for range fills {
				rest(t, time.Second)
				longest = max(longest, fillAndFree(t, c, w, folder, disk))
			}
			shared.report.Count("F10", "times the disk of the "+name+" was full", fills, "")
			shared.report.Time("F10", "longest time from free space to the first acknowledgement", longest, "<= 60 s")
			settle(t, "F10", w)
		})
	}
}

// fillAndFree fills the disk until nothing is acknowledged any more, and returns how long it takes to go on afterwards.
func fillAndFree(t *testing.T, c *faults.Cluster, w *faults.Crowd, folder, disk string) time.Duration {
	ballast := filepath.Join(disk, "ballast")
	fill(t, ballast)
	within(t, time.Minute, "nothing is acknowledged", func() bool {
		fill(t, ballast) // what a checkpoint has freed
		useUp(t, c, folder)
		_, before := w.Ledger.Count()
		rest(t, 2*time.Second)
		_, now := w.Ledger.Count()
		return now == before
	})
	require.NoError(t, os.Remove(ballast))
	_, before := w.Ledger.Count()
	return within(t, time.Minute, "messages are acknowledged again", func() bool {
		_, now := w.Ledger.Count()
		return now > before
	})
}

// fill writes until there is no space left.
func fill(t *testing.T, file string) {
	f, err := os.OpenFile(file, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	require.NoError(t, err)
	defer f.Close()
	for block := make([]byte, 1<<20); len(block) > 0; {
		if _, err := f.Write(block); err != nil {
			require.ErrorIs(t, err, syscall.ENOSPC)
			block = block[:len(block)/16] // smaller and smaller, to the last byte
		}
	}
}

// useUp starts new segments of the log until none that was made in advance is left.
func useUp(t *testing.T, c *faults.Cluster, folder string) {
	b, err := os.ReadFile(filepath.Join(folder, "pg/postgres.password"))
	require.NoError(t, err)
	u, err := url.Parse(c.DatabaseURL())
	require.NoError(t, err)
	u.User, u.Path = url.UserPassword("postgres", string(b)), "/postgres"
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	conn, err := pgx.Connect(ctx, u.String())
	if err != nil {
		return // it has stopped already
	}
	defer conn.Close(ctx)
	for range 8 {
		if _, err := conn.Exec(ctx, `SELECT pg_logical_emit_message(false, 'faults', $1), pg_switch_wal()`, strings.Repeat("x", 1000)); err != nil {
			return
		}
	}
}

// smallDisk mounts a file system in memory.
func smallDisk(t *testing.T, size string) string {
	if os.Geteuid() != 0 {
		t.Skip("only root may mount a small disk")
	}
	dir, err := os.MkdirTemp("", "handrail-disk")
	require.NoError(t, err)
	require.NoError(t, os.Chmod(dir, 0o755))
	t.Cleanup(func() { _ = os.Remove(dir) })
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size="+size); errors.Is(err, syscall.EPERM) {
		t.Skip("this container may not mount a small disk")
	} else {
		require.NoError(t, err)
	}
	t.Cleanup(func() { require.NoError(t, syscall.Unmount(dir, syscall.MNT_DETACH)) })
	return dir
}

func dataOnSmallDisk(t *testing.T) (folder, disk string) {
	disk = smallDisk(t, "400m")
	folder = filepath.Join(disk, "database")
	return folder, disk
}

// logOnSmallDisk makes a cluster and moves its log.
func logOnSmallDisk(t *testing.T) (folder, disk string) {
	disk = smallDisk(t, "200m")
	folder, err := os.MkdirTemp("", "handrail-faults")
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	require.NoError(t, os.Chmod(folder, 0o755))
	local, err := postgres.StartLocal(t.Context(), postgres.LocalConfig{Dir: folder, BinDir: os.Getenv("HANDRAIL_PG_BIN")})
	require.NoError(t, err)
	require.NoError(t, local.Stop())
	from, to := filepath.Join(folder, "pg/data/pg_wal"), filepath.Join(disk, "pg_wal")
	owner, err := os.Stat(from)
	require.NoError(t, err)
	require.NoError(t, os.CopyFS(to, os.DirFS(from)))
	s := owner.Sys().(*syscall.Stat_t)
	require.NoError(t, filepath.WalkDir(to, func(path string, _ os.DirEntry, err error) error {
		return errors.Join(err, os.Chown(path, int(s.Uid), int(s.Gid)))
	}))
	require.NoError(t, os.RemoveAll(from))
	require.NoError(t, os.Symlink(to, from))
	return folder, disk
}

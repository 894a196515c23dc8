package postgres_test

import (
	"context"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"handrail/internal/errs"
	"handrail/internal/postgres"
)

// launcherEnv turns the test binary into a launcher that can be killed: its value is the data folder.
const launcherEnv = "HANDRAIL_TEST_LAUNCHER_DIR"

func TestMain(m *testing.M) {
	if dir := os.Getenv(launcherEnv); dir != "" {
		launcher(dir)
	}
	os.Exit(m.Run())
}

// launcher starts the cluster, prints its URL and waits to be killed.
func launcher(dir string) {
	l, err := postgres.StartLocal(context.Background(), postgres.LocalConfig{Dir: dir})
	if err != nil {
		os.Stdout.WriteString("error: " + err.Error() + "\n")
		os.Exit(1)
	}
	os.Stdout.WriteString(l.URL() + "\n")
	select {}
}

// startLauncher runs a launcher process and returns it with the URL that it printed.
func startLauncher(t *testing.T, dir string) (*exec.Cmd, string) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), launcherEnv+"="+dir)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	line := make([]byte, 4096)
	n, err := out.Read(line)
	require.NoError(t, err)
	dsn := strings.TrimSpace(string(line[:n]))
	require.Contains(t, dsn, "postgres://")
	return cmd, dsn
}

// dataFolder is reachable by the account that runs PostgreSQL when the tests run as root.
func dataFolder(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.Chmod(filepath.Dir(dir), 0o755))
	return dir
}

func start(t *testing.T, dir string) *postgres.Local {
	t.Helper()
	l, err := postgres.StartLocal(t.Context(), postgres.LocalConfig{Dir: dir, Unsafe: true})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, l.Stop()) })
	return l
}

func query[T any](t *testing.T, dsn, sql string) (v T) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	require.NoError(t, err)
	defer conn.Close(context.WithoutCancel(t.Context()))
	require.NoError(t, conn.QueryRow(t.Context(), sql).Scan(&v))
	return v
}

func run(t *testing.T, dsn, sql string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	require.NoError(t, err)
	defer conn.Close(context.WithoutCancel(t.Context()))
	_, err = conn.Exec(t.Context(), sql)
	require.NoError(t, err)
}

func port(t *testing.T, dsn string) string {
	t.Helper()
	u, err := url.Parse(dsn)
	require.NoError(t, err)
	return u.Port()
}

// pidOf reads the process number of the server of a data folder.
func pidOf(t *testing.T, dir string) int {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, "pg/data/postmaster.pid"))
	require.NoError(t, err)
	pid, err := strconv.Atoi(strings.SplitN(string(b), "\n", 2)[0])
	require.NoError(t, err)
	return pid
}

func TestLocalServesMigrationsWithoutSuperuser(t *testing.T) {
	t.Parallel()
	l := start(t, dataFolder(t))
	db, err := postgres.Open(t.Context(), postgres.Config{URL: l.URL(), AllowUnsafe: true})
	require.NoError(t, err)
	defer db.Close()
	require.NoError(t, db.Ping(t.Context()))
	var role, super string
	require.NoError(t, db.Pool().QueryRow(t.Context(),
		`SELECT current_user, (SELECT rolsuper FROM pg_roles WHERE rolname = session_user)::text`).Scan(&role, &super))
	require.Equal(t, postgres.Role, role)
	require.Equal(t, "false", super)
}

func TestLocalKeepsDataAndRefusesStrangers(t *testing.T) {
	t.Parallel()
	dir := dataFolder(t)
	l := start(t, dir)
	run(t, l.URL(), `CREATE TABLE kept AS SELECT 42 AS n`)
	wrong, err := url.Parse(l.URL())
	require.NoError(t, err)
	wrong.User = url.UserPassword("handrail", "guess")
	_, err = pgx.Connect(t.Context(), wrong.String())
	require.ErrorContains(t, err, "28P01", "a wrong password must be refused")
	st, err := os.Stat(filepath.Join(dir, "pg/handrail.password"))
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), st.Mode().Perm())

	require.NoError(t, l.Stop())
	require.NoError(t, l.Stop(), "stopping twice is harmless")
	_, err = pgx.Connect(t.Context(), l.URL())
	require.Error(t, err, "a stopped cluster must not answer")
	require.Equal(t, 42, query[int](t, start(t, dir).URL(), `SELECT n FROM kept`))
}

func TestLocalIsSharedAndInherited(t *testing.T) {
	t.Parallel()
	dir := dataFolder(t)
	owner := start(t, dir)
	guest := start(t, dir)
	require.Equal(t, owner.URL(), guest.URL())
	require.NoError(t, owner.Stop())
	require.Eventually(t, func() bool {
		conn, err := pgx.Connect(t.Context(), guest.URL())
		if err != nil {
			return false
		}
		return conn.Close(t.Context()) == nil
	}, time.Minute, 50*time.Millisecond, "the guest must take over on the same port")
}

func TestLocalRestartsAServerThatDied(t *testing.T) {
	t.Parallel()
	dir := dataFolder(t)
	// Not Unsafe: that would lose the row.
	l, err := postgres.StartLocal(t.Context(), postgres.LocalConfig{Dir: dir})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, l.Stop()) })
	run(t, l.URL(), `CREATE TABLE kept AS SELECT 42 AS n`)
	pid := pidOf(t, dir)
	require.NoError(t, syscall.Kill(pid, syscall.SIGKILL))
	require.Eventually(t, func() bool {
		conn, err := pgx.Connect(t.Context(), l.URL())
		if err != nil {
			return false
		}
		return conn.Close(t.Context()) == nil
	}, time.Minute, 50*time.Millisecond)
	require.NotEqual(t, pid, pidOf(t, dir))
	require.Equal(t, 42, query[int](t, l.URL(), `SELECT n FROM kept`))
}

func TestLocalOutlivesAKilledLauncher(t *testing.T) {
	t.Parallel()
	dir := dataFolder(t)
	cmd, dsn := startLauncher(t, dir)
	run(t, dsn, `CREATE TABLE kept AS SELECT 42 AS n`)
	require.NoError(t, cmd.Process.Kill())
	_ = cmd.Wait()
	began := time.Now()
	l := start(t, dir)
	require.Equal(t, 42, query[int](t, l.URL(), `SELECT n FROM kept`))
	require.Less(t, time.Since(began), 30*time.Second)
}

func TestLocalDiesWithItsLauncher(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("only Linux signals the child of a killed process")
	}
	dir := dataFolder(t)
	cmd, _ := startLauncher(t, dir)
	pid := pidOf(t, dir)
	require.NoError(t, cmd.Process.Kill())
	_ = cmd.Wait()
	require.Eventually(t, func() bool {
		_, err := os.Stat(filepath.Join(dir, "pg/data/postmaster.pid"))
		return os.IsNotExist(err)
	}, time.Minute, 20*time.Millisecond, "process %d must shut down in order", pid)
}

func TestLocalReplacesAnOrphan(t *testing.T) {
	t.Parallel()
	dir := dataFolder(t)
	cmd, dsn := startLauncher(t, dir)
	pid := pidOf(t, dir)
	// A stopped server cannot obey the death signal in time, so it is still there when the next launcher comes.
	require.NoError(t, syscall.Kill(pid, syscall.SIGSTOP))
	require.NoError(t, cmd.Process.Kill())
	_ = cmd.Wait()
	go func() { _ = syscall.Kill(pid, syscall.SIGCONT) }()
	l := start(t, dir)
	require.NotEqual(t, port(t, dsn), port(t, l.URL()))
	require.NotEqual(t, pid, pidOf(t, dir))
}

func TestLocalIgnoresAStalePidFile(t *testing.T) {
	t.Parallel()
	dir := dataFolder(t)
	require.NoError(t, start(t, dir).Stop())
	// The number now belongs to a process that is alive and is no database server: this test.
	stale := strconv.Itoa(os.Getpid()) + "\n" + filepath.Join(dir, "pg/data") + "\n1700000000\n5432\n\n127.0.0.1\n\nready\n"
	require.NoError(t, os.WriteFile(filepath.Join(dir, "pg/data/postmaster.pid"), []byte(stale), 0o600))
	start(t, dir)
}

func TestLocalNeverTouchesAnotherMajorVersion(t *testing.T) {
	t.Parallel()
	dir := dataFolder(t)
	data := filepath.Join(dir, "pg/data")
	require.NoError(t, os.MkdirAll(data, 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(data, "PG_VERSION"), []byte("13\n"), 0o600))
	_, err := postgres.StartLocal(t.Context(), postgres.LocalConfig{Dir: dir})
	require.True(t, errs.Is(err, errs.Unsupported), "%v", err)
	require.ErrorContains(t, err, "PostgreSQL 13")
	entries, err := os.ReadDir(data)
	require.NoError(t, err)
	require.Len(t, entries, 1)
}

func TestLocalSaysWhatIsMissing(t *testing.T) {
	t.Parallel()
	_, err := postgres.StartLocal(t.Context(), postgres.LocalConfig{Dir: dataFolder(t), BinDir: t.TempDir()})
	require.True(t, errs.Is(err, errs.Unsupported), "%v", err)
	require.Contains(t, errs.Public(err), "apt-get install")
	require.Contains(t, errs.Public(err), "brew install")
	require.Contains(t, errs.Public(err), "DATABASE_URL")
}

func TestLocalNeedsAFolderThatPostgresMayEnter(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("only root gives PostgreSQL another account")
	}
	dir := filepath.Join(t.TempDir(), "closed", "data")
	require.NoError(t, os.Mkdir(filepath.Dir(dir), 0o700))
	_, err := postgres.StartLocal(t.Context(), postgres.LocalConfig{Dir: dir})
	require.True(t, errs.Is(err, errs.Invalid), "%v", err)
	require.Contains(t, errs.Public(err), "chmod o+x")
}

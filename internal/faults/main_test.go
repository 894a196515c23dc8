package faults_test

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"handrail/internal/faults"
)

// run is what the tests share: the binary, the figures, and how much to do.
type run struct {
	binary string
	once   sync.Once
	copy   string // a database to begin with
	full   bool
	report faults.Report
}

var shared run

// TestMain builds the binary once, and prints and saves the figures at the end.
func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(mainOf(m))
}

func mainOf(m *testing.M) int {
	shared.full = os.Getenv("HANDRAIL_FAULTS") == "full"
	dir, err := os.MkdirTemp("", "handrail-faults")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	if err := os.Chmod(dir, 0o755); err != nil { // for the account that runs PostgreSQL
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	if shared.binary = os.Getenv("HANDRAIL_BIN"); shared.binary == "" {
		shared.binary = filepath.Join(dir, "handrail")
		// As the build stage does it, so that both use what was compiled once.
		if out, err := exec.Command("go", "build", "-trimpath", "-o", shared.binary, "handrail/cmd/handrail").CombinedOutput(); err != nil {
			fmt.Fprintf(os.Stderr, "build handrail: %v\n%s", err, out)
			return 1
		}
	}
	shared.copy = filepath.Join(dir, "database")
	code := m.Run()
	shared.report.Print(os.Stdout)
	if file := os.Getenv("HANDRAIL_FAULTS_RESULTS"); file != "" {
		if err := shared.report.Save(file); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
	}
	return code
}

// startLimit bounds the start of anything.
const startLimit = time.Minute

// times is how often to do something: a few times in a plain run, or as the plan says.
func times(short, full int) int {
	if shared.full {
		return full
	}
	return short
}

// parallel lets tests of a plain run share the machine. In a full run each has it alone, for its figures' sake.
func parallel(t *testing.T) {
	if !shared.full {
		t.Parallel()
	}
}

// boot starts a cluster of the test's own.
func boot(t *testing.T, o faults.Options) *faults.Cluster {
	t.Helper()
	dir, err := os.MkdirTemp("", "handrail-faults")
	require.NoError(t, err)
	require.NoError(t, os.Chmod(dir, 0o755)) // for the account that runs PostgreSQL
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the logs are in %s", dir)
			return
		}
		_ = os.RemoveAll(dir)
	})
	o.Binary, o.Dir = shared.binary, dir
	if o.PGBin == "" {
		o.PGBin = os.Getenv("HANDRAIL_PG_BIN")
	}
	if o.PGDir == "" {
		shared.once.Do(func() {
			require.NoError(t, faults.Prepare(context.WithoutCancel(t.Context()), os.Getenv("HANDRAIL_PG_BIN"), shared.copy))
		})
		o.PGCopy = shared.copy
	}
	c, err := faults.Start(context.WithoutCancel(t.Context()), o)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, c.Stop()) })
	return c
}

// talk starts a crowd that sends about 200 messages a second in all, or 50 in a plain run, and waits until everybody is
// in conversation.
func talk(t *testing.T, c *faults.Cluster) *faults.Crowd {
	t.Helper()
	return crowd(t, c, faults.CrowdOptions{Visitors: times(8, 20), Agents: times(2, 4), Every: duration(300, 200) * time.Millisecond})
}

func crowd(t *testing.T, c *faults.Cluster, o faults.CrowdOptions) *faults.Crowd {
	t.Helper()
	w, err := c.NewCrowd(t.Context(), o)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, w.Stop()) })
	within(t, 30*time.Second, "every visitor has an agent", func() bool {
		n := 0
		for _, a := range w.Agents {
			n += len(a.Mine())
		}
		return n >= o.Visitors || o.Agents == 0
	})
	return w
}

// within waits until something is so.
func within(t *testing.T, limit time.Duration, what string, so func() bool) time.Duration {
	t.Helper()
	began := time.Now()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !so() {
		select {
		case <-ctx.Done():
			require.Fail(t, fmt.Sprintf("within %s: %s", limit, what))
		case <-tick.C:
		}
	}
	return time.Since(began)
}

// rest lets things go on for a while.
func rest(t *testing.T, d time.Duration) {
	t.Helper()
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-t.Context().Done():
	}
}

// settle ends a crowd and fails the test on any difference between its ledger and the database.
func settle(t *testing.T, name string, w *faults.Crowd) {
	t.Helper()
	problems, err := w.Settle(t.Context())
	require.NoError(t, err)
	sent, acked := w.Ledger.Count()
	shared.report.Count(name, "messages sent", sent, "")
	shared.report.Count(name, "messages acknowledged", acked, "all")
	shared.report.Count(name, "differences between ledger and database", len(problems), "0")
	require.Empty(t, problems, strings.Join(problems, "\n"))
	require.Positive(t, acked)
}

// random is seeded anew in every run; the seed stands in the log of a failure.
func random(t *testing.T) *rand.Rand {
	t.Helper()
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	return rand.New(rand.NewPCG(seed, 0))
}

// soon is how long to wait between two faults.
func soon(r *rand.Rand, most time.Duration) time.Duration {
	return time.Duration(r.Int64N(int64(most)))
}

// live runs a client until the test ends.
func live(t *testing.T, run func(context.Context) error) {
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := run(ctx); ctx.Err() == nil {
			t.Errorf("a client gave up: %v", err)
		}
	}()
	t.Cleanup(func() {
		cancel()
		<-done
	})
}

// fromAnywhere dials from a random loopback address: the server limits sessions by address.
func fromAnywhere(ctx context.Context, network, address string) (net.Conn, error) {
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 2, byte(rand.IntN(256)), byte(1+rand.IntN(254)))}}
	return d.DialContext(ctx, network, address)
}

package postgres

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	"handrail/internal/errs"
)

// server is a running postmaster, a child of this process.
type server struct {
	cmd    *exec.Cmd
	port   int
	exited chan struct{} // closed when the process has ended
}

// start brings the server up on port, or on a random free one if port is 0. The caller holds the lock.
func (c *cluster) start(ctx context.Context, port int) (*server, error) {
	if err := c.initialise(ctx); err != nil {
		return nil, err
	}
	if err := c.stopOrphan(ctx); err != nil {
		return nil, err
	}
	var err error
	// Another process may take the port before PostgreSQL does, and the children of a killed postmaster may need a moment
	// to notice: both pass by themselves.
	for range 10 {
		var s *server
		if s, err = c.launch(ctx, port); err == nil {
			return s, nil
		}
		if !strings.Contains(err.Error(), "TCP/IP sockets") && !strings.Contains(err.Error(), "shared memory block") {
			break
		}
		if pause(ctx, 300*time.Millisecond) != nil {
			break
		}
	}
	return nil, errs.Wrap(err, errs.Unavailable, "PostgreSQL does not start: see %s", c.logFile())
}

// launch runs postgres once and waits until it is ready.
func (c *cluster) launch(ctx context.Context, port int) (*server, error) {
	if port == 0 {
		var err error
		if port, err = freePort(); err != nil {
			return nil, err
		}
	}
	out, err := c.openLog()
	if err != nil {
		return nil, err
	}
	defer out.Close()
	from, err := out.Seek(0, 2)
	if err != nil {
		return nil, err
	}
	s := &server{cmd: exec.Command(c.bin.path("postgres"), c.arguments(port)...), port: port, exited: make(chan struct{})}
	s.cmd.Stdout, s.cmd.Stderr = out, out
	c.prepare(s.cmd)
	if err := s.run(); err != nil {
		return nil, err
	}
	if err := s.await(ctx, c); err != nil {
		return nil, fmt.Errorf("%w\n%s", errors.Join(err, s.stop()), c.logSince(from))
	}
	return s, nil
}

// arguments are modest in memory, and leave the cluster's own files untouched. There is no Unix socket: its path could
// be too long, and every client here uses TCP. The time zone is the one that PostgreSQL knows without the system's
// tables.
func (c *cluster) arguments(port int) []string {
	args := []string{"-D", c.data(), "-p", strconv.Itoa(port)}
	settings := []string{
		"listen_addresses=127.0.0.1", "unix_socket_directories=", "max_connections=100", "shared_buffers=128MB",
		"jit=off", "timezone=GMT", "log_timezone=GMT", "log_checkpoints=off", "cluster_name=handrail",
		"password_encryption=scram-sha-256",
	}
	if !c.bin.vectorAtLeast(0, 8, 2) {
		// CVE-2026-3172: parallel HNSW builds of older versions may write out of bounds.
		settings = append(settings, "max_parallel_maintenance_workers=0")
	}
	if c.unsafe {
		settings = append(settings, "fsync=off", "full_page_writes=off", "synchronous_commit=off")
	}
	for _, s := range settings {
		args = append(args, "-c", s)
	}
	return args
}

// run starts the process and reaps it.
func (s *server) run() error {
	started := make(chan error)
	go func() {
		// The death signal follows the thread that forked, so this goroutine keeps its thread as long as the child lives.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		defer close(s.exited)
		err := s.cmd.Start()
		started <- err
		if err == nil {
			_ = s.cmd.Wait()
		}
	}()
	return <-started
}

func (s *server) alive() bool {
	select {
	case <-s.exited:
		return false
	default:
		return true
	}
}

// await returns when the postmaster says that it is ready. The process number in postmaster.pid proves that the listener
// on the port is this child and no other program.
func (s *server) await(ctx context.Context, c *cluster) error {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-s.exited:
			return errors.New("postgres ended at once")
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-tick.C:
			pm, err := c.postmaster()
			if err == nil && pm.ready && pm.pid == s.cmd.Process.Pid && pm.port == s.port {
				return nil
			}
		}
	}
}

// stop asks for a fast shutdown, then for an immediate one, then kills.
func (s *server) stop() error {
	for _, step := range []struct {
		signal syscall.Signal
		wait   time.Duration
	}{{syscall.SIGINT, 30 * time.Second}, {syscall.SIGQUIT, 5 * time.Second}, {syscall.SIGKILL, 5 * time.Second}} {
		if !s.alive() {
			return nil
		}
		_ = s.cmd.Process.Signal(step.signal)
		select {
		case <-s.exited:
			return nil
		case <-time.After(step.wait):
		}
	}
	return fmt.Errorf("postgres (process %d) does not end", s.cmd.Process.Pid)
}

// postmaster is what postmaster.pid says about the running server.
type postmaster struct {
	pid, port int
	ready     bool
}

func (c *cluster) postmaster() (postmaster, error) {
	b, err := os.ReadFile(c.pidFile())
	if err != nil {
		return postmaster{}, err
	}
	// Lines: process, data folder, start time, port, socket folder, address, shared memory, status.
	lines := strings.Split(string(b), "\n")
	var pm postmaster
	if pm.pid, err = strconv.Atoi(strings.TrimSpace(lines[0])); err != nil {
		return postmaster{}, fmt.Errorf("%s: %w", c.pidFile(), err)
	}
	if len(lines) >= 8 {
		pm.port, _ = strconv.Atoi(strings.TrimSpace(lines[3]))
		pm.ready = strings.TrimSpace(lines[7]) == "ready"
	}
	return pm, nil
}

func (c *cluster) pidFile() string { return filepath.Join(c.data(), "postmaster.pid") }

// stopOrphan ends the server of an owner that died without stopping it. The lock says that no owner is alive.
func (c *cluster) stopOrphan(ctx context.Context) error {
	pm, err := c.postmaster()
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if !runs(pm.pid, c.data()) {
		// PostgreSQL would refuse to start if an unrelated process had got the number in the meantime.
		return os.Remove(c.pidFile())
	}
	c.log.Info("stopping the database server that a killed process left behind", "pid", pm.pid)
	for _, signal := range []syscall.Signal{syscall.SIGINT, syscall.SIGQUIT} {
		if err := syscall.Kill(pm.pid, signal); err != nil && !errors.Is(err, syscall.ESRCH) {
			return errs.Wrap(err, errs.Unavailable, "cannot stop the database server (process %d) left in %s", pm.pid, c.dir)
		}
		for range 500 {
			if !runs(pm.pid, c.data()) {
				return nil
			}
			if err := pause(ctx, 10*time.Millisecond); err != nil {
				return err
			}
		}
	}
	return errs.New(errs.Unavailable, "the database server (process %d) left in %s does not end: stop it by hand",
		pm.pid, c.dir)
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

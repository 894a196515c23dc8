package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// process is a server under load, a child of this one.
type process struct {
	cmd    *exec.Cmd
	addr   string // host:port it listens on
	exited chan error
}

// spawn starts a program and returns when it prints that it is "ready on http://host:port".
func spawn(ctx context.Context, env []string, program string, args ...string) (*process, error) {
	p := &process{cmd: exec.Command(program, args...), exited: make(chan error, 1)}
	p.cmd.Env = append(os.Environ(), env...)
	p.cmd.Stderr = os.Stderr
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // an interrupt is passed on in order, by stop
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", program, err)
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if _, rest, ok := strings.Cut(lines.Text(), "ready on http://"); ok {
			p.addr, _, _ = strings.Cut(rest, " ")
			go func() {
				_, _ = io.Copy(io.Discard, out)
				p.exited <- p.cmd.Wait()
			}()
			return p, ctx.Err()
		}
	}
	return nil, errors.Join(fmt.Errorf("%s ended before it was ready", filepath.Base(program)), p.cmd.Wait())
}

// stop asks the process to end and waits; after ten seconds it kills it.
func (p *process) stop() {
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.exited:
	case <-time.After(10 * time.Second):
		_ = p.cmd.Process.Kill()
		<-p.exited
	}
}

func (p *process) pid() int { return p.cmd.Process.Pid }

// cpu is the processor time that the process has used.
func (p *process) cpu() time.Duration {
	_, own, _ := stat(p.pid())
	return own
}

// ticksPerSecond is USER_HZ, which is 100 on every platform that Go supports.
const ticksPerSecond = 100

// stat returns the parent of a process, the processor time it has used, and that of its children that have ended.
func stat(pid int) (parent int, own, children time.Duration) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, 0, 0
	}
	// The second field is the name in brackets, which may hold anything.
	fields := strings.Fields(string(b[strings.LastIndexByte(string(b), ')')+1:]))
	number := func(i int) time.Duration {
		n, _ := strconv.Atoi(fields[i])
		return time.Duration(n) * time.Second / ticksPerSecond
	}
	parent, _ = strconv.Atoi(fields[1])
	return parent, number(11) + number(12), number(13) + number(14)
}

// familyCPU is the processor time of a process and all its children, also those that have ended.
func familyCPU(pid int) time.Duration {
	_, own, ended := stat(pid)
	total := own + ended
	names, _ := filepath.Glob("/proc/[0-9]*")
	for _, name := range names {
		child, _ := strconv.Atoi(filepath.Base(name))
		if parent, used, _ := stat(child); parent == pid {
			total += used
		}
	}
	return total
}

// memory is the resident set of a process in bytes.
func memory(pid int) int64 {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(b), "VmRSS:")
	rest, _, _ = strings.Cut(rest, "kB")
	n, _ := strconv.ParseInt(strings.TrimSpace(rest), 10, 64)
	return n << 10
}

// raiseFileLimit lets this process and its children have as many descriptors as the system allows.
func raiseFileLimit() error {
	var l syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &l); err != nil {
		return err
	}
	l.Cur = l.Max
	return syscall.Setrlimit(syscall.RLIMIT_NOFILE, &l)
}

package sandbox

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"handrail/internal/errs"
)

// Worker is a child that answers one call after another. It is not safe for concurrent use.
type Worker struct {
	cmd    *exec.Cmd
	in     io.WriteCloser
	out    *bufio.Reader
	stderr *head
	limits Limits
	buf    []byte
	why    atomic.Value // the Cause for which the parent has killed it
}

// head keeps the beginning of what is written to it.
type head struct {
	mu sync.Mutex
	b  []byte
}

func (h *head) Write(p []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.b = append(h.b, p[:min(len(p), maxStderr-len(h.b))]...)
	return len(p), nil
}

func (h *head) String() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return string(h.b)
}

// Start starts a child of this binary with the arguments args, by which its main knows that it is to call [Serve]. The
// error is of kind Unavailable and says what the operating system refuses.
func Start(args []string, l Limits) (*Worker, error) {
	w := &Worker{limits: l, stderr: &head{}}
	name := executable
	if name == "" {
		var err error
		if name, err = os.Executable(); err != nil {
			return nil, startError(err)
		}
	}
	w.cmd = exec.Command(name, args...)
	w.cmd.Env, w.cmd.Dir, w.cmd.Stderr = []string{}, "/", w.stderr
	w.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // an interrupt from the terminal is for the parent
	in, err := w.cmd.StdinPipe()
	if err != nil {
		return nil, startError(err)
	}
	out, err := w.cmd.StdoutPipe()
	if err != nil {
		return nil, startError(err)
	}
	if err := w.cmd.Start(); err != nil {
		return nil, startError(err)
	}
	w.in, w.out = in, bufio.NewReaderSize(out, 64<<10)
	limits, err := json.Marshal(l)
	if err == nil {
		err = writeChunk(in, limits)
	}
	if err != nil {
		w.Close()
		return nil, startError(err)
	}
	return w, nil
}

func startError(err error) error {
	return errs.Wrap(err, errs.Unavailable, "the process that reads documents cannot be started (%v): allow this program "+
		"to start child processes, and see the operations guide on limits", err)
}

// Call sends a request and gives each frame of the answer to each, which may keep nothing of it. A frame that is one
// byte long tells that the child is alive and restarts the wall time. After any error the worker is of no more use and
// has ended; the error is a [*Breach], the error of each, or that of ctx.
func (w *Worker) Call(ctx context.Context, head, body []byte, each func(frame []byte) error) error {
	timer := time.AfterFunc(w.limits.Wall, func() { w.kill(Wall) })
	defer context.AfterFunc(ctx, func() { w.kill(Crash) })()
	sent := make(chan error, 1)
	go func() { // beside reading, because a child may answer before it has read all
		sent <- errors.Join(writeChunk(w.in, head), writeChunk(w.in, body))
	}()
	err := w.answer(each, timer)
	if !timer.Stop() {
		w.kill(Wall) // also where the answer came in the same moment: the child is ending
	}
	if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF { // at its end it has ended by itself
		w.kill(Crash)
	}
	if err != nil { // a child that has closed its output must not live on
		defer time.AfterFunc(5*time.Second, func() { _ = w.cmd.Process.Kill() }).Stop()
	}
	if sendErr := <-sent; err == nil {
		err = sendErr
	}
	if err == nil {
		return nil
	}
	status := w.wait()
	var own *handleError
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.As(err, &own):
		return own.err
	}
	if status.ExitCode() == exitConfine {
		return startError(errors.New(strings.TrimSpace(w.stderr.String())))
	}
	return w.breach(status, err)
}

// Usable reports whether another call can be made.
func (w *Worker) Usable() bool { return w.why.Load() == nil }

// handleError is an error of the caller's own function.
type handleError struct{ err error }

func (e *handleError) Error() string { return e.err.Error() }

// answer reads frames until the empty one.
func (w *Worker) answer(each func([]byte) error, timer *time.Timer) error {
	var total int64
	for {
		frame, err := readChunk(w.out, w.buf, maxFrame)
		if err != nil {
			return err
		}
		if cap(frame) <= 1<<20 {
			w.buf = frame
		}
		if len(frame) == 0 {
			return nil
		}
		if len(frame) == 1 {
			timer.Reset(w.limits.Wall)
			continue
		}
		if total += int64(len(frame)); total > w.limits.Output {
			w.kill(Output)
			return errors.New("more output than allowed")
		}
		if err := each(frame); err != nil {
			return &handleError{err}
		}
	}
}

// kill ends the child for the first cause it is called with.
func (w *Worker) kill(c Cause) {
	w.why.CompareAndSwap(nil, c)
	_ = w.cmd.Process.Kill() // it may have ended already
}

// wait returns how the child ended.
func (w *Worker) wait() *os.ProcessState {
	_ = w.cmd.Wait() // the state says it all
	return w.cmd.ProcessState
}

// breach names the limit at which the child ended. A child that breaks off without the parent killing it is judged by
// its status and its last words.
func (w *Worker) breach(s *os.ProcessState, err error) *Breach {
	said := w.stderr.String()
	detail := fmt.Sprintf("%v; %v; %s", s, err, said)
	if c, ok := w.why.Load().(Cause); ok && c != Crash {
		return &Breach{c, detail}
	}
	if status, _ := s.Sys().(syscall.WaitStatus); status.Signaled() && status.Signal() == syscall.SIGKILL && w.why.Load() == nil {
		return &Breach{Memory, detail} // nobody but the system kills in this way, when its memory runs short
	}
	return &Breach{causeOf(s, said), detail}
}

func causeOf(s *os.ProcessState, said string) Cause {
	status, _ := s.Sys().(syscall.WaitStatus)
	switch {
	case s.ExitCode() == exitCPU, status.Signaled() && status.Signal() == syscall.SIGXCPU:
		return CPU
	case strings.Contains(said, "stack exceeds"), strings.Contains(said, "stack overflow"):
		return Depth
	case strings.Contains(said, "out of memory"), strings.Contains(said, "cannot allocate"),
		strings.Contains(said, "cannot map"), strings.Contains(said, "std::bad_alloc"), strings.Contains(said, "failed to allocate"),
		strings.HasPrefix(said, "SIGSEGV"): // how the runtime of Go ends where it cannot get memory for its own tables
		return Memory
	}
	return Crash
}

// Close ends the child. It returns when it is gone.
func (w *Worker) Close() {
	w.in.Close()
	w.kill(Crash)
	w.wait()
}

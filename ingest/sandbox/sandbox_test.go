package sandbox_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"handrail/ingest/sandbox"
)

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "child" {
		os.Exit(sandbox.Serve(os.Args[2:], misbehave))
	}
	if len(os.Args) == 4 && os.Args[1] == "program" {
		fmt.Print(programAttempts(os.Args[2], os.Args[3]))
		os.Exit(0)
	}
	goleak.VerifyTestMain(m)
}

// misbehave does what the head names.
func misbehave(head, body []byte, r *sandbox.Reply) error {
	switch string(head) {
	case "echo":
		return r.Send(append([]byte("echo "), body...))
	case "memory":
		var all [][]byte
		for range 256 {
			b := bytes.Repeat([]byte{1}, 16<<20)
			all = append(all, b)
		}
		return r.Send(fmt.Appendf(nil, "had %d", len(all)))
	case "spin":
		for i := 0; ; i++ {
			if i < 0 {
				return nil
			}
		}
	case "sleep":
		select {}
	case "recurse":
		return r.Send(fmt.Appendf(nil, "depth %d", recurse(1)))
	case "flood":
		for {
			if err := r.Send(make([]byte, 1<<20)); err != nil {
				return err
			}
		}
	case "exit":
		os.Exit(3)
	}
	return r.Send([]byte(strings.Join(attempts(), "; ")))
}

func recurse(n int) int {
	var pad [1 << 10]byte
	pad[n%len(pad)] = 1
	return recurse(n+1) + int(pad[(n+1)%len(pad)])
}

// attempts returns what a child managed to do that it must not.
func attempts() []string {
	var done []string
	if c, err := net.Dial("udp", "127.0.0.1:9"); err == nil {
		c.Close()
		done = append(done, "opened a socket")
	}
	if l, err := net.Listen("tcp", "127.0.0.1:0"); err == nil {
		l.Close()
		done = append(done, "listened")
	}
	if _, err := os.ReadFile("/etc/passwd"); err == nil {
		done = append(done, "read a file")
	}
	if err := os.WriteFile("/tmp/handrail-sandbox-test", nil, 0o600); err == nil {
		done = append(done, "wrote a file")
	}
	if err := exec.Command("/bin/true").Run(); err == nil {
		done = append(done, "ran a program")
	}
	if len(os.Environ()) > 0 {
		done = append(done, "has an environment")
	}
	return append(done, "end")
}

func limits() sandbox.Limits {
	return sandbox.Limits{Memory: 128 << 20, CPU: time.Second, Wall: time.Minute, Output: 8 << 20}
}

func start(t *testing.T, l sandbox.Limits) *sandbox.Worker {
	t.Helper()
	w, err := sandbox.Start([]string{"child"}, l)
	require.NoError(t, err)
	t.Cleanup(w.Close)
	return w
}

// call returns the frames of one call.
func call(t *testing.T, w *sandbox.Worker, head string, body []byte) (string, error) {
	t.Helper()
	var out strings.Builder
	err := w.Call(t.Context(), []byte(head), body, func(frame []byte) error {
		out.Write(frame)
		return nil
	})
	return out.String(), err
}

func TestAWorkerAnswersManyCalls(t *testing.T) {
	t.Parallel()
	w := start(t, limits())
	for i := range 100 {
		body := bytes.Repeat([]byte{'x'}, i*1000)
		got, err := call(t, w, "echo", body)
		require.NoError(t, err)
		require.Equal(t, "echo "+string(body), got)
	}
}

func TestABreachIsNamed(t *testing.T) {
	t.Parallel()
	for head, want := range map[string]sandbox.Cause{
		"memory": sandbox.Memory, "spin": sandbox.CPU, "recurse": sandbox.Depth, "flood": sandbox.Output,
		"exit": sandbox.Crash, "sleep": sandbox.Wall,
	} {
		t.Run(head, func(t *testing.T) {
			t.Parallel()
			l := limits()
			if head == "sleep" {
				l.Wall = 200 * time.Millisecond
			}
			_, err := call(t, start(t, l), head, nil)
			var b *sandbox.Breach
			require.ErrorAs(t, err, &b)
			require.Equal(t, want, b.Cause, b.Detail)
		})
	}
}

func TestAChildReachesNothing(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("only Linux has filters of system calls")
	}
	got, err := call(t, start(t, limits()), "attempts", nil)
	require.NoError(t, err)
	require.Equal(t, "end", got)
}

func TestACallEndsWithItsContext(t *testing.T) {
	t.Parallel()
	w := start(t, limits())
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err := w.Call(ctx, []byte("sleep"), nil, func([]byte) error { return nil })
	require.ErrorIs(t, err, context.Canceled)
}

func TestTheErrorOfTheCallerComesBack(t *testing.T) {
	t.Parallel()
	mine := errors.New("mine")
	err := start(t, limits()).Call(t.Context(), []byte("echo"), []byte("x"), func([]byte) error { return mine })
	require.ErrorIs(t, err, mine)
}

func TestPipe(t *testing.T) {
	t.Parallel()
	out, ok, err := sandbox.Pipe(t.Context(), []string{"child"}, []string{"/bin/cat"}, limits(), bytes.Repeat([]byte("ab"), 1<<20))
	require.NoError(t, err)
	require.True(t, ok)
	require.Len(t, out, 2<<20)
	_, ok, err = sandbox.Pipe(t.Context(), []string{"child"}, []string{"/bin/false"}, limits(), nil)
	require.NoError(t, err)
	require.False(t, ok)
	l := limits()
	l.Wall = 200 * time.Millisecond
	_, _, err = sandbox.Pipe(t.Context(), []string{"child"}, []string{"/bin/sleep", "60"}, l, nil)
	var b *sandbox.Breach
	require.ErrorAs(t, err, &b)
	require.Equal(t, sandbox.Wall, b.Cause)
}

package sandbox

import (
	"context"
	"io"
	"time"
)

// Pipe runs a program over input under the limits, and returns its output. args are those of [Start]; program holds the
// path of the program and its arguments. ok is false if it exits with another status than 0 without a breach.
func Pipe(ctx context.Context, args, program []string, l Limits, input []byte) (output []byte, ok bool, err error) {
	w, err := Start(append(append([]string{}, args...), program...), l)
	if err != nil {
		return nil, false, err
	}
	timer := time.AfterFunc(l.Wall, func() { w.kill(Wall) })
	defer timer.Stop()
	defer context.AfterFunc(ctx, func() { w.kill(Crash) })()
	sent := make(chan struct{})
	go func() {
		defer close(sent)
		_, _ = w.in.Write(input) // a program that reads no more has its reasons
		w.in.Close()
	}()
	output, err = io.ReadAll(io.LimitReader(w.out, l.Output+1))
	if int64(len(output)) > l.Output {
		w.kill(Output)
	}
	<-sent
	status := w.wait()
	if ctx.Err() != nil {
		return nil, false, ctx.Err()
	}
	if b := w.breach(status, err); !status.Success() && (b.Cause != Crash || status.ExitCode() < 0) {
		return nil, false, b
	}
	return output, status.Success() && err == nil, nil
}

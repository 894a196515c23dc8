package sandbox

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"syscall"
)

// Handler does the work of one call. It must keep nothing of body, which the next call overwrites.
type Handler func(head, body []byte, r *Reply) error

// Reply is the way back to the parent.
type Reply struct {
	out    *bufio.Writer
	limits Limits
}

// Send gives the parent one frame, of two bytes at least.
func (r *Reply) Send(frame []byte) error {
	if err := writeChunk(r.out, frame); err != nil {
		return err
	}
	return r.out.Flush()
}

// Alive gives a call the full time again, for the next of several parts that it consists of.
func (r *Reply) Alive() error {
	if err := limitCPU(r.limits.CPU); err != nil {
		return err
	}
	return r.Send([]byte{0})
}

// Serve answers the calls of the parent on the standard streams until they end, and returns the status to exit with.
// It confines the process for good, so that it must be called first in main and nothing may follow it.
func Serve(args []string, handle Handler) int {
	head, err := readChunk(os.Stdin, nil, maxHead) // without a buffer, which would take what is meant for a program
	if err != nil {
		return exitConfine
	}
	var l Limits
	if err := json.Unmarshal(head, &l); err != nil {
		return exitConfine
	}
	if len(args) > 0 {
		return run(args, l)
	}
	cpu, err := begin(l)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return exitConfine
	}
	go func() {
		<-cpu
		os.Exit(exitCPU)
	}()
	r := &Reply{bufio.NewWriterSize(os.Stdout, 64<<10), l}
	if err := serve(bufio.NewReaderSize(os.Stdin, 64<<10), r, handle); err != nil && err != io.EOF {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// begin gives up what the work does not need. The channel hears when the processor time is over.
func begin(l Limits) (<-chan os.Signal, error) {
	runtime.GOMAXPROCS(2)   // one for the work, one for the collector
	debug.SetGCPercent(400) // little lives from file to file, so that the usual 100 collects a small heap all the time
	debug.SetMemoryLimit(l.Memory * 3 / 4)
	debug.SetMaxStack(int(min(64<<20, l.Memory/4)))
	cpu := make(chan os.Signal, 1)
	signal.Notify(cpu, syscall.SIGXCPU)
	if err := limitMemory(l.Memory); err != nil {
		return nil, fmt.Errorf("limit the memory: %w", err)
	}
	if err := confine(); err != nil {
		return nil, fmt.Errorf("filter system calls: %w", err)
	}
	return cpu, nil
}

func serve(in io.Reader, r *Reply, handle Handler) error {
	var body []byte
	for {
		head, err := readChunk(in, nil, maxHead)
		if err != nil {
			return err
		}
		if body, err = readChunk(in, body, r.limits.Memory/2); err != nil {
			return err
		}
		if err := limitCPU(r.limits.CPU); err != nil {
			return err
		}
		if err := handle(head, body, r); err != nil {
			return err
		}
		if err := r.Send(nil); err != nil {
			return err
		}
		if cap(body) > 4<<20 {
			body = nil
		}
	}
}

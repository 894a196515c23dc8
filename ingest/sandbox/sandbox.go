// Package sandbox runs code over what strangers wrote in child processes of the same binary.
//
//	parent                                   child (the same binary, started with hidden arguments)
//	Start ── limits ───────────────────────> Serve: limit memory, drop the network, files and programs
//	Call  ── head, body ───────────────────> handle
//	      <── frame, frame, ..., empty ──────
//	Close, or a breach of a limit: kill
//
// Guarantees:
//
//   - A child that uses more memory, processor time, wall time or output than [Limits] ends, and Call returns a [*Breach]
//     that says which. The parent holds one frame at a time, of at most [maxFrame] bytes.
//   - On Linux (amd64 and arm64) a filter of system calls, which nothing can lift again, leaves a child the calls that
//     computing takes: it opens no file and no socket, and starts no program. Where the kernel refuses the filter, the
//     child does not start. On other systems there is no such filter: there the limits of time and output hold, memory
//     has the soft limit of the runtime of Go only, and the child gets an empty environment.
//   - A program from outside, such as pdftotext, runs under the same limits. On Linux it may open files to read, and execute
//     another program in its own place; it changes no file, opens no socket, and starts, signals and limits no process.
//   - A child ends with its parent, because its input ends, or at its processor time at the latest.
package sandbox

import (
	"fmt"
	"time"
)

// Limits of one child. Memory is counted on top of what the program itself takes; the others count per call.
type Limits struct {
	Memory int64         // bytes
	CPU    time.Duration // rounded up to seconds
	Wall   time.Duration // for one call, or since its last Alive
	Output int64         // bytes of all frames of one call
}

// Cause says which limit a child has breached.
type Cause string

// The causes of a breach.
const (
	Memory Cause = "memory"
	CPU    Cause = "processor time"
	Wall   Cause = "time"
	Output Cause = "output"
	Depth  Cause = "depth" // of recursion
	Crash  Cause = "crash" // it ended for another reason
)

// Breach is how a child ended that did not finish a call.
type Breach struct {
	Cause  Cause
	Detail string // the beginning of what it wrote to its standard error, for operators
}

// Error returns the cause with its detail.
func (b *Breach) Error() string {
	return fmt.Sprintf("the child process ended (%s): %s", b.Cause, b.Detail)
}

// Sizes of the protocol.
const (
	maxFrame  = 4 << 20
	maxHead   = 1 << 20
	maxStderr = 4 << 10
)

// Exit statuses of a child, beyond those that the runtime of Go uses.
const (
	exitCPU     = 97
	exitConfine = 98
)

//go:build unix

package sandbox

import (
	"syscall"
	"time"
)

// limitCPU lets the process work for d from now on. Only the soft limit is set, because nobody may raise a hard one.
func limitCPU(d time.Duration) error {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		return err
	}
	var l syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_CPU, &l); err != nil {
		return err
	}
	spent := time.Duration(used.Utime.Nano() + used.Stime.Nano())
	l.Cur = min(uint64((spent+d+time.Second-1)/time.Second), l.Max)
	return syscall.Setrlimit(syscall.RLIMIT_CPU, &l)
}

// cap0 lowers both limits of a resource to n, as far as they are not lower already.
func cap0(resource int, n uint64) error {
	var l syscall.Rlimit
	if err := syscall.Getrlimit(resource, &l); err != nil {
		return err
	}
	l.Cur, l.Max = min(l.Cur, n), min(l.Max, n)
	return syscall.Setrlimit(resource, &l)
}

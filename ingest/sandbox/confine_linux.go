//go:build linux && (amd64 || arm64)

package sandbox

import (
	"fmt"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// executable is this program, also where its file has been replaced since it started.
const executable = "/proc/self/exe"

// limitMemory bounds the private memory that may be written, beyond what the process has now. The address space is no
// measure, because the runtime of Go reserves far more of it than it uses. It must be called before confine.
func limitMemory(n int64) error {
	if err := cap0(syscall.RLIMIT_CORE, 0); err != nil {
		return err
	}
	if err := cap0(syscall.RLIMIT_FSIZE, 0); err != nil {
		return err
	}
	now, err := data()
	if err != nil {
		return err
	}
	// The runtime takes its heap in areas of 64 MB, of which the last one may hardly be used.
	return cap0(unix.RLIMIT_DATA, uint64(now+shadow*n+128<<20))
}

// data returns the bytes of private memory that may be written.
func data() (int64, error) {
	b, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0, err
	}
	var size, resident, shared, text, lib, pages int64
	if _, err := fmt.Sscan(string(b), &size, &resident, &shared, &text, &lib, &pages); err != nil {
		return 0, err
	}
	return pages * int64(os.Getpagesize()), nil
}

// confine leaves all threads of the process the system calls of pure computing. Whatever is not listed fails with EPERM,
// so that a call that a later kernel brings is refused too.
func confine() error { return install(allowOnly(computing)) }

// confineProgram keeps the network, other processes and the kernel away from a program that is about to be executed.
func confineProgram() error { return install(refuse(outside)) }

// computing lists what the runtime of Go calls once it has started.
var computing = []uint32{
	unix.SYS_READ, unix.SYS_WRITE, unix.SYS_READV, unix.SYS_WRITEV, unix.SYS_CLOSE, unix.SYS_FSTAT, unix.SYS_FCNTL,
	unix.SYS_MMAP, unix.SYS_MUNMAP, unix.SYS_MPROTECT, unix.SYS_MADVISE, unix.SYS_MREMAP, unix.SYS_MINCORE, unix.SYS_BRK,
	unix.SYS_FUTEX, unix.SYS_NANOSLEEP, unix.SYS_CLOCK_NANOSLEEP, unix.SYS_CLOCK_GETTIME, unix.SYS_GETTIMEOFDAY,
	unix.SYS_SCHED_YIELD, unix.SYS_SCHED_GETAFFINITY, unix.SYS_GETPID, unix.SYS_GETTID, unix.SYS_TGKILL,
	unix.SYS_RT_SIGACTION, unix.SYS_RT_SIGPROCMASK, unix.SYS_RT_SIGRETURN, unix.SYS_SIGALTSTACK, unix.SYS_RESTART_SYSCALL,
	unix.SYS_EXIT, unix.SYS_EXIT_GROUP, unix.SYS_GETRANDOM, unix.SYS_GETRUSAGE, unix.SYS_PRLIMIT64, unix.SYS_GETRLIMIT,
	unix.SYS_SETRLIMIT, unix.SYS_EPOLL_CREATE1, unix.SYS_EPOLL_CTL, unix.SYS_EPOLL_PWAIT, unix.SYS_EVENTFD2,
	unix.SYS_SETITIMER, unix.SYS_TIMER_CREATE, unix.SYS_TIMER_SETTIME, unix.SYS_TIMER_DELETE, unix.SYS_SET_ROBUST_LIST,
	unix.SYS_RSEQ,
}

// outside lists what reaches beyond the process and its files.
var outside = []uint32{
	unix.SYS_SOCKET, unix.SYS_SOCKETPAIR, unix.SYS_CONNECT, unix.SYS_BIND, unix.SYS_LISTEN, unix.SYS_ACCEPT, unix.SYS_ACCEPT4,
	unix.SYS_SENDTO, unix.SYS_SENDMSG, unix.SYS_SENDMMSG, unix.SYS_RECVFROM, unix.SYS_RECVMSG, unix.SYS_RECVMMSG,
	unix.SYS_IO_URING_SETUP, unix.SYS_PTRACE, unix.SYS_PROCESS_VM_READV, unix.SYS_PROCESS_VM_WRITEV, unix.SYS_PIDFD_OPEN,
	unix.SYS_KILL, unix.SYS_BPF, unix.SYS_PERF_EVENT_OPEN, unix.SYS_UNSHARE, unix.SYS_SETNS, unix.SYS_MOUNT, unix.SYS_KEYCTL,
	unix.SYS_ADD_KEY, unix.SYS_UNLINKAT, unix.SYS_RENAMEAT2, unix.SYS_LINKAT, unix.SYS_SYMLINKAT, unix.SYS_MKDIRAT,
	unix.SYS_FCHMODAT, unix.SYS_FCHOWNAT, unix.SYS_TRUNCATE,
}

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
func confine() error {
	p := append(prologue(), noClone3()...)
	for _, c := range computing {
		p = append(p, when(c, verdict(unix.SECCOMP_RET_ALLOW))...)
	}
	p = append(p, threads()...)
	p = append(p, itself(unix.SYS_TGKILL, os.Getpid())...)
	p = append(p, itself(unix.SYS_PRLIMIT64, 0)...) // 0 is the process itself
	return install(append(p, fail(unix.EPERM)))
}

// confineProgram takes from a program that is about to be executed, and from whatever it executes in its place, the
// network, other processes, new processes, the kernel, and every change to files. What stays is to read the files that the
// user of this process may read, and to execute another program instead of itself, which is then under the same filter and
// limits: the filter has to let the very first execution pass and cannot tell a later one from it.
func confineProgram() error {
	p := append(prologue(), noClone3()...)
	for _, c := range append(append([]uint32{}, outside...), legacy...) {
		p = append(p, when(c, fail(unix.EPERM))...)
	}
	p = append(p, when(unix.SYS_OPENAT2, fail(unix.ENOSYS))...) // its flags are out of reach; libraries then use openat
	p = append(p, reading(unix.SYS_OPENAT, 2)...)
	p = append(p, openLegacy()...)
	p = append(p, threads()...)
	p = append(p, itself(unix.SYS_TGKILL, os.Getpid())...)
	p = append(p, limitsRead()...)
	return install(append(p, verdict(unix.SECCOMP_RET_ALLOW)))
}

// computing lists what the runtime of Go calls once it has started.
var computing = []uint32{
	unix.SYS_READ, unix.SYS_WRITE, unix.SYS_READV, unix.SYS_WRITEV, unix.SYS_CLOSE, unix.SYS_FSTAT, unix.SYS_FCNTL,
	unix.SYS_MMAP, unix.SYS_MUNMAP, unix.SYS_MPROTECT, unix.SYS_MADVISE, unix.SYS_MREMAP, unix.SYS_MINCORE, unix.SYS_BRK,
	unix.SYS_FUTEX, unix.SYS_NANOSLEEP, unix.SYS_CLOCK_NANOSLEEP, unix.SYS_CLOCK_GETTIME, unix.SYS_GETTIMEOFDAY,
	unix.SYS_SCHED_YIELD, unix.SYS_SCHED_GETAFFINITY, unix.SYS_GETPID, unix.SYS_GETTID,
	unix.SYS_RT_SIGACTION, unix.SYS_RT_SIGPROCMASK, unix.SYS_RT_SIGRETURN, unix.SYS_SIGALTSTACK, unix.SYS_RESTART_SYSCALL,
	unix.SYS_EXIT, unix.SYS_EXIT_GROUP, unix.SYS_GETRANDOM, unix.SYS_GETRUSAGE, unix.SYS_GETRLIMIT,
	unix.SYS_SETRLIMIT, unix.SYS_EPOLL_CREATE1, unix.SYS_EPOLL_CTL, unix.SYS_EPOLL_PWAIT, unix.SYS_EVENTFD2,
	unix.SYS_SETITIMER, unix.SYS_TIMER_CREATE, unix.SYS_TIMER_SETTIME, unix.SYS_TIMER_DELETE, unix.SYS_SET_ROBUST_LIST,
	unix.SYS_RSEQ,
}

// outside lists what reaches beyond the process, or changes files.
var outside = []uint32{
	unix.SYS_SOCKET, unix.SYS_SOCKETPAIR, unix.SYS_CONNECT, unix.SYS_BIND, unix.SYS_LISTEN, unix.SYS_ACCEPT, unix.SYS_ACCEPT4,
	unix.SYS_SENDTO, unix.SYS_SENDMSG, unix.SYS_SENDMMSG, unix.SYS_RECVFROM, unix.SYS_RECVMSG, unix.SYS_RECVMMSG,
	unix.SYS_IO_URING_SETUP, unix.SYS_IO_URING_ENTER, unix.SYS_IO_URING_REGISTER,

	unix.SYS_KILL, unix.SYS_TKILL, unix.SYS_RT_SIGQUEUEINFO, unix.SYS_RT_TGSIGQUEUEINFO, unix.SYS_PTRACE,
	unix.SYS_PROCESS_VM_READV, unix.SYS_PROCESS_VM_WRITEV, unix.SYS_PROCESS_MADVISE, unix.SYS_KCMP, unix.SYS_PIDFD_OPEN,
	unix.SYS_PIDFD_GETFD, unix.SYS_PIDFD_SEND_SIGNAL, unix.SYS_SETPRIORITY, unix.SYS_IOPRIO_SET, unix.SYS_SCHED_SETPARAM,
	unix.SYS_SCHED_SETSCHEDULER, unix.SYS_SCHED_SETATTR, unix.SYS_SCHED_SETAFFINITY, unix.SYS_MIGRATE_PAGES,
	unix.SYS_MOVE_PAGES, unix.SYS_SETRLIMIT, unix.SYS_SETPGID, unix.SYS_SETSID, unix.SYS_SHMGET, unix.SYS_SHMAT,
	unix.SYS_SHMCTL, unix.SYS_SEMGET, unix.SYS_SEMCTL, unix.SYS_SEMOP, unix.SYS_SEMTIMEDOP, unix.SYS_MSGGET, unix.SYS_MSGCTL,
	unix.SYS_MSGSND, unix.SYS_MSGRCV, unix.SYS_MQ_OPEN, unix.SYS_MQ_UNLINK,

	unix.SYS_EXECVEAT, unix.SYS_MEMFD_CREATE, unix.SYS_MEMFD_SECRET, unix.SYS_USERFAULTFD, unix.SYS_BPF,
	unix.SYS_PERF_EVENT_OPEN, unix.SYS_KEYCTL, unix.SYS_ADD_KEY, unix.SYS_REQUEST_KEY, unix.SYS_UNSHARE, unix.SYS_SETNS,
	unix.SYS_CHROOT, unix.SYS_PIVOT_ROOT, unix.SYS_MOUNT, unix.SYS_UMOUNT2, unix.SYS_MOVE_MOUNT, unix.SYS_OPEN_TREE,
	unix.SYS_MOUNT_SETATTR, unix.SYS_FSOPEN, unix.SYS_FSCONFIG, unix.SYS_FSMOUNT, unix.SYS_FSPICK, unix.SYS_SWAPON,
	unix.SYS_SWAPOFF, unix.SYS_REBOOT, unix.SYS_KEXEC_LOAD, unix.SYS_KEXEC_FILE_LOAD, unix.SYS_INIT_MODULE,
	unix.SYS_FINIT_MODULE, unix.SYS_DELETE_MODULE, unix.SYS_ACCT, unix.SYS_QUOTACTL, unix.SYS_SYSLOG, unix.SYS_SETHOSTNAME,
	unix.SYS_SETDOMAINNAME, unix.SYS_SETTIMEOFDAY, unix.SYS_CLOCK_SETTIME, unix.SYS_ADJTIMEX, unix.SYS_CLOCK_ADJTIME,

	unix.SYS_OPEN_BY_HANDLE_AT, unix.SYS_UNLINKAT, unix.SYS_RENAMEAT, unix.SYS_RENAMEAT2, unix.SYS_LINKAT, unix.SYS_SYMLINKAT,
	unix.SYS_MKDIRAT, unix.SYS_MKNODAT, unix.SYS_FCHMOD, unix.SYS_FCHMODAT, unix.SYS_FCHMODAT2, unix.SYS_FCHOWN,
	unix.SYS_FCHOWNAT, unix.SYS_TRUNCATE, unix.SYS_FTRUNCATE, unix.SYS_FALLOCATE, unix.SYS_UTIMENSAT, unix.SYS_SETXATTR,
	unix.SYS_LSETXATTR, unix.SYS_FSETXATTR, unix.SYS_REMOVEXATTR, unix.SYS_LREMOVEXATTR, unix.SYS_FREMOVEXATTR,
	unix.SYS_FANOTIFY_INIT,
}

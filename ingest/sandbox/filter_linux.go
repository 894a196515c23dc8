//go:build linux && (amd64 || arm64)

package sandbox

import (
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Offsets in struct seccomp_data.
const (
	offsetCall = 0
	offsetArch = 4
	offsetArgs = 16 // of 8 bytes each, the low half first on these machines
)

// The bit that marks the calls of x32 programs, which have the numbers of others.
const x32 = 0x40000000

func load(offset uint32) unix.SockFilter {
	return unix.SockFilter{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: offset}
}

func verdict(k uint32) unix.SockFilter { return unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: k} }

func fail(errno unix.Errno) unix.SockFilter {
	return verdict(unix.SECCOMP_RET_ERRNO | uint32(errno))
}

// prologue kills what uses the calls of another architecture, whose numbers the lists do not mean.
func prologue() []unix.SockFilter {
	arch := uint32(unix.AUDIT_ARCH_X86_64)
	if runtime.GOARCH == "arm64" {
		arch = unix.AUDIT_ARCH_AARCH64
	}
	return []unix.SockFilter{
		load(offsetArch),
		jump(unix.BPF_JEQ, arch, 1, 0),
		verdict(unix.SECCOMP_RET_KILL_PROCESS),
		load(offsetCall),
		jump(unix.BPF_JGE, x32, 0, 1),
		fail(unix.EPERM),
	}
}

// argument loads the low half of an argument, which is all that the kernel reads of flags and process ids.
func argument(n uint32) unix.SockFilter { return load(offsetArgs + 8*n) }

// when runs the body, which must end in a verdict, for one call, and skips it for the others.
func when(call uint32, body ...unix.SockFilter) []unix.SockFilter {
	return append([]unix.SockFilter{jump(unix.BPF_JEQ, call, 0, len(body))}, body...)
}

// jump skips yes instructions where the comparison with k holds, and no where it does not.
func jump(comparison uint16, k uint32, yes, no int) unix.SockFilter {
	return unix.SockFilter{Code: unix.BPF_JMP | comparison | unix.BPF_K, Jt: uint8(yes), Jf: uint8(no), K: k}
}

// noClone3 hides a call whose flags lie out of reach in memory. Libraries then use clone.
func noClone3() []unix.SockFilter { return when(unix.SYS_CLONE3, fail(unix.ENOSYS)) }

// threads lets a thread be started, and no process.
func threads() []unix.SockFilter {
	return when(unix.SYS_CLONE, argument(0), jump(unix.BPF_JSET, unix.CLONE_THREAD, 0, 1),
		verdict(unix.SECCOMP_RET_ALLOW), fail(unix.EPERM))
}

// itself lets a call pass whose first argument is this process.
func itself(call uint32, pid int) []unix.SockFilter {
	return when(call, argument(0), jump(unix.BPF_JEQ, uint32(pid), 0, 1), verdict(unix.SECCOMP_RET_ALLOW), fail(unix.EPERM))
}

// reading lets a call that opens a file pass without the flags, in the argument n, that could change anything.
func reading(call, n uint32) []unix.SockFilter {
	const changing = unix.O_WRONLY | unix.O_RDWR | unix.O_CREAT | unix.O_TRUNC | unix.O_APPEND
	return when(call, argument(n), jump(unix.BPF_JSET, changing, 0, 1), fail(unix.EPERM), verdict(unix.SECCOMP_RET_ALLOW))
}

// limitsRead lets a process read its own limits with prlimit64, the third argument of which would be new ones.
func limitsRead() []unix.SockFilter {
	return when(unix.SYS_PRLIMIT64, argument(0), jump(unix.BPF_JEQ, 0, 0, 5),
		argument(2), jump(unix.BPF_JEQ, 0, 0, 3),
		load(offsetArgs+8*2+4), jump(unix.BPF_JEQ, 0, 0, 1),
		verdict(unix.SECCOMP_RET_ALLOW), fail(unix.EPERM))
}

// install puts a filter on every thread of the process. Giving up new privileges is what allows an ordinary user to.
func install(p []unix.SockFilter) error {
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return err
	}
	program := unix.SockFprog{Len: uint16(len(p)), Filter: &p[0]}
	_, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, unix.SECCOMP_FILTER_FLAG_TSYNC,
		uintptr(unsafe.Pointer(&program)))
	if errno != 0 {
		return errno
	}
	return nil
}

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
	offsetArg0 = 16 // the low half, on machines that put it first
)

// The bit that marks the calls of x32 programs, which have the numbers of others.
const x32 = 0x40000000

func load(offset uint32) unix.SockFilter {
	return unix.SockFilter{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: offset}
}

// equal goes on where the loaded value is k, and skips one instruction where it is not.
func equal(k uint32) unix.SockFilter {
	return unix.SockFilter{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, Jf: 1, K: k}
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
		{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, Jt: 1, K: arch},
		verdict(unix.SECCOMP_RET_KILL_PROCESS),
		load(offsetCall),
		{Code: unix.BPF_JMP | unix.BPF_JGE | unix.BPF_K, Jf: 1, K: x32},
		fail(unix.EPERM),
	}
}

// allowOnly refuses every call that is not listed. A thread may be started, a process may not.
func allowOnly(calls []uint32) []unix.SockFilter {
	p := append(prologue(), equal(unix.SYS_CLONE3), fail(unix.ENOSYS)) // its flags are out of reach; libraries then use clone
	for _, c := range calls {
		p = append(p, equal(c), verdict(unix.SECCOMP_RET_ALLOW))
	}
	return append(p,
		unix.SockFilter{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, Jf: 3, K: unix.SYS_CLONE},
		load(offsetArg0),
		unix.SockFilter{Code: unix.BPF_JMP | unix.BPF_JSET | unix.BPF_K, Jf: 1, K: unix.CLONE_THREAD},
		verdict(unix.SECCOMP_RET_ALLOW),
		fail(unix.EPERM))
}

// refuse fails the calls that are listed.
func refuse(calls []uint32) []unix.SockFilter {
	p := prologue()
	for _, c := range calls {
		p = append(p, equal(c), fail(unix.EPERM))
	}
	return append(p, verdict(unix.SECCOMP_RET_ALLOW))
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

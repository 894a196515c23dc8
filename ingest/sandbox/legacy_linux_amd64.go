package sandbox

import "golang.org/x/sys/unix"

// legacy lists the calls of amd64 that later architectures have only in a form with a folder: see outside.
var legacy = []uint32{
	unix.SYS_FORK, unix.SYS_VFORK, unix.SYS_CREAT, unix.SYS_UNLINK, unix.SYS_RENAME, unix.SYS_LINK, unix.SYS_SYMLINK,
	unix.SYS_MKDIR, unix.SYS_RMDIR, unix.SYS_MKNOD, unix.SYS_CHMOD, unix.SYS_CHOWN, unix.SYS_LCHOWN, unix.SYS_UTIME,
	unix.SYS_UTIMES, unix.SYS_FUTIMESAT, unix.SYS_IOPL, unix.SYS_IOPERM,
}

// openLegacy lets open read only.
func openLegacy() []unix.SockFilter { return reading(unix.SYS_OPEN, 1) }

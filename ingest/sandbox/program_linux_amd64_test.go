package sandbox_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"
	"unsafe"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"handrail/ingest/sandbox"
)

// programAttempts returns what a program managed to do that it must not. The folder holds the file kept and the folder
// empty; the process of the given id belongs to the same user.
func programAttempts(dir, pid string) string {
	var done []string
	var alive []*byte // until the calls are over
	defer func() { runtime.KeepAlive(alive) }()
	at := func(name string) uintptr {
		b, _ := unix.BytePtrFromString(filepath.Join(dir, name))
		alive = append(alive, b)
		return uintptr(unsafe.Pointer(b))
	}
	try := func(what string, call uintptr, args ...uintptr) {
		args = append(args, 0, 0, 0, 0, 0, 0)
		if _, _, e := unix.RawSyscall6(call, args[0], args[1], args[2], args[3], args[4], args[5]); e == 0 {
			done = append(done, what)
		}
	}
	here := unix.AT_FDCWD
	cwd := uintptr(here)
	try("open to write", unix.SYS_OPEN, at("kept"), unix.O_WRONLY)
	try("open to truncate", unix.SYS_OPEN, at("kept"), unix.O_RDONLY|unix.O_TRUNC)
	try("open to create", unix.SYS_OPEN, at("new1"), unix.O_RDONLY|unix.O_CREAT, 0o600)
	try("openat to write", unix.SYS_OPENAT, cwd, at("kept"), unix.O_RDWR)
	try("openat to create", unix.SYS_OPENAT, cwd, at("new2"), unix.O_CREAT, 0o600)
	how := unix.OpenHow{Flags: unix.O_RDWR}
	try("openat2", unix.SYS_OPENAT2, cwd, at("kept"), uintptr(unsafe.Pointer(&how)), unsafe.Sizeof(how))
	try("creat", unix.SYS_CREAT, at("new3"), 0o600)
	try("chmod", unix.SYS_CHMOD, at("kept"), 0o777)
	try("mkdir", unix.SYS_MKDIR, at("new4"), 0o700)
	try("rmdir", unix.SYS_RMDIR, at("empty"))
	try("link", unix.SYS_LINK, at("kept"), at("new5"))
	try("symlink", unix.SYS_SYMLINK, at("kept"), at("new6"))
	try("rename", unix.SYS_RENAME, at("kept"), at("moved"))
	try("renameat", unix.SYS_RENAMEAT, cwd, at("kept"), cwd, at("moved"))
	try("truncate", unix.SYS_TRUNCATE, at("kept"), 0)
	try("utimes", unix.SYS_UTIMES, at("kept"), 0)
	try("unlink", unix.SYS_UNLINK, at("kept"))
	other, _ := strconv.Atoi(pid)
	try("tgkill", unix.SYS_TGKILL, uintptr(other), uintptr(other), 0)
	try("tkill", unix.SYS_TKILL, uintptr(other), 0)
	limit := unix.Rlimit{Cur: 1 << 20, Max: 1 << 20}
	try("prlimit64 of another", unix.SYS_PRLIMIT64, uintptr(other), unix.RLIMIT_CORE, 0, uintptr(unsafe.Pointer(&limit)))
	try("prlimit64", unix.SYS_PRLIMIT64, 0, unix.RLIMIT_MEMLOCK, uintptr(unsafe.Pointer(&limit)))
	try("setrlimit", unix.SYS_SETRLIMIT, unix.RLIMIT_MEMLOCK, uintptr(unsafe.Pointer(&limit)))
	try("memfd_create", unix.SYS_MEMFD_CREATE, at("kept"), 0)
	try("socket", unix.SYS_SOCKET, unix.AF_INET, unix.SOCK_DGRAM, 0)
	if exec.Command("/bin/true").Run() == nil {
		done = append(done, "start a program")
	}
	if _, err := os.ReadFile(filepath.Join(dir, "kept")); err == nil {
		done = append(done, "read")
	}
	return strings.Join(done, "; ")
}

func TestAProgramMayReadFilesAndNothingElse(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "kept"), []byte("kept"), 0o600))
	require.NoError(t, os.Mkdir(filepath.Join(dir, "empty"), 0o700))
	l := limits()
	l.CPU = 10 * time.Second
	program := []string{os.Args[0], "program", dir, strconv.Itoa(os.Getpid())}
	out, ok, err := sandbox.Pipe(t.Context(), []string{"child"}, program, l, nil)
	require.NoError(t, err)
	require.True(t, ok)
	require.Equal(t, "read", string(out))
	kept, err := os.ReadFile(filepath.Join(dir, "kept"))
	require.NoError(t, err)
	require.Equal(t, "kept", string(kept))
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, left, 2)
}

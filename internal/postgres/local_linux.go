package postgres

import (
	"os"
	"strconv"
	"strings"
	"syscall"
)

// dieWithParent asks the kernel for a fast shutdown of the child when the parent is killed.
func dieWithParent(attr *syscall.SysProcAttr) { attr.Pdeathsig = syscall.SIGINT }

// runs reports whether the process is a postmaster of the data folder.
func runs(pid int, data string) bool {
	b, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/cmdline")
	return err == nil && strings.Contains(string(b), "\x00"+data+"\x00")
}

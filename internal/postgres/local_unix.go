//go:build unix && !linux

package postgres

import (
	"os/exec"
	"strconv"
	"strings"
	"syscall"
)

// dieWithParent does nothing: only Linux signals a child whose parent is killed. The next start stops the orphan.
func dieWithParent(*syscall.SysProcAttr) {}

// runs reports whether the process is a postmaster of the data folder.
func runs(pid int, data string) bool {
	out, err := exec.Command("ps", "-o", "command=", "-p", strconv.Itoa(pid)).Output()
	return err == nil && strings.Contains(string(out), " "+data+" ")
}

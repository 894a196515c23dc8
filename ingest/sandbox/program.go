package sandbox

import (
	"fmt"
	"os"
	"runtime"
	"syscall"
)

// run becomes the program args under the limits. It returns only where that fails.
func run(args []string, l Limits) int {
	runtime.LockOSThread()
	err := limitMemory(l.Memory)
	if err == nil {
		err = limitCPU(l.CPU)
	}
	if err == nil {
		err = confineProgram()
	}
	if err == nil {
		err = syscall.Exec(args[0], args, []string{"LC_ALL=C.UTF-8"})
	}
	fmt.Fprintln(os.Stderr, err)
	return exitConfine
}

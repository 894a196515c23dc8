package faults

import "syscall"

// dieWithParent ends the node with the harness, even if that is killed.
func dieWithParent(a *syscall.SysProcAttr) { a.Pdeathsig = syscall.SIGKILL }

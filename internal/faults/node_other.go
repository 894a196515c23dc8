//go:build !linux

package faults

import "syscall"

// dieWithParent does nothing: only Linux signals a child whose parent is killed.
func dieWithParent(*syscall.SysProcAttr) {}

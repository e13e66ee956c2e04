//go:build !linux

package edge

import "syscall"

// setOptions does nothing where the kernel has no such options: slow peers are then noticed later.
func setOptions(syscall.RawConn) {}

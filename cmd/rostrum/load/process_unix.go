//go:build unix

package load

import "syscall"

// apart keeps a process away from the terminal's signals: it ends when it is told to.
func apart() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

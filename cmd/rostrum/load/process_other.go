//go:build !unix

package load

import "syscall"

func apart() *syscall.SysProcAttr { return nil }

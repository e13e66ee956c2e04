//go:build !linux

package load

import "syscall"

func bindWithoutPort(string, string, syscall.RawConn) error { return nil }

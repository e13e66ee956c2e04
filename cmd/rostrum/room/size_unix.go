//go:build linux || darwin || freebsd

package room

import (
	"os"
	"syscall"
	"unsafe"
)

// size answers how many columns and lines a terminal has, and whether the file is one (tty_ioctl(4)).
func size(file *os.File) (width, height int, isTerminal bool) {
	var window struct{ lines, columns, _, _ uint16 }
	_, _, fault := syscall.Syscall(syscall.SYS_IOCTL, file.Fd(), syscall.TIOCGWINSZ, uintptr(unsafe.Pointer(&window)))
	return int(window.columns), int(window.lines), fault == 0
}

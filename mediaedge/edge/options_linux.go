package edge

import "syscall"

// Options of tcp(7) that package syscall does not name.
const (
	tcpUserTimeout  = 18
	tcpNotsentLowat = 25
)

const (
	// notsentBytes is how much may wait unsent in the kernel: beyond it a write is refused, so that a listener that does
	// not read is noticed within seconds and not after megabytes.
	notsentBytes = 8 << 10
	// userTimeoutMillis is how long sent bytes may stay unacknowledged.
	userTimeoutMillis = 45_000
)

// setOptions asks the kernel to tell of slow and dead peers early. Where it cannot, deliveries still work.
func setOptions(raw syscall.RawConn) {
	_ = raw.Control(func(fd uintptr) {
		_ = syscall.SetsockoptInt(int(fd), syscall.IPPROTO_TCP, tcpNotsentLowat, notsentBytes)
		_ = syscall.SetsockoptInt(int(fd), syscall.IPPROTO_TCP, tcpUserTimeout, userTimeoutMillis)
	})
}

package load

import "syscall"

// ipBindAddressNoPort is IP_BIND_ADDRESS_NO_PORT of ip(7), which package syscall does not name: the port is chosen when the
// connection is made, so that each address has all ports towards each server.
const ipBindAddressNoPort = 24

func bindWithoutPort(_, _ string, conn syscall.RawConn) error {
	return conn.Control(func(fd uintptr) {
		_ = syscall.SetsockoptInt(int(fd), syscall.IPPROTO_IP, ipBindAddressNoPort, 1) // without it there are fewer ports
	})
}

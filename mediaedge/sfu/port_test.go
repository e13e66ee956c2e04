package sfu

import (
	"net"
	"testing"
)

func TestAnAddressOfTwoInterfacesIsListenedOnOnce(t *testing.T) {
	loopback := net.IPv4(127, 0, 0, 1)
	p, err := openPort(Config{BindIPs: []net.IP{loopback, loopback.To4()}, TCP: true})
	if err != nil {
		t.Fatal(err)
	}
	defer p.close()
	if len(p.sockets) != 2 {
		t.Errorf("%d sockets, wanted one for UDP and one for TCP", len(p.sockets))
	}
}

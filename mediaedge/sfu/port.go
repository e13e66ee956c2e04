package sfu

import (
	"errors"
	"fmt"
	"net"
	"slices"
	"sync"
	"time"

	"github.com/pion/ice/v4"
)

const (
	// socketBuffer is asked of the kernel for each direction: 100 ms of 1,000 speakers and their slots.
	socketBuffer = 4 << 20
	// tcpQueue bounds what waits for one ICE-TCP client, in bytes; more is dropped, so that it delays nobody else.
	tcpQueue = 64 << 10
	// freePortTries is how often a free port is looked for that is free on every address.
	freePortTries = 16
)

// port is one port number on every address, shared by all sessions.
type port struct {
	number int
	udp    ice.UDPMux
	tcp    ice.TCPMux // nil without ICE-TCP

	sockets []interface{ Close() error }
}

func openPort(config Config) (*port, error) {
	addresses := config.BindIPs
	if len(addresses) == 0 {
		var err error
		if addresses, err = machineAddresses(config.LoopbackCandidates); err != nil {
			return nil, err
		}
	}
	addresses = distinct(addresses)
	tries := 1
	if config.UDPPort == 0 {
		tries = freePortTries
	}
	var err error
	for range tries {
		var p *port
		if p, err = tryPort(config, addresses); err == nil {
			return p, nil
		}
	}
	return nil, err
}

func tryPort(config Config, addresses []net.IP) (*port, error) {
	p := &port{number: config.UDPPort}
	logs := pionLogs{config.Log}
	var packets []*net.UDPConn
	for _, ip := range addresses {
		conn, err := net.ListenUDP("udp", &net.UDPAddr{IP: ip, Port: p.number})
		if err != nil {
			return nil, errors.Join(fmt.Errorf("listen for media: %w", err), p.close())
		}
		p.sockets = append(p.sockets, conn)
		packets = append(packets, conn)
		p.number = conn.LocalAddr().(*net.UDPAddr).Port
		_ = conn.SetReadBuffer(socketBuffer) // best effort: the kernel's limit may be lower
		_ = conn.SetWriteBuffer(socketBuffer)
	}
	var listeners []net.Listener
	if config.TCP {
		for _, ip := range addresses {
			listener, err := net.ListenTCP("tcp", &net.TCPAddr{IP: ip, Port: p.number})
			if err != nil {
				return nil, errors.Join(fmt.Errorf("listen for media: %w", err), p.close())
			}
			p.sockets = append(p.sockets, listener)
			listeners = append(listeners, listener)
		}
	}
	p.share(packets, listeners, logs)
	return p, nil
}

func (p *port) share(packets []*net.UDPConn, listeners []net.Listener, logs pionLogs) {
	var udp []ice.UDPMux
	for _, conn := range packets {
		udp = append(udp, ice.NewUDPMuxDefault(ice.UDPMuxParams{UDPConn: conn, Logger: logs.NewLogger("udp")}))
	}
	p.udp = ice.NewMultiUDPMuxDefault(udp...)
	if len(listeners) == 0 {
		return
	}
	var tcp []ice.TCPMux
	for _, listener := range listeners {
		tcp = append(tcp, ice.NewTCPMuxDefault(ice.TCPMuxParams{
			Listener: listener, Logger: logs.NewLogger("tcp"), ReadBufferSize: 16, WriteBufferSize: tcpQueue,
			FirstStunBindTimeout: 5 * time.Second, AliveDurationForConnFromStun: 5 * time.Second,
		}))
	}
	p.tcp = ice.NewMultiTCPMuxDefault(tcp...)
}

func (p *port) close() error {
	var errs []error
	if p.udp == nil {
		for _, s := range p.sockets {
			errs = append(errs, s.Close())
		}
		return errors.Join(errs...)
	}
	var closing sync.WaitGroup
	if p.tcp != nil {
		closing.Go(func() { _ = p.tcp.Close() }) // says "closed" of its own listener
	}
	err := p.udp.Close()
	closing.Wait()
	return err
}

// distinct leaves each address once: two interfaces of a machine, as bridges of containers, may have the same.
func distinct(addresses []net.IP) []net.IP {
	var once []net.IP
	for _, ip := range addresses {
		if !slices.ContainsFunc(once, ip.Equal) {
			once = append(once, ip)
		}
	}
	return once
}

// machineAddresses are those that clients could reach: up, not link-local; loopback only when wanted.
func machineAddresses(loopback bool) ([]net.IP, error) {
	all, err := net.InterfaceAddrs()
	if err != nil {
		return nil, fmt.Errorf("list addresses: %w", err)
	}
	var found []net.IP
	for _, address := range all {
		network, ok := address.(*net.IPNet)
		if !ok || network.IP.IsLinkLocalUnicast() || network.IP.IsMulticast() {
			continue
		}
		if network.IP.IsLoopback() && !loopback {
			continue
		}
		found = append(found, network.IP)
	}
	if len(found) == 0 {
		return nil, errors.New("no address to listen on: name one, or allow loopback")
	}
	return found, nil
}

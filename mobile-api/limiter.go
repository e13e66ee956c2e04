package mobileapi

import (
	"hash/maphash"
	"net"
	"net/netip"
	"sync"
	"time"
)

// limiterSlots bounds the memory of a limiter: 64 KiB. Addresses that fall into one slot share its allowance.
const limiterSlots = 8192

// limiter allows every client address a number of calls a minute, all of them at once if need be (GCRA: a slot holds
// the time at which its allowance is whole again).
type limiter struct {
	// static
	cost  time.Duration // 0: no bound
	burst time.Duration
	seed  maphash.Seed

	// guarded by mu
	mu    sync.Mutex
	whole [limiterSlots]int64 // Unix nanoseconds
}

func newLimiter(perMinute int) *limiter {
	l := &limiter{seed: maphash.MakeSeed()}
	if perMinute > 0 {
		l.cost, l.burst = time.Minute/time.Duration(perMinute), time.Minute
	}
	return l
}

// take answers 0 where the address may go on, else how long it must wait.
func (l *limiter) take(remote string, now time.Time) time.Duration {
	if l.cost == 0 {
		return 0
	}
	slot := maphash.Comparable(l.seed, network(remote)) % limiterSlots
	l.mu.Lock()
	defer l.mu.Unlock()
	whole := max(l.whole[slot], now.UnixNano()) + int64(l.cost)
	if over := whole - now.UnixNano() - int64(l.burst); over > 0 {
		return time.Duration(over)
	}
	l.whole[slot] = whole
	return 0
}

// network is whom an address counts for: itself, or in IPv6 its /64, which one household has.
func network(remote string) netip.Prefix {
	host, _, err := net.SplitHostPort(remote)
	if err != nil {
		host = remote
	}
	address, err := netip.ParseAddr(host)
	if err != nil {
		return netip.Prefix{} // a socket without addresses: all its callers are one
	}
	bits := 64
	if address = address.Unmap().WithZone(""); address.Is4() {
		bits = 32
	}
	prefix, _ := address.Prefix(bits)
	return prefix
}

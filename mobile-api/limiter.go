package mobileapi

import (
	"hash/maphash"
	"net"
	"net/netip"
	"sync"
	"time"
)

// limiterSlots bounds the memory of a limiter: 64 KiB. Callers that fall into one slot share its allowance.
const limiterSlots = 8192

// limiter allows every caller a number of calls within a time, all of them at once if need be (GCRA: a slot holds the time at
// which its allowance is whole again).
type limiter[caller comparable] struct {
	// static
	cost  time.Duration // 0: no bound
	burst time.Duration
	seed  maphash.Seed

	// guarded by mu
	mu    sync.Mutex
	whole [limiterSlots]int64 // Unix nanoseconds
}

func newLimiter[caller comparable](calls int, within time.Duration) *limiter[caller] {
	l := &limiter[caller]{seed: maphash.MakeSeed()}
	if calls > 0 {
		l.cost, l.burst = within/time.Duration(calls), within
	}
	return l
}

// take answers 0 where the caller may go on, else how long it must wait.
func (l *limiter[caller]) take(who caller, now time.Time) time.Duration {
	if l.cost == 0 {
		return 0
	}
	slot := maphash.Comparable(l.seed, who) % limiterSlots
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

package mobileapi

import (
	"fmt"
	"net/netip"
	"testing"
	"time"
)

func TestALimiterGivesItsAllowanceBack(t *testing.T) {
	l := newLimiter[netip.Prefix](60, time.Minute)
	now := noon
	for i := range 60 {
		if wait := l.take(network("192.0.2.1:1000"), now); wait != 0 {
			t.Fatalf("call %d waits %v", i, wait)
		}
	}
	if wait := l.take(network("192.0.2.1:2000"), now); wait != time.Second {
		t.Errorf("call 61 waits %v", wait)
	}
	now = now.Add(time.Second)
	if wait := l.take(network("192.0.2.1:3000"), now); wait != 0 {
		t.Errorf("a second later it waits %v", wait)
	}
	if wait := l.take(network("192.0.2.1:4000"), now); wait == 0 {
		t.Error("one second gave two calls")
	}
	now = now.Add(time.Hour)
	for i := range 60 {
		if wait := l.take(network("192.0.2.1:1000"), now); wait != 0 {
			t.Fatalf("an hour later call %d waits %v", i, wait)
		}
	}
}

func TestALimiterKnowsNetworks(t *testing.T) {
	for _, c := range []struct {
		a, b string
		same bool
	}{
		{"192.0.2.1:1", "192.0.2.1:2", true}, {"192.0.2.1:1", "192.0.2.2:1", false}, {"192.0.2.1:1", "[::ffff:192.0.2.1]:1", true},
		{"[2001:db8::1]:1", "[2001:db8::ffff]:2", true}, {"[2001:db8::1]:1", "[2001:db8:0:1::1]:1", false},
		{"[fe80::1%eth0]:1", "[fe80::1%eth1]:1", true}, {"@", "", true},
	} {
		if same := network(c.a) == network(c.b); same != c.same {
			t.Errorf("%s and %s: %v", c.a, c.b, same)
		}
	}
}

func TestALimiterWithoutBound(t *testing.T) {
	l := newLimiter[string](-1, time.Minute)
	for range 1000 {
		if wait := l.take("192.0.2.1:1", noon); wait != 0 {
			t.Fatal(wait)
		}
	}
}

func BenchmarkLimiter(b *testing.B) {
	l := newLimiter[string](60, time.Minute)
	addresses := make([]string, 1024)
	for i := range addresses {
		addresses[i] = fmt.Sprintf("192.0.%d.%d:80", i/256, i%256)
	}
	b.ReportAllocs()
	for i := range b.N {
		l.take(addresses[i%len(addresses)], noon)
	}
}

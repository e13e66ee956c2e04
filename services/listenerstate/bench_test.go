package listenerstate

import (
	"testing"

	"github.com/alicebob/miniredis/v2"

	"rostrum/internal/testkit"
)

// benchHouses are what commands are acknowledged by.
var benchHouses = []struct {
	name  string
	start func(testing.TB) *house
}{
	{"archive", func(b testing.TB) *house { return newHouse(b, testkit.Redis(b)) }},
	{"archive-miniredis", func(b testing.TB) *house { return newHouse(b, miniredis.RunT(b).Addr()) }},
	{"log-disk", func(b testing.TB) *house {
		h := newHouse(b, testkit.Redis(b, "--appendonly", "yes", "--appendfsync", "always"))
		h.acknowledge = AcknowledgeLog
		return h
	}},
	{"log-replica", func(b testing.TB) *house { return newPairHouse(b) }},
}

func BenchmarkApply(b *testing.B) {
	for _, house := range benchHouses {
		b.Run(house.name+"/one-room", func(b *testing.B) { benchmark(b, house.start(b), 1) })
		b.Run(house.name+"/16-rooms", func(b *testing.B) { benchmark(b, house.start(b), 16) })
	}
}

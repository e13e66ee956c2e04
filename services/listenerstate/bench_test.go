package listenerstate

import (
	"testing"

	"github.com/alicebob/miniredis/v2"

	"rostrum/internal/testkit"
)

func BenchmarkApply(b *testing.B) {
	servers := map[string]func(*testing.B) string{
		"miniredis":    func(b *testing.B) string { return miniredis.RunT(b).Addr() },
		"redis-server": func(b *testing.B) string { return testkit.Redis(b) },
	}
	for name, start := range servers {
		b.Run(name+"/one-room", func(b *testing.B) { benchmark(b, newHouse(b, start(b)), 1) })
		b.Run(name+"/16-rooms", func(b *testing.B) { benchmark(b, newHouse(b, start(b)), 16) })
	}
}

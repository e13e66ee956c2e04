package lease

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"

	"rostrum/internal/testkit"
)

// BenchmarkRenew is 64 holders that renew at once.
func BenchmarkRenew(b *testing.B) {
	for _, server := range []struct {
		name  string
		start func() []string
	}{
		{"miniredis", func() []string { return []string{miniredis.RunT(b).Addr()} }},
		{"redis-server", func() []string { return []string{testkit.Redis(b)} }},
		{"cluster", func() []string { return cluster.Start(b).Addresses }},
	} {
		b.Run(server.name, func(b *testing.B) {
			s := New(connect(b, server.start()...))
			var holders atomic.Int64
			b.ResetTimer()
			b.ReportAllocs()
			b.SetParallelism(64)
			b.RunParallel(func(pb *testing.PB) {
				key := fmt.Sprintf("home:{bench-%d}", holders.Add(1))
				c := Claim{Holder: "a", Hold: hold, Fields: map[string]string{"node": "a"}, Rising: map[string]uint64{"reserved": 7}}
				l, err := s.Acquire(b.Context(), key, c, 0)
				for pb.Next() && err == nil {
					_, err = s.Renew(b.Context(), key, c, l.Fence)
				}
				if err != nil {
					b.Error(err)
				}
			})
			b.ReportMetric(float64(b.N)/max(b.Elapsed(), time.Nanosecond).Seconds(), "renewals/s")
		})
	}
}

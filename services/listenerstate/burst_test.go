package listenerstate

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"rostrum/internal/id"
	"rostrum/services/listenerstate/chain"
)

// BenchmarkApplyBurst raises the hands of new people, each under a key that is made for them, through 200 callers, while
// a moderator mutes and somebody unmutes every 2 ms. The archive syncs to disk.
func BenchmarkApplyBurst(b *testing.B) {
	for _, house := range benchHouses {
		b.Run(house.name, func(b *testing.B) { benchmarkBurst(b, house.start(b)) })
	}
}

func benchmarkBurst(b *testing.B, h *house) {
	const callers, handsInARoom = 200, 16_000
	s := h.open(b, func(c *Config) { c.Behind.EventsMost = 1 << 20 })
	var rooms []chain.Key
	for range b.N/handsInARoom + 1 {
		key := openRoom(b, s)
		apply(b, s, key, request(speaker, TakeSeat{}))
		rooms = append(rooms, key)
	}
	var raised atomic.Int64
	ctx, stop := context.WithCancel(context.Background())
	var moderating, raising sync.WaitGroup
	var waits []time.Duration
	b.ReportAllocs()
	b.ResetTimer()
	start := time.Now()
	moderating.Go(func() {
		tick := time.NewTicker(2 * time.Millisecond)
		defer tick.Stop()
		for muted := false; ctx.Err() == nil; muted = !muted {
			key := rooms[min(int(raised.Load())/handsInARoom, len(rooms)-1)]
			r := request(host, Mute{speaker})
			if muted {
				r = request(speaker, Unmute{speaker})
			}
			asked := time.Now()
			if _, err := s.Apply(context.Background(), key, r); err != nil {
				b.Error(err)
			}
			waits = append(waits, time.Since(asked))
			<-tick.C
		}
	})
	for range callers {
		raising.Go(func() {
			for n := raised.Add(1) - 1; n < int64(b.N); n = raised.Add(1) - 1 {
				r := request(id.NewUser(), RaiseHand{Name: "Stella", Note: "about the harbour"})
				if _, err := s.Apply(context.Background(), rooms[n/handsInARoom], r); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	raising.Wait()
	took := time.Since(start)
	stop()
	moderating.Wait()
	slices.Sort(waits)
	b.ReportMetric(float64(b.N)/took.Seconds(), "commands/s")
	b.ReportMetric(float64(waits[len(waits)/2].Microseconds())/1000, "moderator-p50-ms")
	b.ReportMetric(float64(waits[len(waits)*99/100].Microseconds())/1000, "moderator-p99-ms")
}

package dynamo

import (
	"fmt"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"rostrum/internal/testkit"
	"rostrum/services/listenerstate/chain"
	"rostrum/services/listenerstate/stagearchive"
)

// BenchmarkAppend is appends of one event of 300 bytes each, without waiting for one another but for those of the
// moment before, and what they cost: items and bytes for 1,000 events.
func BenchmarkAppend(b *testing.B) {
	endpoint := testkit.Dynalite(b)
	for _, every := range []time.Duration{20 * time.Millisecond, 500 * time.Millisecond} {
		for _, rooms := range []int{1, 100} {
			b.Run(fmt.Sprintf("every-%v/rooms-%d", every, rooms), func(b *testing.B) {
				registry := prometheus.NewRegistry()
				a := openArchive(b, Config{DB: database(b, endpoint, ""), Every: every, Metrics: registry})
				benchAppends(b, a, rooms)
				events := float64(b.N) / 1000
				b.ReportMetric(figure(b, registry, "commit_seconds")/events, "items/kevent")
				b.ReportMetric(figure(b, registry, "written_bytes_total")/events, "bytes/kevent")
			})
		}
	}
}

// underway is how many appends of a room are on their way at once.
const underway = 256

func benchAppends(b *testing.B, a *Archive, rooms int) {
	type growing struct {
		key    chain.Key
		head   chain.Head
		writes []*chain.Write
	}
	all := make([]growing, rooms)
	for i := range all {
		all[i].key = newKey()
	}
	wait := func(g *growing, most int) {
		for len(g.writes) > most {
			if err := g.writes[0].Wait(b.Context()); err != nil {
				b.Fatal(err)
			}
			g.writes = g.writes[1:]
		}
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		g := &all[i%rooms]
		added := stagearchive.Records(g.head, 1)
		added[0].Bytes = append(added[0].Bytes, make([]byte, 300-len(added[0].Bytes))...)
		g.writes = append(g.writes, a.Append(g.key, g.head, added, nil))
		g.head = added[0].Head()
		wait(g, underway-1)
	}
	for i := range all {
		if err := a.Flush(b.Context(), all[i].key); err != nil {
			b.Fatal(err)
		}
		wait(&all[i], 0)
	}
}

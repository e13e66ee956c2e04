package edge

import (
	"io"
	"net"
	"sync"
	"testing"
	"time"

	"rostrum/internal/id"
	"rostrum/mediaedge/audio"
	"rostrum/mediaedge/relay"
)

// house is a shard with listeners on loopback whose bytes are read and thrown away.
type house struct {
	shard *shard
	track *track
	lane  lane
	room  *relay.Room
	next  audio.Number
}

func newHouse(t testing.TB, listeners int) *house {
	t.Helper()
	tcp, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	m, err := newMetrics(nil)
	if err != nil {
		t.Fatal(err)
	}
	e := &Edge{cfg: Config{Node: "edge-1"}.withDefaults(), metrics: m, began: time.Now()}
	h := &house{shard: newShard(e), room: relay.NewRoom(id.Main, id.NewRoom()), next: 1000}
	h.track = &track{shard: h.shard, ring: h.room.Ring(audio.Voice32)}
	var readers sync.WaitGroup
	t.Cleanup(readers.Wait)
	t.Cleanup(func() { tcp.Close() })
	for range listeners {
		client, err := net.Dial("tcp", tcp.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		server, err := tcp.Accept()
		if err != nil {
			t.Fatal(err)
		}
		buffer := make([]byte, 16<<10)
		readers.Go(func() { _, _ = io.CopyBuffer(struct{ io.Writer }{io.Discard}, struct{ io.Reader }{client}, buffer) })
		socket, err := takeOver(server, &e.buffers)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { server.Close(); client.Close() })
		socket.lend(&h.shard.writer)
		h.lane.add(&conn{shard: h.shard, socket: socket, track: h.track, stage: playing, cadence: everySecond, next: h.next})
	}
	return h
}

// speak appends what one delivery holds and answers its bytes.
func (h *house) speak(t testing.TB) []byte {
	from := h.next
	for range everySecond {
		if err := h.track.ring.AppendBatch(batch(t, h.next, 1, audio.Voice32)); err != nil {
			t.Fatal(err)
		}
		h.next++
	}
	frames, _ := h.track.ring.View().Slice(from, burstBytes)
	return frames
}

// pass delivers to everybody.
func (h *house) pass() {
	h.lane.due()
	h.lane.run(h.shard, h.track.ring.View(), 1<<62)
}

func (h *house) lagging() int {
	n := len(h.shard.lagging)
	for _, c := range h.shard.lagging {
		c.lagging = false
	}
	h.shard.lagging = h.shard.lagging[:0]
	return n
}

func TestADeliveryDoesNotAllocate(t *testing.T) {
	h := newHouse(t, 50)
	h.speak(t)
	h.pass()
	const rounds = 40 // each delivery takes about three
	for range rounds {
		h.speak(t)
	}
	view := h.track.ring.View()
	n := testing.AllocsPerRun(rounds/4, func() {
		for _, c := range h.lane.conns {
			c.deliver(view, h.shard.now)
			c.lagging = false
		}
		h.shard.lagging = h.shard.lagging[:0]
	})
	if n != 0 {
		t.Errorf("%v allocations in %d deliveries", n, len(h.lane.conns))
	}
}

// BenchmarkDelivery serves 1,000 listeners one second of audio each per iteration, and in turn with it writes the same
// bytes to the same sockets in a bare loop.
func BenchmarkDelivery(b *testing.B) {
	const listeners = 1000
	h := newHouse(b, listeners)
	var writer rawWriter
	var served, floor time.Duration
	lagged, rounds := 0, 0
	bare := func(frames []byte) {
		for _, c := range h.lane.conns {
			if n, err := writer.write(c.socket.(*plainSocket).raw, frames); n != len(frames) || err != nil {
				lagged++
			}
		}
	}
	timed := func(sum *time.Duration, pass func()) {
		began := time.Now()
		pass()
		*sum += time.Since(began)
		b.StopTimer()
		lagged += h.lagging()
		<-time.After(20 * time.Millisecond) // the readers catch up
	}
	b.ReportAllocs()
	for b.Loop() {
		b.StopTimer()
		frames := h.speak(b)
		if rounds%2 == 0 { // who comes second finds the caches warm
			timed(&floor, func() { bare(frames) })
		}
		b.StartTimer()
		timed(&served, h.pass)
		if rounds%2 == 1 {
			timed(&floor, func() { bare(frames) })
		}
		rounds++
		b.StartTimer()
	}
	each := float64(rounds * listeners)
	b.ReportMetric(float64(served.Microseconds())/each, "us/delivery")
	b.ReportMetric(float64(floor.Microseconds())/each, "us/bare-write")
	b.ReportMetric(float64(served)/float64(floor), "ratio")
	b.ReportMetric(float64(lagged)/each, "lagged/delivery")
}

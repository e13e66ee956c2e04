package program

import (
	"math/rand/v2"
	"sort"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"rostrum/mediaedge/audio"
	"rostrum/mediaedge/mix"
)

// speaker sends a clip over and over through a network, in virtual time.
type speaker struct {
	clip      clip
	seat      audio.Seat
	begin     audio.Time // when the first packet is sent
	until     audio.Time // when it stops; 0: never
	ppm       float64    // how much faster than the program's its clock runs
	sequence  uint16
	timestamp uint32
	path      func(n int) (delay audio.Time, lost bool)
	before    func(n int, p *Packet) bool // changes a packet before it leaves; false: it is not sent

	sent   int
	flying []Packet // by arrival
}

// plain is a path that loses nothing and takes always the same.
func plain(int) (audio.Time, bool) { return 20 * ms, false }

// jittery is a path with up to 30 ms of jitter.
func jittery(seed uint64) func(int) (audio.Time, bool) {
	r := rand.New(rand.NewPCG(seed, 1))
	return func(int) (audio.Time, bool) { return audio.Time(20*ms + r.IntN(30*ms)), false }
}

// sentAt is when packet n leaves, by the program's clock.
func (s *speaker) sentAt(n int) audio.Time {
	return s.begin + audio.Time(float64(n*audio.FrameTicks)/(1+s.ppm/1e6))
}

// deliver pushes everything that arrives before a moment.
func (s *speaker) deliver(p *Program, now audio.Time) {
	for at := s.sentAt(s.sent); at < now && (s.until == 0 || at < s.until); at = s.sentAt(s.sent) {
		n := s.sent
		s.sent++
		delay, lost := s.path(n)
		packet := Packet{
			Seat: s.seat, Sequence: s.sequence + uint16(n), Timestamp: s.timestamp + uint32(n*audio.FrameTicks),
			Opus: s.clip.packets[n%len(s.clip.packets)], Arrival: at + delay,
		}
		if s.before != nil && !s.before(n, &packet) || lost {
			continue
		}
		s.flying = append(s.flying, packet)
	}
	sort.SliceStable(s.flying, func(i, j int) bool { return s.flying[i].Arrival < s.flying[j].Arrival })
	for len(s.flying) > 0 && s.flying[0].Arrival < now {
		p.Push(s.flying[0])
		s.flying = s.flying[1:]
	}
}

// room is a program under test with its speakers.
type room struct {
	t        testing.TB
	program  *Program
	registry *prometheus.Registry
	speakers []*speaker
	decoder  *mix.Decoder
}

const firstNumber = 1000

func newRoom(t testing.TB, speakers ...*speaker) *room {
	t.Helper()
	registry := prometheus.NewRegistry()
	metrics, err := NewMetrics(registry)
	if err != nil {
		t.Fatal(err)
	}
	p, err := New(Config{Epoch: 7, First: firstNumber, Metrics: metrics})
	if err != nil {
		t.Fatal(err)
	}
	decoder, err := mix.NewDecoder()
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range speakers {
		p.Admit(s.seat, new(audio.Timeline))
		if s.path == nil {
			s.path = plain
		}
		s.begin += p.Next().Start()
	}
	return &room{t: t, program: p, registry: registry, speakers: speakers, decoder: decoder}
}

// counted answers the counters that are not 0, by name and label: "dropped_packets_total late".
func (r *room) counted() map[string]float64 {
	r.t.Helper()
	families, err := r.registry.Gather()
	if err != nil {
		r.t.Fatal(err)
	}
	out := map[string]float64{}
	for _, family := range families {
		for _, metric := range family.GetMetric() {
			name := strings.TrimPrefix(family.GetName(), "rostrum_program_")
			for _, label := range metric.GetLabel() {
				name += " " + label.GetValue()
			}
			if v := metric.GetCounter().GetValue(); v != 0 {
				out[name] = v
			}
		}
	}
	return out
}

// batch lets time pass until a batch is due and makes it.
func (r *room) batch() []audio.Batch {
	for _, s := range r.speakers {
		s.deliver(r.program, r.program.Due())
	}
	return r.program.Make()
}

// hear makes batches and decodes the better rendition, as a listener does.
func (r *room) hear(batches int) []float32 {
	r.t.Helper()
	var out []float32
	for range batches {
		for _, frame := range r.batch()[0].Frames {
			pcm, err := r.decoder.Decode(frame.Opus)
			if err != nil || len(pcm) != audio.FrameTicks {
				r.t.Fatalf("%d bytes decode to %d samples, %v", len(frame.Opus), len(pcm), err)
			}
			out = append(out, pcm...)
		}
	}
	return out
}

// mixed makes batches without encoding them and hands every frame to see.
func (r *room) mixed(batches int, see func(*mix.Frame)) {
	for range batches {
		for _, s := range r.speakers {
			s.deliver(r.program, r.program.Due())
		}
		r.program.open()
		for n := range audio.FramesPerBatch {
			r.program.mix(n)
			see(&r.program.frame)
		}
		r.program.next++
	}
}

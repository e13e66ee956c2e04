package jitter

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// packet n of a publisher that begins shortly before sequence numbers and timestamps wrap.
func packet(n int) Packet {
	return Packet{Sequence: 65530 + uint16(n), Timestamp: 0xfffff000 + uint32(n*960), Ticks: 960, Opus: []byte{byte(n)}}
}

// buffer is a buffer with the reasons it dropped packets for.
func buffer() (*Buffer, map[Reason]int) {
	drops := map[Reason]int{}
	return New(func(why Reason) { drops[why]++ }), drops
}

// take writes what comes out: "0 1 lost2+1920 4 pause+9600 5".
func take(b *Buffer) string {
	var out []string
	for {
		step, found := b.Next()
		if !found {
			return strings.Join(out, " ")
		}
		p, _ := b.Take()
		switch name := fmt.Sprint(p.Opus[0]); step.Kind {
		case Start:
			out = append(out, "start", name)
		case Follow:
			out = append(out, name)
		case Lost:
			out = append(out, fmt.Sprintf("lost%d+%d", step.Missing, step.Gap), name)
		case Pause:
			out = append(out, fmt.Sprintf("pause+%d", step.Gap), name)
		}
	}
}

func TestStepsInOrder(t *testing.T) {
	later := func(n int, by uint32) Packet {
		p := packet(n)
		p.Timestamp += by
		return p
	}
	restarted := func(n int) Packet {
		p := packet(n)
		p.Sequence += 20000
		p.Timestamp += 0x12345678
		return p
	}
	for _, c := range []struct {
		name   string
		pushed []Packet
		want   string
		drops  map[Reason]int
	}{
		{"in order over the wrap", []Packet{packet(0), packet(3), packet(1), packet(2), packet(7), packet(4), packet(5), packet(6)}, "start 0 1 2 3 4 5 6 7", nil},
		{"the first overtaken", []Packet{packet(2), packet(0), packet(1)}, "start 0 1 2", nil},
		{"lost", []Packet{packet(0), packet(3), packet(4)}, "start 0 lost2+1920 3 4", nil},
		{"pause", []Packet{packet(0), later(1, 9600)}, "start 0 pause+9600 1", nil},
		{"lost in a pause", []Packet{packet(0), later(2, 9600)}, "start 0 lost1+10560 2", nil},
		{"timestamp goes back", []Packet{packet(0), later(1, 1<<32-5000), packet(2)}, "start 0 1 pause+5000 2", nil},
		{"duplicates", []Packet{packet(0), packet(1), packet(1), packet(0)}, "start 0 1", map[Reason]int{Duplicate: 2}},
		{"restart", []Packet{packet(0), packet(1), restarted(2), restarted(3), restarted(4)}, "start 0 1 start 2 3 4", nil},
		{"restart with a hole", []Packet{packet(0), restarted(2), restarted(4)}, "start 0 start 2 lost1+960 4", nil},
		{"one stray packet", []Packet{packet(0), restarted(9), packet(1), packet(2)}, "start 0 1 2", map[Reason]int{Stray: 1}},
		{"far ahead", []Packet{packet(0), packet(1), packet(200)}, "start 200", map[Reason]int{Overflow: 2}},
	} {
		t.Run(c.name, func(t *testing.T) {
			b, drops := buffer()
			for _, p := range c.pushed {
				b.Push(p)
			}
			if got := take(b); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
			if fmt.Sprint(drops) != fmt.Sprint(c.drops) {
				t.Errorf("dropped %v, want %v", drops, c.drops)
			}
			if b.Len() != 0 {
				t.Errorf("%d packets left", b.Len())
			}
		})
	}
}

func TestTakenIsTaken(t *testing.T) {
	b, drops := buffer()
	b.Push(packet(0))
	b.Push(packet(2))
	if got := take(b); got != "start 0 lost1+960 2" {
		t.Fatal(got)
	}
	b.Push(packet(1))
	b.Push(packet(2))
	b.Push(packet(3))
	if got := take(b); got != "3" || drops[Late] != 2 {
		t.Errorf("got %q, dropped %v", got, drops)
	}
}

func TestDroppedPacketIsNotMissing(t *testing.T) {
	b, drops := buffer()
	for n := range 3 {
		b.Push(packet(n))
	}
	b.Take()
	b.Drop(Timestamp)
	if step, _ := b.Next(); step.Missing != 0 || step.Gap != 960 || step.Kind != Pause {
		t.Errorf("step is %+v", step)
	}
	if drops[Timestamp] != 1 {
		t.Errorf("dropped %v", drops)
	}
}

func TestEmptiedBufferStartsAnew(t *testing.T) {
	b, drops := buffer()
	for n := range 5 {
		b.Push(packet(n))
	}
	b.Take()
	b.Empty()
	if _, found := b.Next(); found || drops[Emptied] != 4 {
		t.Errorf("something is left, dropped %v", drops)
	}
	b.Push(packet(100))
	b.Push(packet(99))
	if got := take(b); got != "start 99 100" {
		t.Error(got)
	}
}

// TestShuffledPacketsComeOutOnce compares with the list of what was sent, lost and shuffled within 40 packets.
func TestShuffledPacketsComeOutOnce(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for range 200 {
		b, drops := buffer()
		var sent []int
		for n := range 100 {
			if n == 0 || r.IntN(5) > 0 {
				sent = append(sent, n)
			}
		}
		order := slices.Clone(sent)
		slices.SortStableFunc(order, func(x, y int) int { return x + r.IntN(40) - y - r.IntN(40) })
		for _, n := range order {
			b.Push(packet(n))
		}
		var got []int
		missing := 0
		for b.Len() > 0 {
			step, _ := b.Next()
			missing += step.Missing
			p, _ := b.Take()
			got = append(got, int(p.Opus[0]))
		}
		if !slices.Equal(got, sent) || len(drops) != 0 {
			t.Fatalf("sent %v, got %v, dropped %v", sent, got, drops)
		}
		if want := sent[len(sent)-1] - sent[0] + 1 - len(sent); missing != want {
			t.Fatalf("%d missing, want %d", missing, want)
		}
	}
}

func TestReasonsHaveNames(t *testing.T) {
	names := map[string]bool{}
	for why := range Reason(Reasons) {
		names[why.String()] = true
	}
	if len(names) != Reasons {
		t.Errorf("%d names of %d reasons: %v", len(names), Reasons, names)
	}
}

// FuzzPush keeps the books: what was pushed waits, came out in order, or was dropped with a reason.
func FuzzPush(f *testing.F) {
	f.Add([]byte{0, 0, 1, 0, 1, 0, 0, 2, 0, 0x40, 0, 0, 0x40, 1, 0})
	f.Fuzz(func(t *testing.T, script []byte) {
		dropped := 0
		b := New(func(Reason) { dropped++ })
		pushed, taken := 0, 0
		for ; len(script) >= 3; script = script[3:] {
			b.Push(Packet{Sequence: uint16(script[0])<<8 | uint16(script[1]), Timestamp: uint32(script[1]) * 960, Ticks: 960, Opus: []byte{0}})
			pushed++
			switch script[2] % 16 {
			case 1, 2:
				if _, found := b.Take(); found {
					taken++
				}
			case 3:
				b.Drop(Late)
			case 4:
				b.Empty()
			}
			if b.Len() > Capacity {
				t.Fatalf("%d packets wait", b.Len())
			}
			waiting := 0
			for range b.Waiting() {
				waiting++
			}
			_, found := b.Next()
			if waiting != b.Len() || found != (waiting > 0) {
				t.Fatalf("%d wait of %d, next found: %v", waiting, b.Len(), found)
			}
			doubted := 0
			if b.doubting {
				doubted = 1
			}
			if pushed != taken+dropped+b.Len()+doubted {
				t.Fatalf("%d pushed, %d taken, %d dropped, %d wait, %d doubted", pushed, taken, dropped, b.Len(), doubted)
			}
		}
	})
}

func BenchmarkPushTake(b *testing.B) {
	buffer := New(func(Reason) {})
	b.ReportAllocs()
	n := 0
	p := packet(0)
	for b.Loop() {
		p.Sequence, p.Timestamp = uint16(n), uint32(n*960)
		n++
		buffer.Push(p)
		if buffer.Len() > 10 {
			buffer.Next()
			buffer.Take()
		}
	}
}

package program

import (
	"bytes"
	"testing"

	"rostrum/mediaedge/audio"
)

// FuzzPush lets a seat send anything at any time: the lane stays in step and bounded, and batches can be sent.
func FuzzPush(f *testing.F) {
	f.Add([]byte{0, 0, 0, 0, 0, 0, 0, 0, 0, 0xf8, 0xff, 0xfe})
	f.Add(bytes.Repeat([]byte{1, 0, 1, 0, 0, 3, 0xc0, 20, 4, 0x78, 1, 2, 3, 4, 5}, 30))
	f.Fuzz(func(t *testing.T, script []byte) {
		p, err := New(Config{Epoch: 1, First: 5})
		if err != nil {
			t.Fatal(err)
		}
		p.Admit(1, new(audio.Timeline))
		now := p.Next().Start()
		script = script[:min(len(script), 3000)]
		for len(script) >= 9 {
			head := script[:9]
			size := min(int(head[8])%64, len(script)-9)
			now += audio.Time(head[7]) * 40
			p.Push(Packet{
				Seat: audio.Seat(head[0] & 1), Sequence: uint16(head[1])<<8 | uint16(head[2]),
				Timestamp: uint32(head[3])<<24 | uint32(head[4])<<16 | uint32(head[5])<<8 | uint32(head[6]),
				Opus:      script[9 : 9+size], Arrival: now,
			})
			if head[0]&2 != 0 {
				p.Mute(1, head[0]&4 != 0)
			}
			script = script[9+size:]
			for p.Due() <= now {
				p.open()
				for n := range audio.FramesPerBatch {
					p.mix(n)
				}
				p.next++
				inStep(t, p)
			}
		}
		for range 3 {
			sendable(t, p)
			inStep(t, p)
		}
	})
}

func sendable(t *testing.T, p *Program) {
	for _, b := range p.Make() {
		encoded, err := b.Encode()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := audio.DecodeBatch(encoded); err != nil {
			t.Fatal(err)
		}
	}
}

func inStep(t *testing.T, p *Program) {
	if l := p.lane(1); len(l.pcm) > 2*int(audio.MaxPacketTicks) || l.at != p.Next().Start() {
		t.Fatalf("%d samples wait, the lane is at %d of %d", len(l.pcm), l.at, p.Next().Start())
	}
}

package program

import (
	"testing"

	"rostrum/mediaedge/audio"
	"rostrum/mediaedge/mix"
)

// TestPublisherThatPausesItsTimestamps stops sending for 3 s and goes on where its timestamps were.
func TestPublisherThatPausesItsTimestamps(t *testing.T) {
	c := readClip(t, "a.ogg")
	pause := func(n int) (audio.Time, bool) {
		if n >= 200 {
			return 3020 * ms, false
		}
		return 20 * ms, false
	}
	r := newRoom(t, &speaker{clip: c, seat: 1, path: pause})
	heard := r.hear(len(c.packets)/audio.FramesPerBatch + 18)
	counted := r.counted()
	from := 200 * audio.FrameTicks
	_, alike := align(c.pcm[from:], heard[from+3000*ms:], 0, 4800, 120)
	t.Logf("likeness %.4f, %v", alike, counted)
	if alike < 0.97 || counted["reanchored_total"] != 1 || counted["dropped_packets_total late"] != 0 {
		t.Errorf("likeness %.4f, %v", alike, counted)
	}
}

// TestPublisherThatRestarts goes on with other sequence numbers and timestamps.
func TestPublisherThatRestarts(t *testing.T) {
	c := readClip(t, "a.ogg")
	for name, restart := range map[string]func(*Packet){
		"sequence":               func(p *Packet) { p.Sequence += 20000 },
		"timestamp forwards":     func(p *Packet) { p.Timestamp += 0x1234567 },
		"timestamp backwards":    func(p *Packet) { p.Timestamp -= 0x1234567 },
		"sequence and timestamp": func(p *Packet) { p.Sequence -= 30000; p.Timestamp += 0x7654321 },
	} {
		t.Run(name, func(t *testing.T) {
			r := newRoom(t, &speaker{clip: c, seat: 1, before: func(n int, p *Packet) bool {
				if n >= 200 {
					restart(p)
				}
				return true
			}})
			heard := r.hear(len(c.packets)/audio.FramesPerBatch + 3)
			_, alike := align(c.pcm, heard, 0, 4800, 120)
			counted := r.counted()
			t.Logf("likeness %.4f, %v", alike, counted)
			if alike < 0.97 {
				t.Errorf("likeness is %.4f", alike)
			}
			for _, name := range []string{"late", "timestamp", "stray", "overflow"} {
				if n := counted["dropped_packets_total "+name]; n != 0 {
					t.Errorf("%v packets dropped: %s", n, name)
				}
			}
		})
	}
}

// TestPublisherWithDTX sends nothing while it is quiet but a packet every 400 ms; its clock drifts.
func TestPublisherWithDTX(t *testing.T) {
	c := readClip(t, "a.ogg")
	level := powers(c.pcm)
	for _, ppm := range []float64{400, -400} {
		skipped, run := 0, 0
		s := &speaker{clip: c, seat: 1, ppm: ppm, path: jittery(9), before: func(n int, p *Packet) bool {
			p.Sequence -= uint16(skipped)
			run++
			if level[n%len(level)] > 1e-6 {
				run = 0
			}
			if run > 2 && run%20 != 0 {
				skipped++
				return false
			}
			return true
		}}
		r := newRoom(t, s)
		var heard []float32
		r.mixed(2*300, func(f *mix.Frame) { heard = append(heard, f[:]...) })
		counted := r.counted()
		n := 9 * len(c.packets)
		_, alike := align(c.pcm, heard[s.sentAt(n)-firstNumber*audio.BatchTicks:], 0, 4800, 120)
		t.Logf("%+.0f ppm: likeness %.4f, %d packets skipped, %v", ppm, alike, skipped, counted)
		if alike < 0.95 || counted["drift_corrections_total pause"] == 0 {
			t.Errorf("%+.0f ppm: likeness %.4f, %v", ppm, alike, counted)
		}
		for name, n := range counted {
			if name == "bridged_seconds_total concealed" || name == "dropped_packets_total late" {
				t.Errorf("%s is %v", name, n)
			}
		}
	}
}

// TestOneWrongTimestampCostsOnePacket mangles single packets.
func TestOneWrongTimestampCostsOnePacket(t *testing.T) {
	c := readClip(t, "a.ogg")
	r := newRoom(t, &speaker{clip: c, seat: 1, before: func(n int, p *Packet) bool {
		switch n {
		case 150, 250:
			p.Timestamp += 480_000
		case 200, 300:
			p.Timestamp -= 480_000
		}
		return true
	}})
	heard := r.hear(len(c.packets)/audio.FramesPerBatch + 3)
	_, alike := align(c.pcm, heard, 0, 4800, 120)
	counted := r.counted()
	t.Logf("likeness %.4f, %v", alike, counted)
	if alike < 0.95 || counted["reanchored_total"] != 0 {
		t.Errorf("likeness %.4f, %v", alike, counted)
	}
	if n := counted["dropped_packets_total late"] + counted["dropped_packets_total timestamp"]; n != 4 {
		t.Errorf("%v packets dropped", n)
	}
}

// TestPublisherThatLeavesWhilePacketsWait takes the mapping to media time away, as the end of a session does, while the
// lane still holds packets.
func TestPublisherThatLeavesWhilePacketsWait(t *testing.T) {
	for name, end := range map[string]func(*Program){
		"dismissed": func(p *Program) { p.Dismiss(1) },
		"muted":     func(p *Program) { p.Mute(1, true) },
		"stays":     func(*Program) {},
	} {
		t.Run(name, func(t *testing.T) {
			s := &speaker{clip: readClip(t, "a.ogg"), seat: 1}
			r := newRoom(t, s)
			timeline := new(audio.Timeline)
			timeline.Anchor(s.timestamp, r.program.Next().Start())
			r.program.Admit(1, timeline)
			r.hear(10)
			s.deliver(r.program, r.program.Due())
			timeline.Reset()
			end(r.program)
			r.hear(3) // ends
		})
	}
}

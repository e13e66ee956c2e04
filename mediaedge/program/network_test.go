package program

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/hraban/opus"

	"rostrum/mediaedge/audio"
	"rostrum/mediaedge/mix"
)

// protected is a clip encoded with in-band FEC, as browsers do when packets get lost.
func protected(t *testing.T, c clip) clip {
	t.Helper()
	encoder, err := opus.NewEncoder(audio.SampleRate, 1, opus.AppVoIP)
	if err != nil {
		t.Fatal(err)
	}
	for _, err := range []error{encoder.SetBitrate(32000), encoder.SetInBandFEC(true), encoder.SetPacketLossPerc(20)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	out := clip{pcm: c.pcm}
	for at := 0; at < len(c.pcm); at += audio.FrameTicks {
		packet := make([]byte, 500)
		n, err := encoder.EncodeFloat32(c.pcm[at:at+audio.FrameTicks], packet)
		if err != nil {
			t.Fatal(err)
		}
		out.packets = append(out.packets, packet[:n])
	}
	return out
}

// lossy loses a share of the packets, in bursts of a length.
func lossy(seed uint64, share float64, burst int) func(int) (audio.Time, bool) {
	r := rand.New(rand.NewPCG(seed, 2))
	left := 0
	return func(n int) (audio.Time, bool) {
		if left == 0 && n > 0 && r.Float64() < share/float64(burst) {
			left = burst
		}
		lost := left > 0
		left = max(left-1, 0)
		return audio.Time(20*ms + r.IntN(30*ms)), lost
	}
}

func TestLostPacketsAreBridged(t *testing.T) {
	for _, c := range []struct {
		name   string
		path   func(int) (audio.Time, bool)
		wanted float64
	}{
		{"a tenth at random", lossy(3, 0.1, 1), 0.95},
		{"a tenth in bursts of 3", lossy(4, 0.1, 3), 0.85},
		{"a tenth in bursts of 10", lossy(5, 0.1, 10), 0.4},
	} {
		t.Run(c.name, func(t *testing.T) {
			spoken := protected(t, readClip(t, "a.ogg"))
			came := slices.Clone(spoken.pcm)
			r := newRoom(t, &speaker{clip: spoken, seat: 1, path: func(n int) (audio.Time, bool) {
				delay, lost := c.path(n)
				if frame := n * audio.FrameTicks; lost && frame < len(came) {
					clear(came[frame : frame+audio.FrameTicks])
				}
				return delay, lost
			}})
			heard := r.hear(len(spoken.packets)/audio.FramesPerBatch + 3)
			_, alike := align(spoken.pcm, heard, 0, 4800, 120)
			_, unharmed := align(came, heard, 0, 4800, 120)
			counted := r.counted()
			t.Logf("likeness %.4f, of what came %.4f, %v", alike, unharmed, counted)
			if alike < c.wanted || unharmed < 0.93 {
				t.Errorf("likeness is %.4f, of what came %.4f", alike, unharmed)
			}
			if counted["bridged_seconds_total recovered"] == 0 {
				t.Error("nothing was recovered")
			}
			for name := range counted {
				if name == "reanchored_total" || name == "dropped_packets_total late" {
					t.Errorf("%s is %v", name, counted[name])
				}
			}
		})
	}
}

// TestBridgesEnd takes a speaker whose connection breaks in the middle of a word.
func TestBridgesEnd(t *testing.T) {
	c := readClip(t, "a.ogg")
	cut := loudest(c)
	r := newRoom(t, &speaker{clip: c, seat: 1, until: audio.Time(cut * audio.FrameTicks)})
	r.speakers[0].until += r.program.Next().Start()
	var levels []float64
	r.mixed(cut/audio.FramesPerBatch+3, func(f *mix.Frame) { levels = append(levels, mix.Decibels(f.Power())) })
	if levels[cut] < -40 {
		t.Errorf("the word ends at %.0f dB", levels[cut])
	}
	for n, level := range levels[cut+8:] {
		if level > -126 {
			t.Errorf("%d frames after the last word there is %.0f dB", n+8, level)
		}
	}
}

// loudest is the loudest packet of a clip, not too near to its begin.
func loudest(c clip) int {
	best, all := 100, powers(c.pcm)
	for n, power := range all[:len(all)-50] {
		if n >= 100 && power > all[best] {
			best = n
		}
	}
	return best
}

func TestOrderOfArrivalDoesNotMatter(t *testing.T) {
	c := readClip(t, "b.ogg")
	hear := func(path func(int) (audio.Time, bool)) []float32 {
		r := newRoom(t, &speaker{clip: c, seat: 1, path: path})
		heard := r.hear(30)
		if counted := r.counted(); counted["bridged_seconds_total concealed"]+counted["dropped_packets_total late"] != 0 {
			t.Error(counted)
		}
		return heard
	}
	straight := hear(plain)
	shuffled := hear(func(n int) (audio.Time, bool) { return 20*ms + audio.Time(n*7%5*22*ms), false })
	for i := range straight {
		if straight[i] != shuffled[i] {
			t.Fatalf("sample %d differs", i)
		}
	}
}

func TestDuplicatesAreDropped(t *testing.T) {
	c := readClip(t, "b.ogg")
	r := newRoom(t, &speaker{clip: c, seat: 1})
	copies := *r.speakers[0]
	copies.path = func(int) (audio.Time, bool) { return 45 * ms, false }
	r.speakers = append(r.speakers, &copies)
	heard := r.hear(len(c.packets)/audio.FramesPerBatch + 3)
	if _, alike := align(c.pcm, heard, 0, 4800, 240); alike < 0.97 {
		t.Errorf("likeness is %.4f", alike)
	}
	if n := r.counted()["dropped_packets_total duplicate"]; n < 400 {
		t.Errorf("%v duplicates dropped", n)
	}
}

func TestLatePacketsAreDroppedAndTheRestIsHeard(t *testing.T) {
	c := readClip(t, "a.ogg")
	late := func(n int) (audio.Time, bool) {
		if n%20 == 10 {
			return 700 * ms, false
		}
		return 20 * ms, false
	}
	r := newRoom(t, &speaker{clip: c, seat: 1, path: late})
	heard := r.hear(len(c.packets)/audio.FramesPerBatch + 3)
	_, alike := align(c.pcm, heard, 0, 4800, 240)
	counted := r.counted()
	t.Logf("likeness %.4f, %v", alike, counted)
	if alike < 0.93 || counted["dropped_packets_total late"] < 20 || counted["reanchored_total"] != 0 {
		t.Errorf("likeness %.4f, %v", alike, counted)
	}
}

// TestSlowerPath makes every packet 250 ms later from some word on: after a moment all is heard again, and when the path
// is fast again the latency goes back.
func TestSlowerPath(t *testing.T) {
	c := readClip(t, "a.ogg")
	slow := func(n int) (audio.Time, bool) {
		if n >= 500 && n < 2000 {
			return 270 * ms, false
		}
		return 20 * ms, false
	}
	r := newRoom(t, &speaker{clip: c, seat: 1, path: slow})
	r.hear(100 + 100) // 20 s: 10 s after the change
	before := r.counted()
	r.hear(200)
	after := r.counted()
	t.Log(before, after)
	for _, name := range []string{"dropped_packets_total late", "bridged_seconds_total concealed"} {
		if before[name] != after[name] {
			t.Errorf("%s grows from %v to %v after the path has settled", name, before[name], after[name])
		}
	}
	if before["dropped_packets_total late"] > 100 {
		t.Errorf("%v packets lost to the change", before["dropped_packets_total late"])
	}
	if corrected := before["drift_corrected_seconds_total"]; corrected > 0.3 {
		t.Errorf("%.3f s were corrected for a change of 0.25 s", corrected)
	}
	r.hear(200) // to 80 s: 40 s after the path became fast again
	s := r.speakers[0]
	now := s.sent - 1
	latency := r.program.lane(1).timeline.At(s.timestamp+uint32(now*audio.FrameTicks), s.sentAt(now)) - s.sentAt(now)
	if latency > 30*ms {
		t.Errorf("latency is %v after the path became fast again", latency.Duration())
	}
}

// TestStall holds all packets back for 2 s and then delivers them at once.
func TestStall(t *testing.T) {
	c := readClip(t, "a.ogg")
	stall := func(n int) (audio.Time, bool) {
		if n >= 200 && n < 300 {
			return 20*ms + audio.Time((300-n)*audio.FrameTicks), false
		}
		return 20 * ms, false
	}
	r := newRoom(t, &speaker{clip: c, seat: 1, path: stall})
	heard := r.hear(len(c.packets)/audio.FramesPerBatch + 3)
	counted := r.counted()
	t.Log(counted)
	from := 310 * audio.FrameTicks
	if _, alike := align(c.pcm[from:], heard[from:], 0, 4800, 240); alike < 0.97 {
		t.Errorf("after the stall the likeness is %.4f", alike)
	}
	if counted["reanchored_total"] != 0 || counted["drift_corrections_total speech"] != 0 {
		t.Error("a stall moved the timeline", counted)
	}
}

package program

import (
	"math"
	"math/rand/v2"
	"testing"

	"rostrum/mediaedge/audio"
	"rostrum/mediaedge/mix"
)

// share is how alike a clip and what is heard are, as waves, at the best lag: about 0.7 for one of two equal voices,
// 0 for one that is absent.
func share(spoken, heard []float32) float64 {
	_, alike := find(spoken[audio.SampleRate:5*audio.SampleRate], heard[audio.SampleRate:], 0, 60*ms)
	return alike
}

func TestTwoVoicesAtOnceAreBothHeard(t *testing.T) {
	a, b := readClip(t, "a.ogg"), readClip(t, "b.ogg")
	both := newRoom(t, &speaker{clip: a, seat: 1, path: jittery(6)}, &speaker{clip: b, seat: 9, path: jittery(7)})
	heard := both.hear(30)
	alone := newRoom(t, &speaker{clip: b, seat: 9, path: jittery(7)}).hear(30)
	first, second, absent := share(a.pcm, heard), share(b.pcm, heard), share(a.pcm, alone)
	t.Logf("shares %.2f and %.2f; of an absent voice %.2f", first, second, absent)
	if first < 0.4 || second < 0.4 || absent > 0.2 {
		t.Errorf("shares %.2f and %.2f; of an absent voice %.2f", first, second, absent)
	}
}

func TestMuteInTheMiddleOfAWord(t *testing.T) {
	c := readClip(t, "a.ogg")
	word := loudest(c) / audio.FramesPerBatch * audio.FramesPerBatch
	for name, silence := range map[string]func(*Program){
		"mute":    func(p *Program) { p.Mute(1, true) },
		"dismiss": func(p *Program) { p.Dismiss(1) },
	} {
		t.Run(name, func(t *testing.T) {
			r := newRoom(t, &speaker{clip: c, seat: 1})
			var frames []mix.Frame
			keep := func(f *mix.Frame) { frames = append(frames, *f) }
			r.mixed(word/audio.FramesPerBatch+1, keep)
			if before := mix.Decibels(frames[len(frames)-1].Power()); before < -40 {
				t.Fatalf("nothing is said before: %.0f dB", before)
			}
			silence(r.program)
			r.mixed(2, keep)
			after := frames[len(frames)-2*audio.FramesPerBatch:]
			bend := roughness(append(append([]float32{}, frames[len(frames)-2*audio.FramesPerBatch-1][:]...), after[0][:]...))
			if most := 2 * roughness(c.pcm); bend > most {
				t.Errorf("the word is cut, not faded: %.3f above %.3f", bend, most)
			}
			if last := after[0][audio.FrameTicks-1]; math.Abs(float64(last)) > 0.001 {
				t.Errorf("the fade ends at %f", last)
			}
			for n, f := range after[1:] {
				if f.Power() != 0 {
					t.Errorf("%d frames later there is %.0f dB", n+1, mix.Decibels(f.Power()))
				}
			}
		})
	}
}

func TestUnmutedVoiceIsHeardAgain(t *testing.T) {
	c := readClip(t, "a.ogg")
	r := newRoom(t, &speaker{clip: c, seat: 1})
	r.hear(10)
	r.program.Mute(1, true)
	r.program.Mute(1, true)
	muted := r.hear(10)
	r.program.Mute(1, false)
	heard := r.hear(len(c.packets)/audio.FramesPerBatch - 17)
	if level := mix.Decibels(mix.Power(muted[3*audio.FrameTicks:])); level > -60 {
		t.Errorf("a muted voice is heard at %.0f dB", level)
	}
	if n := r.counted()["dropped_packets_total muted"]; n < 80 || n > 120 {
		t.Errorf("%v packets were dropped as muted", n)
	}
	from := 21 * audio.BatchTicks // what was sent before the change and waited is gone
	if _, alike := align(c.pcm[from:], heard[from-20*audio.BatchTicks:], 0, 4800, 240); alike < 0.97 {
		t.Errorf("likeness after unmuting is %.4f", alike)
	}
}

func TestUnknownSeatsAreDropped(t *testing.T) {
	r := newRoom(t)
	for _, seat := range []audio.Seat{0, 1, 100, 101, 255} {
		r.program.Push(Packet{Seat: seat, Opus: []byte{dtx}})
		r.program.Mute(seat, true)
		r.program.Dismiss(seat)
	}
	r.program.Admit(0, new(audio.Timeline))
	r.program.Admit(101, new(audio.Timeline))
	if got := r.counted()["dropped_packets_total unknown_seat"]; got != 5 || len(r.program.admitted) != 0 {
		t.Errorf("%v packets dropped, %d lanes", got, len(r.program.admitted))
	}
}

// TestGarbageIsLevelledAndLimited sends random bytes for Opus from one seat while another one speaks.
func TestGarbageIsLevelledAndLimited(t *testing.T) {
	c := readClip(t, "a.ogg")
	random := rand.New(rand.NewPCG(11, 12))
	noise := &speaker{clip: c, seat: 2, before: func(_ int, p *Packet) bool {
		p.Opus = make([]byte, 20+random.IntN(200))
		for i := range p.Opus {
			p.Opus[i] = byte(random.Uint32())
		}
		p.Opus[0] = p.Opus[0]&^7 | 8 // one frame, mostly of 20 ms
		return true
	}}
	r := newRoom(t, &speaker{clip: c, seat: 1}, noise)
	var all []float32
	var settled, raw float64
	r.mixed(50, func(f *mix.Frame) {
		all = append(all, f[:]...)
		for _, x := range f {
			if x > mix.ProgramCeiling || x < -mix.ProgramCeiling || x != x {
				t.Fatalf("a sample of %v", x)
			}
		}
		if len(all) > 3*audio.SampleRate {
			settled = max(settled, r.program.lane(2).frame.Power())
			raw++
		}
	})
	if level := mix.Decibels(settled); level > -5 {
		t.Errorf("after 3 s garbage is still heard at %.1f dB", level)
	}
	voice := share(c.pcm, all)
	t.Logf("loudest frame of garbage %.1f dB after 3 s, share of the voice %.2f, %v", mix.Decibels(settled), voice, r.counted())
	if voice < 0.3 {
		t.Errorf("the voice beside it has a share of %.2f", voice)
	}
}

// TestACrowdIsBounded has twenty people speak at once.
func TestACrowdIsBounded(t *testing.T) {
	c := readClip(t, "b.ogg")
	var crowd []*speaker
	for seat := range audio.Seat(20) {
		crowd = append(crowd, &speaker{clip: c, seat: seat + 1, begin: audio.Time(seat) * 400 * ms})
	}
	r := newRoom(t, crowd...)
	r.mixed(60, func(f *mix.Frame) {
		if len(r.program.heard) > 2*maxHeard {
			t.Fatalf("%d voices in the sum", len(r.program.heard))
		}
		for _, x := range f {
			if x > mix.ProgramCeiling || x < -mix.ProgramCeiling {
				t.Fatalf("a sample of %v", x)
			}
		}
	})
	loud := 0
	for _, level := range r.program.Levels() {
		for _, l := range level.DBov {
			if l < silentLevel {
				loud++
				break
			}
		}
	}
	if loud < 15 || len(r.program.Levels()) != 20 {
		t.Errorf("%d of %d seats have a level", loud, len(r.program.Levels()))
	}
	if told := r.program.told(); len(told) > maxLevels {
		t.Errorf("a batch tells %d levels", len(told))
	}
}

func TestLevelsAreTold(t *testing.T) {
	c := readClip(t, "a.ogg")
	r := newRoom(t, &speaker{clip: c, seat: 3}, &speaker{clip: c, seat: 5, path: func(int) (audio.Time, bool) { return 0, true }})
	told := 0
	for range 30 {
		for _, b := range r.batch() {
			for _, level := range b.Levels {
				if told++; level.Seat != 3 {
					t.Fatalf("seat %d has levels %v", level.Seat, level.DBov)
				}
			}
		}
	}
	if told < 40 || told == 60 {
		t.Errorf("levels in %d of 60 batches with pauses", told)
	}
	if levels := r.program.Levels(); len(levels) != 2 || levels[1].Seat != 5 || levels[1].DBov[4] != audio.Silence {
		t.Errorf("levels for the stage are %v", levels)
	}
}

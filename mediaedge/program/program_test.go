package program

import (
	"bytes"
	"testing"

	"rostrum/internal/testkit"
	"rostrum/mediaedge/audio"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// TestListenerHearsWhatWasSpoken begins shortly before sequence numbers and timestamps wrap.
func TestListenerHearsWhatWasSpoken(t *testing.T) {
	for _, name := range []string{"a.ogg", "b.ogg"} {
		c := readClip(t, name)
		r := newRoom(t, &speaker{clip: c, seat: 1, path: jittery(1), sequence: 65500, timestamp: 0xffffff00})
		heard := r.hear(len(c.packets)/audio.FramesPerBatch + 3)
		lag, alike := align(c.pcm, heard, 0, 4800, 120)
		t.Logf("%s: likeness %.4f, %d samples later, %v", name, alike, lag, r.counted())
		if alike < 0.97 {
			t.Errorf("%s: likeness of levels is %.4f", name, alike)
		}
	}
}

func TestBatchesAreNumberedAndDue(t *testing.T) {
	r := newRoom(t)
	for n := audio.Number(firstNumber); n < firstNumber+5; n++ {
		if next := r.program.Next(); next != n {
			t.Fatalf("next is %d, not %d", next, n)
		}
		if due := r.program.Due(); due != (n+1).Start()+DefaultDelay {
			t.Errorf("batch %d is due at %d", n, due)
		}
		made := r.batch()
		if len(made) != len(audio.Renditions) {
			t.Fatalf("%d renditions", len(made))
		}
		for i, b := range made {
			if b.Number != n || b.Epoch != 7 || b.Rendition != audio.Renditions[i] {
				t.Errorf("batch %d %s of epoch %d", b.Number, b.Rendition, b.Epoch)
			}
		}
	}
}

func TestWrongConfigIsRefused(t *testing.T) {
	for _, cfg := range []Config{{}, {Epoch: 1, Delay: -1}} {
		if _, err := New(cfg); err == nil {
			t.Errorf("%+v was accepted", cfg)
		}
	}
	if _, err := New(Config{Epoch: 1}); err != nil {
		t.Error(err)
	}
}

func TestSilenceCostsAByteAFrame(t *testing.T) {
	r := newRoom(t)
	for range 10 {
		r.batch()
	}
	size := 0
	for range 10 {
		for _, f := range r.batch()[0].Frames {
			size += len(f.Opus)
		}
	}
	if size > 400 { // the encoder says every 400 ms how the silence sounds
		t.Errorf("2 s of silence take %d bytes", size)
	}
}

func TestSameInputMakesSameBytes(t *testing.T) {
	c := readClip(t, "a.ogg")
	made := func() []byte {
		r := newRoom(t, &speaker{clip: c, seat: 1, path: lossy(1, 0.1, 2)}, &speaker{clip: c, seat: 2, begin: 777, path: jittery(3)})
		var out []byte
		for range 20 {
			for _, b := range r.batch() {
				encoded, err := b.Encode()
				if err != nil {
					t.Fatal(err)
				}
				out = append(out, encoded...)
			}
		}
		return out
	}
	if !bytes.Equal(made(), made()) {
		t.Error("two programs with the same speakers differ")
	}
}

func TestSkippedNumbersAreForgotten(t *testing.T) {
	c := readClip(t, "a.ogg")
	r := newRoom(t, &speaker{clip: c, seat: 1})
	r.hear(10)
	r.program.Skip(firstNumber + 3) // in the past: nothing
	if r.program.Next() != firstNumber+10 {
		t.Fatalf("next is %d", r.program.Next())
	}
	r.program.Skip(firstNumber + 20)
	if r.program.Next() != firstNumber+20 {
		t.Fatalf("next is %d", r.program.Next())
	}
	heard := r.hear(30)
	from := 22 * audio.BatchTicks
	if _, alike := align(c.pcm[from:from+25*audio.BatchTicks], heard[2*audio.BatchTicks:], 0, 4800, 240); alike < 0.97 {
		t.Errorf("likeness after the hole is %.4f", alike)
	}
	if n := r.counted()["reanchored_total"]; n != 0 {
		t.Error("the hole moved the timeline")
	}
}

// BenchmarkMake makes a batch (200 ms) of a room with three speakers, from packets to packets. One rendition: 2 % of a core
// are 4 ms.
func BenchmarkMake(b *testing.B) {
	for name, renditions := range map[string]int{"one rendition": 1, "all renditions": len(audio.Renditions)} {
		b.Run(name, func(b *testing.B) {
			one, two := readClip(b, "a.ogg"), readClip(b, "b.ogg")
			r := newRoom(b, &speaker{clip: one, seat: 1}, &speaker{clip: two, seat: 2}, &speaker{clip: one, seat: 3, begin: 100_000})
			r.program.encoders = r.program.encoders[:renditions]
			for range 10 {
				r.batch()
			}
			b.ReportAllocs()
			for b.Loop() {
				b.StopTimer()
				for _, s := range r.speakers {
					s.deliver(r.program, r.program.Due())
				}
				b.StartTimer()
				r.program.Make()
			}
			b.ReportMetric(float64(b.Elapsed().Milliseconds())/float64(b.N)/200*100, "%core")
		})
	}
}

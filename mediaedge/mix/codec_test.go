package mix

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/hraban/opus"

	"rostrum/mediaedge/audio"
)

func newDecoder(t testing.TB) *Decoder {
	t.Helper()
	d, err := NewDecoder()
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// voice fills frames with something like speech: a pitch that glides, a mouth that opens and closes, four syllables a
// second and a pause in each.
func voice(n int) []Frame {
	r := rand.New(rand.NewPCG(9, 9))
	out := make([]Frame, n)
	phase := 0.0
	for i := range out {
		at := float64(i) / 50
		step := 2 * math.Pi * (130 + 30*math.Sin(2*math.Pi*0.7*at)) / audio.SampleRate
		mouth := 600 + 300*math.Sin(2*math.Pi*2.3*at)
		var formant [12]float64
		for h := range formant {
			formant[h] = 0.2 * math.Exp(-math.Pow((float64(h)*130-mouth)/400, 2))
		}
		for j := range out[i] {
			loud := max(0, math.Sin(2*math.Pi*4*(at+float64(j)/audio.SampleRate))+0.3) / 1.3
			x := 0.001 * r.NormFloat64()
			for h, strength := range formant {
				x += loud * strength * math.Sin(float64(h)*phase)
			}
			out[i][j] = float32(x)
			phase += step
		}
	}
	return out
}

func TestUnknownRenditionHasNoEncoder(t *testing.T) {
	if _, err := NewEncoder("music-96"); err == nil {
		t.Error("made an encoder of an unknown rendition")
	}
}

func TestEveryRenditionKeepsItsRate(t *testing.T) {
	for _, rendition := range audio.Renditions {
		e, err := NewEncoder(rendition)
		if err != nil {
			t.Fatal(err)
		}
		d := newDecoder(t)
		size := 0
		var in, out float64
		frames := voice(250)
		for i := range frames {
			packet, err := e.Append(nil, &frames[i])
			if err != nil {
				t.Fatal(err)
			}
			size += len(packet)
			if ticks, ok := audio.PacketTicks(packet); !ok || ticks != audio.FrameTicks {
				t.Fatalf("a packet of %d ticks", ticks)
			}
			pcm, err := d.Decode(packet)
			if err != nil || len(pcm) != audio.FrameTicks {
				t.Fatalf("%d samples, %v", len(pcm), err)
			}
			in += frames[i].Power()
			out += Power(pcm)
		}
		rate, loss := size*8/5, Decibels(in/250)-Decibels(out/250)
		t.Logf("%s: %d bit/s, %.1f dB lost", rendition, rate, loss)
		if rate > rendition.BitRate()*11/10 || math.Abs(loss) > 1.5 {
			t.Errorf("%s: %d bit/s, %.1f dB lost", rendition, rate, loss)
		}
	}
}

// TestRecoveredPacketIsAlike loses every fifth packet of a voice, also where there is only noise that nothing can bring back.
func TestRecoveredPacketIsAlike(t *testing.T) {
	e, err := opus.NewEncoder(audio.SampleRate, 1, opus.AppVoIP)
	if err != nil {
		t.Fatal(err)
	}
	for _, err := range []error{e.SetBitrate(32000), e.SetInBandFEC(true), e.SetPacketLossPerc(20)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	var packets [][]byte
	for _, f := range voice(250) {
		packet := make([]byte, 1000)
		size, err := e.EncodeFloat32(f[:], packet)
		if err != nil {
			t.Fatal(err)
		}
		packets = append(packets, packet[:size])
	}
	whole, recovering, concealing := newDecoder(t), newDecoder(t), newDecoder(t)
	var recovered, concealed float64
	must := func(pcm []float32, err error) []float32 {
		if err != nil {
			t.Fatal(err)
		}
		return pcm
	}
	for n := 0; n+1 < len(packets); n++ {
		original := must(whole.Decode(packets[n]))
		if n%5 != 4 {
			must(recovering.Decode(packets[n]))
			must(concealing.Decode(packets[n]))
			continue
		}
		recovered += Likeness(original, must(recovering.Recover(packets[n+1], audio.FrameTicks)), 1) / 49
		concealed += Likeness(original, must(concealing.Conceal(audio.FrameTicks)), 1) / 49
	}
	t.Logf("likeness recovered %.3f, concealed %.3f", recovered, concealed)
	if recovered < 0.7 || recovered < concealed+0.2 {
		t.Errorf("likeness recovered %.3f, concealed %.3f", recovered, concealed)
	}
}

func TestAnyLengthIsConcealed(t *testing.T) {
	d := newDecoder(t)
	for _, n := range []audio.Time{1, 100, 120, 437, 960, 5760} {
		if pcm, err := d.Conceal(n); err != nil || len(pcm) != int(n) {
			t.Errorf("%d samples of %d, %v", len(pcm), n, err)
		}
	}
}

func TestGarbageStaysInBounds(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	d := newDecoder(t)
	decoded := 0
	for range 2000 {
		packet := make([]byte, 1+r.IntN(300))
		for i := range packet {
			packet[i] = byte(r.Uint32())
		}
		if pcm, err := d.Decode(packet); err == nil {
			decoded++
			inBounds(t, pcm)
		}
	}
	if decoded < 500 {
		t.Errorf("only %d of 2000 packets decode: this shows nothing", decoded)
	}
}

func inBounds(t *testing.T, pcm []float32) {
	for _, x := range pcm {
		if !(x >= -1 && x <= 1) {
			t.Fatalf("a sample of %v", x)
		}
	}
}

func TestClampKnowsNoNumber(t *testing.T) {
	pcm := clamp([]float32{float32(math.NaN()), 2, -2, 0.5, float32(math.Inf(-1))})
	for i, want := range []float32{0, 1, -1, 0.5, -1} {
		if pcm[i] != want {
			t.Errorf("sample %d is %v, want %v", i, pcm[i], want)
		}
	}
}

// FuzzDecode agrees with audio.PacketTicks on the length of every packet that decodes.
func FuzzDecode(f *testing.F) {
	f.Add([]byte{0xf8, 0xff, 0xfe})
	f.Add([]byte{0x78})
	f.Add([]byte{3, 3, 1, 2, 3})
	f.Fuzz(func(t *testing.T, packet []byte) {
		d := newDecoder(t)
		pcm, err := d.Decode(packet)
		if err != nil {
			return
		}
		if ticks, ok := audio.PacketTicks(packet); !ok || len(pcm) != int(ticks) {
			t.Fatalf("%d samples, but %d ticks (%v)", len(pcm), ticks, ok)
		}
		inBounds(t, pcm)
	})
}

func BenchmarkEncode(b *testing.B) {
	e, err := NewEncoder(audio.Voice32)
	if err != nil {
		b.Fatal(err)
	}
	frames := tone(220, 0.2, 50)
	b.ReportAllocs()
	var packet []byte
	for i := 0; b.Loop(); i++ {
		if packet, err = e.Append(packet[:0], &frames[i%50]); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkLevelAndLimit(b *testing.B) {
	var l Leveller
	limiter := NewLimiter(SpeakerCeiling)
	frames := syllables(0.1)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		f := frames[i%len(frames)]
		l.Apply(&f)
		limiter.Apply(&f)
	}
}

package test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"rostrum/client/api"
	"rostrum/internal/testkit"
	"rostrum/mediaedge/audio"
)

// TestGarbage has somebody send random bytes as Opus, first alone, then while somebody else speaks, and then speak.
func TestGarbage(t *testing.T) {
	t.Parallel()
	said, after := readClip(t, "speech1").first(5*time.Second), readClip(t, "speech2").first(3*time.Second)
	s := startSystem(t, "--no-demo")
	host, guest := s.person(t, "Host"), s.person(t, "Guest")
	room := s.liveRoom(t, host, api.CreateRoom{Title: "Garbage", OpenStage: true})
	ear := s.listen(t, host, room.ID, "voice-32", 200*time.Millisecond)
	voice, vandal := s.speak(t, host, room.ID), s.speak(t, guest, room.ID)
	ear.more(t, 5)
	must(t, vandal.Play(bounded(t), slices.Values(garbage(time.Second))))
	alone := len(ear.all()) // a second behind: what was said alone is not past this
	played := make(chan error, 1)
	go func() { played <- voice.Play(t.Context(), slices.Values(said.packets)) }()
	must(t, vandal.Play(bounded(t), slices.Values(garbage(3*time.Second))))
	must(t, <-played)
	must(t, vandal.Play(bounded(t), slices.Values(after.packets)))
	ear.until(t, time.Now().Add(2*time.Second))

	heard := ear.pcm(t)
	loudest, first := peak(heard), rms(heard[:min(len(heard), alone*audio.BatchTicks)])
	if loudest > 1 || first > -12 { // the limiter's ceiling is -1 dBFS; the codec adds up to 1 dB to noise

		t.Errorf("the program peaks at %.1f dBFS; garbage alone has %.1f dBFS", loudest, first)
	}
	beside, later := testkit.Compare(said.pcm, heard), testkit.Compare(after.pcm, heard)
	if beside.Correlation < 0.5 {
		t.Errorf("the voice beside garbage is %.3f alike, wanted 0.5", beside.Correlation)
	}
	if later.Correlation < 0.9 {
		t.Errorf("the voice after its garbage is %.3f alike, wanted 0.9", later.Correlation)
	}
	s.checkLog(t)
	report(t, "program", map[string]any{
		"peak_dbfs": round(loudest), "garbage_dbfs": round(first), "beside": round(beside.Correlation), "after": round(later.Correlation),
	})
}

// garbage is random bytes in packets of 20 ms, the same each time.
func garbage(length time.Duration) [][]byte {
	random := rand.New(rand.NewPCG(1, 2))
	packets := make([][]byte, length/audio.FrameDuration)
	for i := range packets {
		packets[i] = make([]byte, 3+random.IntN(400))
		for j := range packets[i] {
			packets[i][j] = byte(random.Uint32())
		}
	}
	return packets
}

// peak is the largest magnitude in dBFS.
func peak(pcm []float32) float64 {
	most := 0.0
	for _, s := range pcm {
		most = max(most, math.Abs(float64(s)))
	}
	return 20 * math.Log10(most+1e-9)
}

// rms is the loudness in dBFS.
func rms(pcm []float32) float64 {
	sum := 0.0
	for _, s := range pcm {
		sum += float64(s) * float64(s)
	}
	return 10 * math.Log10(sum/float64(max(len(pcm), 1))+1e-12)
}

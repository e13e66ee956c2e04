package test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"rostrum/client/api"
	"rostrum/client/speaker"
	"rostrum/internal/testkit"
	"rostrum/mediaedge/audio"
)

// TestSmoke starts the system, speaks a clip through WebRTC and compares what listeners at both cadences decode with
// what was spoken.
func TestSmoke(t *testing.T) {
	s := startSystem(t, "--no-demo")
	host := s.person(t, "Host")
	room := s.liveRoom(t, host, api.CreateRoom{Title: "Smoke"})
	fast := s.listen(t, host, room.ID, "voice-32", 200*time.Millisecond)
	slow := s.listen(t, host, room.ID, "voice-16", time.Second)
	said := readClip(t, "speech1").first(8 * time.Second)
	voice := s.speak(t, host, room.ID)
	begun := time.Now()
	if err := voice.Play(bounded(t), slices.Values(said.packets)); err != nil {
		t.Fatal(err)
	}
	for name, ear := range map[string]*recording{"200 ms": fast, "1 s": slow} {
		ear.until(t, begun.Add(said.duration()+3*time.Second))
		got := testkit.Compare(said.pcm, ear.pcm(t))
		if got.Correlation < 0.95 {
			t.Errorf("cadence %s: what is heard is %.3f alike, wanted 0.95", name, got.Correlation)
		}
		latencies := ear.latencies(got.Lag, begun, said.duration())
		report(t, "cadence "+name, map[string]any{
			"likeness": round(got.Correlation), "windows": got.Active,
			"latency_p50_ms": latencies[len(latencies)/2].Milliseconds(), "latency_p99_ms": latencies[len(latencies)*99/100].Milliseconds(),
		})
	}
}

// liveRoom creates and starts a room.
func (s *system) liveRoom(t testing.TB, host *api.Client, wish api.CreateRoom) api.Room {
	t.Helper()
	room, err := host.CreateRoom(bounded(t), wish)
	if err != nil {
		t.Fatal(err)
	}
	if room, err = host.Start(bounded(t), room.ID); err != nil {
		t.Fatal(err)
	}
	return room
}

// speak seats a person and connects their voice.
func (s *system) speak(t testing.TB, person *api.Client, room string) *speaker.Speaker {
	t.Helper()
	joined, err := person.Join(bounded(t), room, api.Join{Role: "speaker"})
	if err != nil {
		t.Fatal(err)
	}
	voice, err := speaker.Join(bounded(t), speaker.Config{URL: joined.WHIPURL, Token: person.Token(), Slots: 4})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
		defer cancel()
		_ = voice.Close(ctx) // the system may be gone already
	})
	return voice
}

// latencies are, for every frame of a clip, the times from the beginning of its capture to the arrival of the batch that
// holds it, rising: codec to codec. lag is where the clip is in the recording; said began at begun.
func (r *recording) latencies(lag int, begun time.Time, length time.Duration) []time.Duration {
	var out []time.Duration
	all := r.all()
	for said := time.Duration(0); said < length; said += audio.FrameDuration {
		sample := audio.Time(lag) + audio.Ticks(said)
		batch := int(sample / audio.BatchTicks)
		if sample < 0 || batch >= len(all) {
			continue
		}
		captured := begun.Add(said - audio.FrameDuration) // a packet leaves when its frame is whole
		out = append(out, all[batch].Received.Sub(captured))
	}
	slices.Sort(out)
	return out
}

// report prints figures that a reader or a program may want.
func report(t testing.TB, what string, figures map[string]any) {
	t.Helper()
	text, err := json.Marshal(figures)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Printf("%s, %s: %s\n", t.Name(), what, text)
}

func round(x float64) float64 { return float64(int(x*1000+0.5)) / 1000 }

package test

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"
	"time"

	"rostrum/internal/testkit"
)

// crossing is a step between audience and stage as the page measured it, in ms.
type crossing struct {
	Microphone float64  `json:"microphone_ms"`
	Seated     float64  `json:"seated_ms"`
	Connected  float64  `json:"connected_ms"`
	FirstLive  *float64 `json:"first_live_ms"`
	Replaced   float64  `json:"replaced_ms"`
	Dip        *float64 `json:"dip_ms"`
	Jump       *float64 `json:"jump_ms"`
}

// silence is the dip, or the whole step where the page did not wait long enough to measure it.
func (c crossing) silence() float64 {
	if c.Dip == nil {
		return c.Replaced
	}
	return *c.Dip
}

// longSilence is what no step may leave, in ms, on the busiest machine; it is some 100.
const longSilence = 5000

// raised is what raised.mjs prints. Times are in ms from the tap.
type raised struct {
	Up, Down     crossing
	Stats        stats
	AtHost       []byte
	AtListener   []byte
	Faults       []string
	HeardLive    float64
	HeardRelayed float64
	Silent       float64
	ShownMuted   float64
}

// TestChromiumRaisesAHand: a listener in one browser raises a hand, is invited by the host in another, speaks, is muted, held
// and moved back. What others heard of them is compared with what their microphone was fed.
func TestChromiumRaisesAHand(t *testing.T) {
	s := startSystem(t, "--no-demo")
	hosts, guests := readClip(t, "speech1"), readClip(t, "speech2")
	folder := t.TempDir()
	hostWav, guestWav := filepath.Join(folder, "host.wav"), filepath.Join(folder, "guest.wav")
	must(t, os.WriteFile(hostWav, wave(hosts.pcm), 0o600))
	must(t, os.WriteFile(guestWav, wave(guests.pcm), 0o600))
	var got raised
	drive(t, 2*time.Minute, &got, "raised.mjs", s.url, hostWav, guestWav)

	host, listener := samples(got.AtHost), samples(got.AtListener)
	live := bestPiece(host, guests.looped().pcm)
	relayed := bestPiece(listener[max(0, len(listener)-8*48000):], guests.looped().pcm) // at the end the guest spoke alone
	report(t, "raised", map[string]any{
		"accept_to_connected_ms": round(got.Up.Connected), "accept_to_first_live_ms": ms(got.Up.FirstLive),
		"accept_to_heard_by_speaker_ms": got.HeardLive, "accept_to_heard_by_listener_ms": got.HeardRelayed,
		"dip_up_ms": ms(got.Up.Dip), "jump_up_ms": ms(got.Up.Jump), "dip_back_ms": ms(got.Down.Dip), "jump_back_ms": ms(got.Down.Jump),
		"back_replaced_ms": round(got.Down.Replaced), "mute_to_silence_ms": got.Silent, "mute_to_shown_ms": got.ShownMuted,
		"live_likeness": round(live.Correlation), "relayed_likeness": round(relayed.Correlation),
	})
	if len(got.Faults) > 0 {
		t.Errorf("the pages have faults: %v", got.Faults)
	}
	// The browser's own noise suppression and gain control stand between the file and the encoder.
	if live.Correlation < 0.8 {
		t.Errorf("what the host heard of the guest is %.3f alike", live.Correlation)
	}
	if relayed.Correlation < 0.8 {
		t.Errorf("what the listener heard of the guest is %.3f alike", relayed.Correlation)
	}
	if up, down := got.Up.silence(), got.Down.silence(); up > longSilence || down > longSilence {
		t.Errorf("the steps leave %v and %v ms of silence: %+v, %+v", up, down, got.Up, got.Down)
	}
	if got.Silent > longSilence {
		t.Errorf("the guest was heard %v ms after the mute", got.Silent)
	}
	s.checkLog(t)
}

// bestPiece compares 3 s at a time with a reference: a script that records beside a page that works leaves some out.
func bestPiece(recording, reference []float32) testkit.Likeness {
	const length = 3 * 48000
	best := testkit.Likeness{Correlation: -1}
	for from := 0; from+length <= len(recording); from += length {
		if got := testkit.Compare(recording[from:from+length], reference); got.Correlation > best.Correlation {
			best = got
		}
	}
	return best
}

// ms is a time for a report, where there is one.
func ms(of *float64) any {
	if of == nil {
		return "none"
	}
	return round(*of)
}

// looped is the clip twice over, as a browser plays a file into its microphone.
func (c clip) looped() clip {
	c.pcm = append(append([]float32(nil), c.pcm...), c.pcm...)
	return c
}

// samples are what the scripts keep of sound: 16 bit, little-endian.
func samples(raw []byte) []float32 {
	out := make([]float32, len(raw)/2)
	for i := range out {
		out[i] = float32(int16(binary.LittleEndian.Uint16(raw[2*i:]))) / 32768
	}
	return out
}

// TestChromiumSpeaksInTheDemo: whoever is alone at a desk can speak in the demo room, since a bot invites them.
func TestChromiumSpeaksInTheDemo(t *testing.T) {
	s := startSystem(t)
	var got struct {
		Invited  float64
		Up, Down crossing
		Faults   []string
	}
	drive(t, time.Minute, &got, "demo.mjs", s.url)
	report(t, "demo", map[string]any{
		"raised_to_invited_ms": got.Invited, "accept_to_connected_ms": round(got.Up.Connected),
		"accept_to_first_live_ms": ms(got.Up.FirstLive), "dip_up_ms": ms(got.Up.Dip), "dip_back_ms": ms(got.Down.Dip),
	})
	if len(got.Faults) > 0 {
		t.Errorf("the page has faults: %v", got.Faults)
	}
	s.checkLog(t)
}

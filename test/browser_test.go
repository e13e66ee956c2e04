package test

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"rostrum/client/api"
	"rostrum/internal/testkit"
)

// stats are what the page counts (window.rostrum.stats).
type stats struct {
	Underruns     int     `json:"underruns"`
	PlayedSeconds float64 `json:"played_seconds"`
	Lost          int     `json:"lost"`
	Gaps          int     `json:"gaps"`
}

// TestChromiumHearsTheDemo opens the page of the demo room and listens, for ROSTRUM_LISTEN_SECONDS where that is set.
func TestChromiumHearsTheDemo(t *testing.T) {
	s := startSystem(t)
	length := 12
	if text := os.Getenv("ROSTRUM_LISTEN_SECONDS"); text != "" {
		var err error
		length, err = strconv.Atoi(text)
		must(t, err)
	}
	var got struct {
		Stats   stats    `json:"stats"`
		Loudest float64  `json:"loudest"`
		Rings   int      `json:"rings"`
		Faults  []string `json:"faults"`
	}
	drive(t, time.Duration(length)*time.Second, &got, "listen.mjs", s.url, strconv.Itoa(length), os.Getenv("ROSTRUM_SCREENSHOT"))
	report(t, "page", map[string]any{
		"played_seconds": round(got.Stats.PlayedSeconds), "underruns": got.Stats.Underruns, "lost": got.Stats.Lost, "loudest_rms": round(got.Loudest),
	})
	if got.Stats.PlayedSeconds < float64(length)*0.9 || got.Stats.Lost != 0 || got.Stats.Gaps != 0 || len(got.Faults) > 0 {
		t.Errorf("the page: %+v", got)
	}
	if got.Loudest < 0.01 || got.Rings == 0 {
		t.Errorf("the page plays silence, or shows it: rms at most %v, %d rings", got.Loudest, got.Rings)
	}
	if got.Stats.Underruns > length/10 {
		t.Errorf("%d underruns in %d s", got.Stats.Underruns, length)
	}
}

// TestChromiumSpeaksToChromium speaks a clip into one browser's microphone and compares what another one plays.
func TestChromiumSpeaksToChromium(t *testing.T) {
	s := startSystem(t, "--no-demo")
	host := s.person(t, "Host")
	room := s.liveRoom(t, host, api.CreateRoom{Title: "Open stage", OpenStage: true})
	ear := s.listen(t, host, room.ID, "voice-32", 200*time.Millisecond)
	said := readClip(t, "speech2")
	wav := filepath.Join(t.TempDir(), "said.wav")
	must(t, os.WriteFile(wav, wave(said.pcm), 0o600))
	var got struct {
		PCM    []byte   `json:"pcm"`
		Stats  stats    `json:"stats"`
		Text   string   `json:"text"`
		Faults []string `json:"faults"`
	}
	length := said.duration() + 6*time.Second
	drive(t, length, &got, "speak.mjs", s.url, room.ID, wav, strconv.Itoa(int(length.Seconds())))
	heard := make([]float32, len(got.PCM)/2)
	for i := range heard {
		heard[i] = float32(int16(binary.LittleEndian.Uint16(got.PCM[2*i:]))) / 32768
	}
	if dump := os.Getenv("ROSTRUM_DUMP"); dump != "" {
		must(t, os.WriteFile(dump, wave(heard), 0o600))
		must(t, os.WriteFile(dump+".edge.wav", wave(ear.pcm(t)), 0o600))
	}
	sent := ear.pcm(t)
	// The browser's own echo cancellation, noise suppression and gain control stand between the file and the encoder.
	spoken := testkit.Compare(said.first(8*time.Second).pcm, sent)
	played := testkit.Compare(heard, sent)
	report(t, "second browser", map[string]any{
		"spoken_to_edge": round(spoken.Correlation), "edge_to_loudspeaker": round(played.Correlation), "underruns": got.Stats.Underruns,
	})
	if spoken.Correlation < 0.65 || len(got.Faults) > 0 {
		t.Errorf("what the microphone brought is %.3f alike; faults %v; the speaker's page says:\n%s", spoken.Correlation, got.Faults, got.Text)
	}
	if played.Correlation < 0.9 || played.Active < 500 {
		t.Errorf("what the second browser plays is %.3f alike in %d windows", played.Correlation, played.Active)
	}
}

// drive runs a script of test/browser, which takes about as long as its sound, and reads what it printed.
func drive(t *testing.T, length time.Duration, into any, script string, arguments ...string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), length+4*time.Minute)
	defer cancel()
	var complaints bytes.Buffer
	command := exec.CommandContext(ctx, "node", append([]string{"browser/" + script}, arguments...)...)
	command.Stderr = &complaints
	out, err := command.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s", script, err, &complaints)
	}
	must(t, json.Unmarshal(out, into))
}

// wave is mono 48 kHz sound as a WAV file.
func wave(pcm []float32) []byte {
	samples := make([]int16, len(pcm))
	for i, s := range pcm {
		samples[i] = int16(max(-1, min(1, s)) * 32767)
	}
	var out bytes.Buffer
	size := uint32(2 * len(samples))
	out.WriteString("RIFF")
	binary.Write(&out, binary.LittleEndian, 36+size) // a bytes.Buffer takes everything
	out.WriteString("WAVEfmt ")
	binary.Write(&out, binary.LittleEndian, struct {
		Length          uint32
		Format, Streams uint16
		Rate, Bytes     uint32
		Align, Bits     uint16
	}{16, 1, 1, 48000, 96000, 2, 16})
	out.WriteString("data")
	binary.Write(&out, binary.LittleEndian, size)
	binary.Write(&out, binary.LittleEndian, samples)
	return out.Bytes()
}

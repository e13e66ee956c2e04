package ogg

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"rostrum/mediaedge/audio"
)

// plainSum is the checksum as RFC 3533 section 6 describes it, bit by bit.
func plainSum(whole []byte) uint32 {
	var sum uint32
	for _, b := range whole {
		sum ^= uint32(b) << 24
		for range 8 {
			carry := sum >> 31
			sum = sum<<1 ^ carry*0x04c11db7
		}
	}
	return sum
}

func TestChecksumIsTheOneOfTheSpecification(t *testing.T) {
	for size := range 700 {
		whole := make([]byte, size)
		for i := range whole {
			whole[i] = byte(i*i + size)
		}
		if got, want := checksum(0, whole), plainSum(whole); got != want {
			t.Fatalf("%d bytes: %08x, want %08x", size, got, want)
		}
		if got := checksum(checksum(0, whole[:size/3]), whole[size/3:]); got != plainSum(whole) {
			t.Fatalf("%d bytes in two parts: %08x", size, got)
		}
	}
}

// batch has ten frames of different sizes, with the edges of lacing among them.
func batch() *[audio.FramesPerBatch]audio.Frame {
	var frames [audio.FramesPerBatch]audio.Frame
	for i, size := range []int{1, 80, 254, 255, 256, 509, 510, 511, audio.MaxFrameBytes, 3} {
		frames[i].Opus = bytes.Repeat([]byte{byte(0x78 + i)}, size)
	}
	return &frames
}

func TestStreamIsReadBack(t *testing.T) {
	const number = 1<<32 + 41
	stream := AppendHeader(nil)
	stream = AppendPage(stream, number, batch())
	stream = AppendSilence(stream, number+1)
	r, err := NewReader(bytes.NewReader(stream))
	if err != nil {
		t.Fatal(err)
	}
	if r.PreSkip() != preSkip {
		t.Errorf("pre-skip %d", r.PreSkip())
	}
	for i := range 20 {
		packet, err := r.Next()
		if err != nil {
			t.Fatalf("packet %d: %v", i, err)
		}
		want := silence.Opus
		if i < 10 {
			want = batch()[i].Opus
		}
		if !bytes.Equal(packet, want) {
			t.Errorf("packet %d has %d bytes, want %d", i, len(packet), len(want))
		}
	}
	if _, err := r.Next(); err != io.EOF {
		t.Errorf("after the last packet: %v", err)
	}
}

func TestPageOfABatchIsFixed(t *testing.T) {
	page := AppendSilence(nil, 1<<32+0x0a0b0c0d)
	want := "OggS\x00\x00" + // version, flags
		"\x00\x0d\x44\x9e\xf8\x26\x00\x00" + // granule: (2^32 + 0x0a0b0c0d + 1) * 9600
		"rstm" + "\x0d\x0c\x0b\x0a" // serial, sequence
	if got := string(page[:22]); got != want {
		t.Errorf("header is % x,\nwant      % x", got, want)
	}
	if !bytes.Equal(page, AppendSilence(nil, 1<<32+0x0a0b0c0d)) {
		t.Error("the same number makes different bytes")
	}
	if rest := "\x0a" + strings.Repeat("\x01", 10) + strings.Repeat("\x78", 10); string(page[26:]) != rest {
		t.Errorf("body is % x", page[26:])
	}
}

func TestPageIsAppendedWithoutAllocation(t *testing.T) {
	frames, memory := batch(), make([]byte, 0, 8192)
	if n := testing.AllocsPerRun(100, func() { memory = AppendPage(memory[:0], 7, frames) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// TestPlayersPlayOverAGap gives others' programs a stream that begins at a large number and has a gap.
func TestPlayersPlayOverAGap(t *testing.T) {
	word := clip(t)
	stream := AppendHeader(nil)
	number := audio.Number(8_640_000)
	for range 10 {
		var frames [audio.FramesPerBatch]audio.Frame
		for i := range frames {
			frames[i].Opus = word[i%len(word)]
		}
		stream = AppendPage(stream, number, &frames)
		number++
	}
	for range 10 {
		stream = AppendSilence(stream, number)
		number++
	}
	file := filepath.Join(t.TempDir(), "stream.ogg")
	if err := os.WriteFile(file, stream, 0o600); err != nil {
		t.Fatal(err)
	}
	t.Run("ffprobe", func(t *testing.T) {
		out := run(t, "ffprobe", "-v", "error", "-show_entries", "stream=codec_name,sample_rate,channels", "-of", "csv=p=0", file)
		if strings.TrimSpace(out) != "opus,48000,1" {
			t.Errorf("ffprobe says %q", out)
		}
	})
	t.Run("ffmpeg", func(t *testing.T) {
		pcm := run(t, "ffmpeg", "-v", "error", "-xerror", "-i", file, "-f", "s16le", "-ac", "1", "-ar", "48000", "-")
		lasts(t, len(pcm)/2)
	})
	t.Run("opusdec", func(t *testing.T) {
		pcm := run(t, "opusdec", "--quiet", "--force-wav", "--no-dither", file, "-")
		lasts(t, (len(pcm)-44)/2)
	})
}

// lasts expects 4 s without what is skipped.
func lasts(t *testing.T, samples int) {
	t.Helper()
	if want := 20*audio.BatchTicks - preSkip; samples < want-audio.FrameTicks || samples > want+preSkip+audio.FrameTicks {
		t.Errorf("%d samples are played, not %d", samples, want)
	}
}

func run(t *testing.T, name string, arguments ...string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Skipf("%s is not installed", name)
	}
	var complaints strings.Builder
	command := exec.CommandContext(t.Context(), path, arguments...)
	command.Stderr = &complaints
	out, err := command.Output()
	if err != nil {
		t.Fatalf("%s: %v: %s", name, err, complaints.String())
	}
	if strings.Contains(strings.ToLower(complaints.String()), "error") {
		t.Errorf("%s complains: %s", name, complaints.String())
	}
	return string(out)
}

func clip(t testing.TB) [][]byte {
	t.Helper()
	file, err := os.Open("testdata/word.ogg")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	r, err := NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	var packets [][]byte
	for {
		packet, err := r.Next()
		if errors.Is(err, io.EOF) {
			return packets
		}
		if err != nil {
			t.Fatal(err)
		}
		packets = append(packets, packet)
	}
}

package ogg

import (
	"bytes"
	"errors"
	"io"
	"os"
	"testing"

	"rostrum/mediaedge/audio"
)

func TestClipOfAnotherEncoderIsRead(t *testing.T) {
	packets := clip(t)
	total := audio.Time(0)
	for i, packet := range packets {
		ticks, ok := audio.PacketTicks(packet)
		if !ok || ticks != audio.FrameTicks {
			t.Fatalf("packet %d has %d ticks", i, ticks)
		}
		total += ticks
	}
	if total < audio.SampleRate/2 || total > 2*audio.SampleRate {
		t.Errorf("the word takes %v", total.Duration())
	}
}

func TestPacketOverTwoPages(t *testing.T) {
	long := bytes.Repeat([]byte{7}, 600)
	stream := AppendHeader(nil)
	first := page{serial: streamSerial, sequence: 2}.begin(nil, 2)
	first = append(first, 255, 255)
	stream = append(stream, seal(append(first, long[:510]...), 0)...)
	second := page{flags: flagContinued | flagLast, serial: streamSerial, sequence: 3}.begin(nil, 1)
	second = append(second, 90)
	stream = append(stream, seal(append(second, long[510:]...), 0)...)
	stream = append(stream, "what follows the last page is not read"...)
	r, err := NewReader(bytes.NewReader(stream))
	if err != nil {
		t.Fatal(err)
	}
	if packet, err := r.Next(); err != nil || !bytes.Equal(packet, long) {
		t.Errorf("%d bytes, %v", len(packet), err)
	}
	if _, err := r.Next(); err != io.EOF {
		t.Errorf("at the end: %v", err)
	}
}

// all reads a stream to its end.
func all(stream []byte) error {
	r, err := NewReader(bytes.NewReader(stream))
	for err == nil {
		_, err = r.Next()
	}
	return err
}

func TestBrokenStreamsAreRefused(t *testing.T) {
	head := AppendHeader(nil)
	whole := AppendPage(bytes.Clone(head), 5, batch())
	flip := func(at int) []byte {
		damaged := bytes.Clone(whole)
		damaged[at] ^= 4
		return damaged
	}
	endless := AppendHeader(nil)
	for n := range uint32(3) {
		full := page{serial: streamSerial, sequence: 2 + n}
		if n > 0 {
			full.flags = flagContinued
		}
		from := len(endless)
		endless = full.begin(endless, 255)
		endless = append(endless, bytes.Repeat([]byte{255}, 255)...)
		endless = seal(append(endless, make([]byte, 255*255)...), from)
	}
	for name, stream := range map[string][]byte{
		"no page":            []byte("OggT this is something else altogether"),
		"damaged header":     flip(40),
		"damaged body":       flip(len(whole) - 1),
		"another stream":     append(bytes.Clone(whole), head...),
		"a page missing":     AppendPage(bytes.Clone(whole), 7, batch()),
		"no comments":        AppendPage(bytes.Clone(head[:47]), 1, batch()),
		"an endless packet":  endless,
		"audio only":         AppendPage(nil, 0, batch()),
		"an empty packet":    AppendPage(bytes.Clone(head), 2, &[audio.FramesPerBatch]audio.Frame{}),
		"continues nothing":  append(bytes.Clone(head), seal(page{flags: flagContinued, serial: streamSerial, sequence: 2}.begin(nil, 0), 0)...),
		"three sound tracks": surround(),
	} {
		if err := all(stream); !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, size := range []int{0, 10, 30, len(head) - 1, len(head) + 5, len(whole) - 1} {
		if err := all(whole[:size]); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("cut after %d bytes: %v", size, err)
		}
	}
}

func surround() []byte {
	head := append([]byte("OpusHead\x01\x03"), make([]byte, 9)...)
	return appendSingle(nil, page{flags: flagFirst}, head)
}

func FuzzReader(f *testing.F) {
	word, err := os.ReadFile("testdata/word.ogg")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(word[:2000])
	f.Add(AppendPage(AppendHeader(nil), 5, batch()))
	f.Fuzz(func(t *testing.T, stream []byte) {
		for range 2 { // as it is, then with right sums, to get past them
			total := 0
			r, err := NewReader(bytes.NewReader(stream))
			for err == nil {
				var packet []byte
				packet, err = r.Next()
				if len(packet) > maxPacket {
					t.Fatalf("a packet of %d bytes", len(packet))
				}
				total += len(packet)
			}
			if total > len(stream) {
				t.Fatalf("%d bytes of packets in %d bytes", total, len(stream))
			}
			stream = mended(stream)
		}
	})
}

// mended puts right sums into every page that is whole.
func mended(stream []byte) []byte {
	out := bytes.Clone(stream)
	for at := 0; at+pageHeader <= len(out); {
		end := at + pageHeader + int(out[at+26])
		if end > len(out) {
			break
		}
		for _, size := range out[at+pageHeader : end] {
			end += int(size)
		}
		if end > len(out) {
			break
		}
		clear(out[at+22 : at+26])
		seal(out[:end], at)
		at = end
	}
	return out
}

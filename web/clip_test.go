package web

import (
	"bytes"
	"embed"
	"encoding/binary"
	"testing"
)

// Two short pieces of speech, 20 ms frames, made with espeak-ng and opusenc.
//
//go:embed testdata/*.ogg
var clips embed.FS

// word is 20 ms of speech and whose it is.
type word struct {
	opus []byte
	seat byte
}

// talk is a conversation: the first clip from seat 1, half a second of nothing, the second from seat 2, and so on.
func talk(t *testing.T) []word {
	t.Helper()
	var out []word
	for i, name := range []string{"testdata/a.ogg", "testdata/b.ogg"} {
		raw, err := clips.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, opus := range packets(t, raw) {
			out = append(out, word{opus, byte(i + 1)})
		}
		for range 25 {
			out = append(out, word{opus: []byte{out[0].opus[0]}}) // a packet without content is DTX (RFC 6716 section 3.1)
		}
	}
	return out
}

// packets reads the Opus packets of an Ogg file (RFC 3533), without the two header packets.
func packets(t *testing.T, raw []byte) [][]byte {
	t.Helper()
	var out [][]byte
	var packet []byte
	for len(raw) > 0 {
		if len(raw) < 27 || !bytes.HasPrefix(raw, []byte("OggS")) {
			t.Fatal("the clip is no Ogg file")
		}
		laces := raw[27 : 27+int(raw[26])]
		body := raw[27+len(laces):]
		for _, lace := range laces {
			packet, body = append(packet, body[:lace]...), body[lace:]
			if lace < 255 {
				out, packet = append(out, packet), nil
			}
		}
		raw = body
	}
	if len(out) < 3 || binary.LittleEndian.Uint32(out[0]) != binary.LittleEndian.Uint32([]byte("Opus")) {
		t.Fatal("the clip has no Opus")
	}
	return out[2:]
}

package audio

import "testing"

func TestPacketTicks(t *testing.T) {
	for _, c := range []struct {
		packet []byte
		ticks  Time
		ok     bool
	}{
		{nil, 0, false},
		{[]byte{15 << 3}, FrameTicks, true},             // hybrid, 20 ms: DTX
		{[]byte{1<<3 | 4, 0}, FrameTicks, true},         // SILK, 20 ms, stereo
		{[]byte{3 << 3, 0}, 2880, true},                 // SILK, 60 ms
		{[]byte{16<<3 | 1, 0, 0}, 240, true},            // CELT, twice 2.5 ms
		{[]byte{31<<3 | 3, 6, 0}, MaxPacketTicks, true}, // six of 20 ms
		{[]byte{31<<3 | 3, 7, 0}, 7 * FrameTicks, false},
		{[]byte{31<<3 | 3, 0, 0}, 0, false},
		{[]byte{31<<3 | 3}, 0, false},
	} {
		if ticks, ok := PacketTicks(c.packet); ticks != c.ticks || ok != c.ok {
			t.Errorf("% x: %d, %v; want %d, %v", c.packet, ticks, ok, c.ticks, c.ok)
		}
	}
}

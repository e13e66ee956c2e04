package audio

// MaxPacketTicks is the longest Opus packet, 120 ms (RFC 6716 section 3.2.5).
const MaxPacketTicks Time = 5760

// PacketTicks is how long an Opus packet sounds, read from its first two bytes (RFC 6716 section 3.1). False: these
// bytes cannot be an Opus packet.
func PacketTicks(opus []byte) (Time, bool) {
	if len(opus) == 0 {
		return 0, false
	}
	config := opus[0] >> 3
	var frame Time
	switch {
	case config < 12: // SILK: 10, 20, 40, 60 ms
		frame = [...]Time{480, 960, 1920, 2880}[config&3]
	case config < 16: // hybrid: 10, 20 ms
		frame = [...]Time{480, 960}[config&1]
	default: // CELT: 2.5, 5, 10, 20 ms
		frame = 120 << (config & 3)
	}
	frames := Time(1)
	switch opus[0] & 3 {
	case 1, 2:
		frames = 2
	case 3:
		if len(opus) < 2 {
			return 0, false
		}
		frames = Time(opus[1] & 63)
	}
	ticks := frames * frame
	return ticks, ticks > 0 && ticks <= MaxPacketTicks
}

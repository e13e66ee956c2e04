package sfu

import "rostrum/mediaedge/audio"

// MaxPacketBytes bounds an RTP packet from a publisher.
const MaxPacketBytes = 1500

// Packet is one RTP packet of a publisher who may be heard, or one found in the redundancy of a later packet.
type Packet struct {
	Seat      audio.Seat
	Source    uint32 // the publisher's SSRC: another one means that sequence numbers begin anew
	Sequence  uint16
	Timestamp uint32 // the publisher's own; Room.Timeline maps it to media time
	Marker    bool   // first of a talkspurt
	Opus      []byte // 1 to audio.MaxFrameBytes; the receiver owns it
	Arrival   audio.Time
}

// Ingest takes what a room's publishers say, each packet once, in the order of arrival. Push is called from one
// goroutine per publisher; it must neither block nor call the Room. False says that it had no room.
type Ingest interface{ Push(Packet) bool }

// slab cuts small buffers out of large ones, so that a publisher costs an allocation a second instead of fifty.
type slab struct{ rest []byte }

const slabBytes = 4096

// copy answers a copy of p that its receiver may keep and change.
func (s *slab) copy(p []byte) []byte {
	if len(p) > len(s.rest) {
		s.rest = make([]byte, max(slabBytes, len(p)))
	}
	out := s.rest[:len(p):len(p)]
	s.rest = s.rest[len(p):]
	copy(out, p)
	return out
}

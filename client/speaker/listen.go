package speaker

import (
	"slices"

	"github.com/pion/interceptor"
	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"
)

const packetBytes = 2048

// Packet is one packet of another speaker.
type Packet struct {
	Slot      int    // 1 to Config.Slots
	Seat      uint8  // who speaks
	Sequence  uint16 // rising without holes within a slot, but for packets that were lost
	Timestamp uint32 // media time of the room in 48 kHz ticks, modulo 2^32: the same in every slot
	Marker    bool   // the first after silence or after another speaker
	Opus      []byte // valid until Heard returns
}

// listen is called by pion with each slot when the answer is applied.
func (s *Speaker) listen(track *webrtc.TrackRemote, receiver *webrtc.RTPReceiver) {
	slot := slices.IndexFunc(s.peer.GetTransceivers(), func(t *webrtc.RTPTransceiver) bool { return t.Receiver() == receiver })
	if slot < 1 {
		return
	}
	s.start(func() { drain(receiver) })
	s.start(func() { s.hear(track, slot) })
}

func (s *Speaker) hear(track *webrtc.TrackRemote, slot int) {
	buffer := make([]byte, packetBytes)
	var packet rtp.Packet
	for {
		n, _, err := track.Read(buffer)
		if err != nil {
			return
		}
		if packet.Unmarshal(buffer[:n]) != nil || len(packet.CSRC) == 0 || len(packet.Payload) == 0 || s.heard == nil {
			continue
		}
		s.heard(Packet{
			Slot: slot, Seat: uint8(packet.CSRC[0]), Sequence: packet.SequenceNumber, Timestamp: packet.Timestamp,
			Marker: packet.Marker, Opus: packet.Payload,
		})
	}
}

// rtcpSource is a sender or a receiver.
type rtcpSource interface {
	Read(b []byte) (n int, a interceptor.Attributes, err error)
}

// drain reads reports, which the interceptors take note of, until the session ends.
func drain(reports rtcpSource) {
	buffer := make([]byte, packetBytes)
	for {
		if _, _, err := reports.Read(buffer); err != nil {
			return
		}
	}
}

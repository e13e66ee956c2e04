package sfu

import (
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/webrtc/v4"

	"rostrum/mediaedge/audio"
)

// ntpEpoch is how many seconds before 1970 NTP time begins (RFC 5905 section 6).
const ntpEpoch = 2208988800

// report makes a slot's sender report; nil before anything was sent. All slots of a room share one clock, so that a
// client can line them up.
func (s *slot) report(now time.Time, clock audio.Clock) *rtcp.SenderReport {
	line := s.line.Load()
	packets := s.packets.Load()
	if line == nil || packets == 0 {
		return nil
	}
	return &rtcp.SenderReport{
		SSRC: line.ssrc, NTPTime: ntp(now), RTPTime: uint32(clock.At(now)), PacketCount: packets, OctetCount: s.octets.Load(),
	}
}

// listen reads what a subscriber reports of a slot until the session ends.
func (s *slot) listen(sender *webrtc.RTPSender, metrics *metrics) {
	buffer := make([]byte, readBytes)
	for {
		n, _, err := sender.Read(buffer)
		if err != nil {
			return
		}
		packets, err := rtcp.Unmarshal(buffer[:n])
		if err != nil {
			continue
		}
		for _, packet := range packets {
			if report, ok := packet.(*rtcp.ReceiverReport); ok {
				s.note(report, metrics)
			}
		}
	}
}

func (s *slot) note(report *rtcp.ReceiverReport, metrics *metrics) {
	line := s.line.Load()
	for _, block := range report.Reports {
		if line != nil && block.SSRC == line.ssrc {
			metrics.loss.Observe(float64(block.FractionLost) / 256)
		}
	}
}

// listen reads a publisher's sender reports until the session ends.
func (s *session) listen(receiver *webrtc.RTPReceiver) {
	buffer := make([]byte, readBytes)
	for {
		n, _, err := receiver.Read(buffer)
		if err != nil {
			return
		}
		now := time.Now()
		packets, err := rtcp.Unmarshal(buffer[:n])
		if err != nil {
			continue
		}
		for _, packet := range packets {
			if report, ok := packet.(*rtcp.SenderReport); ok {
				s.senderReport.Store(&senderReport{uint32(report.NTPTime >> 16), now})
			}
		}
	}
}

func ntp(now time.Time) uint64 {
	seconds := uint64(now.Unix()) + ntpEpoch
	fraction := uint64(now.Nanosecond()) << 32 / uint64(time.Second)
	return seconds<<32 | fraction
}

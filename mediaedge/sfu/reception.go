package sfu

import (
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"

	"rostrum/mediaedge/audio"
)

const reportEvery = time.Second

// reception is what a receiver report says of one stream (RFC 3550 appendices A.3 and A.8). The zero value is a stream
// of which nothing came yet.
type reception struct {
	begun    bool
	ssrc     uint32
	first    uint32 // extended sequence numbers
	highest  uint32
	received uint32
	jitter   float64 // ticks
	transit  int64   // of the packet before, in ticks

	reported         time.Time
	expectedReported uint32
	receivedReported uint32
}

func (q *reception) packet(header *rtp.Header, now time.Time) {
	transit := int64(audio.Ticks(time.Duration(now.UnixNano()))) - int64(header.Timestamp)
	if !q.begun || q.ssrc != header.SSRC {
		*q = reception{
			begun: true, ssrc: header.SSRC, first: uint32(header.SequenceNumber), highest: uint32(header.SequenceNumber),
			received: 1, transit: transit, reported: now,
		}
		return
	}
	q.received++
	if ahead := int16(header.SequenceNumber - uint16(q.highest)); ahead > 0 {
		q.highest += uint32(ahead)
	}
	moved := int32(transit - q.transit) // modulo 2^32, as timestamps are
	q.transit = transit
	q.jitter += (float64(max(moved, -moved)) - q.jitter) / 16
}

// due says whether it is time for a report.
func (q *reception) due(now time.Time) bool { return q.begun && now.Sub(q.reported) >= reportEvery }

// report makes the report since the one before. heard is the sender's newest report; nil: none came.
func (q *reception) report(now time.Time, heard *senderReport) *rtcp.ReceiverReport {
	expected := q.highest - q.first + 1
	block := rtcp.ReceptionReport{SSRC: q.ssrc, LastSequenceNumber: q.highest, Jitter: uint32(q.jitter)}
	if lost := int64(expected) - int64(q.received); lost > 0 {
		block.TotalLost = uint32(min(lost, 0x7fffff))
	}
	since, got := expected-q.expectedReported, q.received-q.receivedReported
	if since > got && since > 0 {
		block.FractionLost = uint8(min(255, uint64(since-got)*256/uint64(since)))
	}
	if heard != nil {
		block.LastSenderReport = heard.middle
		block.Delay = uint32(now.Sub(heard.at) * 65536 / time.Second)
	}
	q.reported, q.expectedReported, q.receivedReported = now, expected, q.received
	return &rtcp.ReceiverReport{SSRC: 1, Reports: []rtcp.ReceptionReport{block}}
}

// senderReport is what a sender is told back of its newest report.
type senderReport struct {
	middle uint32    // bits of its NTP time
	at     time.Time // when it came
}

package sfu

import (
	"io"
	"sync/atomic"

	"github.com/pion/transport/v4/packetio"
)

const (
	// maxStreams bounds the SSRCs that a client may make known, by sending from them or by reporting on them. An honest
	// one needs three, and one for each slot.
	maxStreams = 64
	// Buffers between the network and who reads: half a second of the largest packets, and some reports.
	rtpBuffer  = 64 << 10
	rtcpBuffer = 8 << 10
)

// streams makes the buffer of each SSRC of a session. pion keeps one for as long as the session lasts.
type streams struct {
	count atomic.Int32
	flood func() // called for each one too many; must not wait
}

func (s *streams) buffer(kind packetio.BufferPacketType, _ uint32) io.ReadWriteCloser {
	if s.count.Add(1) > maxStreams {
		s.flood()
	}
	b := packetio.NewBuffer()
	if kind == packetio.RTPBufferPacket {
		b.SetLimitSize(rtpBuffer)
	} else {
		b.SetLimitSize(rtcpBuffer)
	}
	return b
}

package sfu

import (
	"encoding/binary"
	"slices"
	"testing"
	"time"

	"github.com/pion/rtp"
	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"rostrum/mediaedge/audio"
)

// tape keeps what an ingest gets.
type tape struct {
	packets []Packet
	full    bool
}

func (p *tape) Push(packet Packet) bool {
	if !p.full {
		p.packets = append(p.packets, packet)
	}
	return !p.full
}

func (p *tape) numbers() []uint16 {
	var out []uint16
	for _, packet := range p.packets {
		out = append(out, packet.Sequence)
	}
	return out
}

// newReader is the intake of a publisher in seat 3 who may be heard.
func newReader(t testing.TB) (*reader, *tape) {
	t.Helper()
	metrics, err := newMetrics(nil)
	if err != nil {
		t.Fatal(err)
	}
	return readerOf(metrics)
}

func readerOf(metrics *metrics) (*reader, *tape) {
	kept := &tape{}
	s := &session{user: "us_ann"}
	s.publisher = newPublisher(3, kept, metrics)
	s.publisher.allow("us_ann", false)
	s.publisher.attach(s, false)
	return &reader{
		session: s, publisher: s.publisher, clock: audio.Clock{Anchor: time.Now(), Media: 1 << 34}, metrics: metrics,
		format: format{opus: opusPayload, red: redPayload, level: 1},
	}, kept
}

func counted(c prometheus.Counter) float64 {
	var m dto.Metric
	if err := c.Write(&m); err != nil {
		panic(err)
	}
	return m.GetCounter().GetValue()
}

func packetOf(payload uint8, sequence uint16, body ...byte) []byte {
	p := rtp.Packet{
		Header:  rtp.Header{Version: 2, PayloadType: payload, SequenceNumber: sequence, Timestamp: uint32(sequence) * 960, SSRC: 9},
		Payload: body,
	}
	raw, err := p.Marshal()
	if err != nil {
		panic(err)
	}
	return raw
}

// redOf is a RED payload of blocks of three bytes, oldest first.
func redOf(blocks ...byte) []byte {
	var out []byte
	for i := range len(blocks) - 1 {
		back := uint32(len(blocks)-1-i) * 960
		out = binary.BigEndian.AppendUint32(out, 1<<31|opusPayload<<24|back<<10|3)
	}
	out = append(out, opusPayload)
	for _, b := range blocks {
		out = append(out, b, b, b)
	}
	return out
}

func TestLostPacketsAreMendedFromRedundancy(t *testing.T) {
	r, kept := newReader(t)
	now := time.Now()
	for _, sequence := range []uint16{10, 11, 14, 15, 13} { // 12 and 13 are lost, then 13 comes late
		n := byte(sequence)
		if _, ok := r.take(packetOf(redPayload, sequence, redOf(n-2, n-1, n)...), now); ok != (sequence != 13) {
			t.Errorf("packet %d: taken %v", sequence, ok)
		}
	}
	if got := kept.numbers(); !slices.Equal(got, []uint16{10, 11, 12, 13, 14, 15}) {
		t.Errorf("numbers %v", got)
	}
	for _, p := range kept.packets {
		if p.Timestamp != uint32(p.Sequence)*960 || len(p.Opus) != 3 || p.Opus[0] != byte(p.Sequence) {
			t.Errorf("packet %d has time %d and bytes %x", p.Sequence, p.Timestamp, p.Opus)
		}
	}
	if n := counted(r.metrics.recovered); n != 2 {
		t.Errorf("%v counted as recovered, want 2", n)
	}
}

func TestBadPacketsAreDroppedByReason(t *testing.T) {
	r, kept := newReader(t)
	now := time.Now()
	padded := packetOf(opusPayload, 6, 1, 2, 200)
	padded[0] |= 0x20
	for name, c := range map[string]struct {
		raw []byte
		why reason
	}{
		"nothing":       {nil, dropMalformed},
		"not RTP":       {[]byte("GET / HTTP/1.1"), dropMalformed},
		"other payload": {packetOf(0, 5, 1, 2, 3), dropMalformed},
		"broken RED":    {packetOf(redPayload, 5, 0xff, 1), dropMalformed},
		"too padded":    {padded, dropMalformed},
		"long Opus":     {packetOf(opusPayload, 5, make([]byte, audio.MaxFrameBytes+1)...), dropOversized},
		"long packet":   {packetOf(opusPayload, 5, make([]byte, MaxPacketBytes)...), dropOversized},
	} {
		if why, ok := r.take(c.raw, now); ok || why != c.why {
			t.Errorf("%s: %v %s, want %s", name, ok, reasonNames[why], reasonNames[c.why])
		}
	}
	if len(kept.packets) != 0 {
		t.Errorf("%d bad packets were forwarded", len(kept.packets))
	}
}

func TestAFloodIsCutToItsBound(t *testing.T) {
	r, kept := newReader(t)
	now := time.Now()
	const seconds, rate = 10, 1000
	for i := range seconds * rate {
		r.take(packetOf(opusPayload, uint16(i), 1, 2, 3), now.Add(time.Duration(i)*time.Second/rate))
	}
	if n := len(kept.packets); n < seconds*maxPacketRate || n > (seconds+1)*maxPacketRate {
		t.Errorf("%d packets of %d in %d s went through", n, seconds*rate, seconds)
	}
}

func TestAPublisherWhoseClockLeapsIsAnchoredAgain(t *testing.T) {
	r, kept := newReader(t)
	now := r.clock.Anchor.Add(time.Hour)
	r.take(packetOf(opusPayload, 1, 1, 2, 3), now)
	leapt := packetOf(opusPayload, 2, 1, 2, 3)
	binary.BigEndian.PutUint32(leapt[4:], 1<<31)
	r.take(leapt, now.Add(20*time.Millisecond))
	last := kept.packets[1]
	if got := r.publisher.timeline.Slot(last.Timestamp); got != uint32(last.Arrival) {
		t.Errorf("the packet is of %d, it arrived at %d", got, uint32(last.Arrival))
	}
}

func TestWhatTheStageTakesBackIsNotForwarded(t *testing.T) {
	r, kept := newReader(t)
	lane, wire := newWiredSlot()
	lane.carry(3)
	r.publisher.route(r.session, []*slot{lane})
	now := time.Now()
	r.take(packetOf(opusPayload, 1, 1, 2, 3), now)
	r.publisher.mute(true)
	r.take(packetOf(opusPayload, 2, 1, 2, 3), now)
	r.publisher.mute(false)
	r.take(packetOf(opusPayload, 3, 1, 2, 3), now)
	r.publisher.deny()
	r.take(packetOf(opusPayload, 4, 1, 2, 3), now)
	if got := kept.numbers(); !slices.Equal(got, []uint16{1, 3}) {
		t.Errorf("ingest got %v, want 1 and 3", got)
	}
	if len(wire.headers) != 2 || wire.headers[1].SequenceNumber != wire.headers[0].SequenceNumber+1 || !wire.headers[1].Marker {
		t.Errorf("slot got %+v, want two packets without hole, the second a beginning", wire.headers)
	}
	if muted, denied := r.metrics.dropped[dropMuted], r.metrics.dropped[dropDenied]; counted(muted) != 1 || counted(denied) != 1 {
		t.Errorf("counted %v muted and %v denied", counted(muted), counted(denied))
	}
}

func TestAFullIngestCostsSlotsNothing(t *testing.T) {
	r, kept := newReader(t)
	lane, wire := newWiredSlot()
	r.publisher.route(r.session, []*slot{lane})
	kept.full = true
	r.take(packetOf(opusPayload, 1, 1, 2, 3), time.Now())
	if len(wire.headers) != 1 || counted(r.metrics.dropped[dropIngestFull]) != 1 {
		t.Errorf("slot got %d, %v counted", len(wire.headers), counted(r.metrics.dropped[dropIngestFull]))
	}
}

func FuzzTake(f *testing.F) {
	f.Add(packetOf(opusPayload, 1, 1, 2, 3))
	f.Add(packetOf(redPayload, 1, redOf(1, 2, 3)...))
	shared, _ := newReader(f)
	f.Fuzz(func(t *testing.T, raw []byte) {
		r, kept := readerOf(shared.metrics)
		now := shared.clock.Anchor.Add(time.Second)
		r.take(packetOf(opusPayload, 0, 1, 2, 3), now)
		r.take(raw, now)
		for _, p := range kept.packets {
			if !fits(p.Opus) {
				t.Fatalf("%d bytes of Opus", len(p.Opus))
			}
		}
	})
}

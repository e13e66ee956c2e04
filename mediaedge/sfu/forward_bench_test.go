package sfu

import (
	"context"
	"encoding/binary"
	"net"
	"testing"
	"time"

	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"

	"rostrum/mediaedge/audio"
)

// nowhere takes everything and keeps nothing.
type nowhere struct{}

func (nowhere) Push(Packet) bool                                 { return true }
func (nowhere) WriteRTP(_ *rtp.Header, opus []byte) (int, error) { return len(opus), nil }
func (nowhere) Write(b []byte) (int, error)                      { return len(b), nil }

// forwardTo takes b.N packets of 80 bytes in and forwards each to the slots.
func forwardTo(b *testing.B, slots []*slot) {
	r, _ := newReader(b)
	r.publisher.ingest = nowhere{}
	for _, s := range slots {
		s.carry(3)
	}
	r.publisher.route(r.session, slots)
	raw := packetOf(opusPayload, 0, make([]byte, 80)...)
	now := time.Now()
	b.ReportAllocs()
	b.ResetTimer()
	for i := range b.N {
		binary.BigEndian.PutUint16(raw[2:], uint16(i))
		binary.BigEndian.PutUint32(raw[4:], uint32(i)*960)
		now = now.Add(20 * time.Millisecond)
		if why, ok := r.take(raw, now); !ok {
			b.Fatal(reasonNames[why])
		}
	}
	b.StopTimer()
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(slots)), "ns/forwarded")
}

// BenchmarkForwardHeaders is intake and header rewrite alone, to ten slots.
func BenchmarkForwardHeaders(b *testing.B) {
	var slots []*slot
	for i := range 10 {
		s := newSlot(i)
		s.line.Store(&line{nowhere{}, uint32(i), opusPayload})
		slots = append(slots, s)
	}
	forwardTo(b, slots)
}

// BenchmarkForwardSRTP is the whole path to ten slots of a connected client, with encryption and the UDP socket.
func BenchmarkForwardSRTP(b *testing.B) {
	node, err := New(Config{Node: "bench", BindIPs: []net.IP{net.IPv4(127, 0, 0, 1)}, LoopbackCandidates: true})
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = node.Close() }()
	room := node.OpenRoom(audio.Clock{Anchor: time.Now()}, nowhere{}, nil)
	room.Allow(1, "us_ann", false)
	peer, err := webrtc.NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = peer.GracefulClose() }()
	name := node.NewSession()
	connect(b, room, peer, func(ctx context.Context, offer string) (string, error) {
		answer, _, _, err := room.Join(ctx, name, "us_ann", offer)
		return answer, err
	})
	forwardTo(b, room.sessions[name].slots)
}

func connect(b *testing.B, room *Room, peer *webrtc.PeerConnection, join func(context.Context, string) (string, error)) {
	for i := range 11 {
		direction := webrtc.RTPTransceiverDirectionRecvonly
		if i == 0 {
			direction = webrtc.RTPTransceiverDirectionSendrecv
		}
		if _, err := peer.AddTransceiverFromKind(webrtc.RTPCodecTypeAudio, webrtc.RTPTransceiverInit{Direction: direction}); err != nil {
			b.Fatal(err)
		}
	}
	up := make(chan struct{})
	peer.OnConnectionStateChange(func(state webrtc.PeerConnectionState) {
		if state == webrtc.PeerConnectionStateConnected {
			close(up)
		}
	})
	offer, err := peer.CreateOffer(nil)
	if err != nil {
		b.Fatal(err)
	}
	if err := peer.SetLocalDescription(offer); err != nil {
		b.Fatal(err)
	}
	answer, err := join(context.Background(), offer.SDP)
	if err != nil {
		b.Fatal(err)
	}
	if err := peer.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: answer}); err != nil {
		b.Fatal(err)
	}
	select {
	case <-up:
	case <-time.After(time.Minute):
		b.Fatal("not connected")
	}
	for len(room.connected()) == 0 {
		<-time.After(time.Millisecond)
	}
}

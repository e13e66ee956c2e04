package sfu_test

import (
	"context"
	"fmt"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"

	"rostrum/internal/fault"
	"rostrum/internal/id"
	"rostrum/mediaedge/audio"
	"rostrum/mediaedge/sfu"
)

// rawTrack writes what it is told, under any SSRC.
type rawTrack struct {
	*webrtc.TrackLocalStaticRTP
	settled chan webrtc.TrackLocalContext
}

func (r *rawTrack) Bind(settled webrtc.TrackLocalContext) (webrtc.RTPCodecParameters, error) {
	r.settled <- settled
	return r.TrackLocalStaticRTP.Bind(settled)
}

// rawPeer is a client made of pion's defaults: RTX, NACK and TWCC, one track that could also receive, one slot.
type rawPeer struct {
	*webrtc.PeerConnection
	sender  *webrtc.RTPSender
	settled webrtc.TrackLocalContext
	slot    chan *webrtc.RTPReceiver
}

func (s *stage) rawPeer(seat audio.Seat, user id.User, settings webrtc.SettingEngine) *rawPeer {
	s.t.Helper()
	settings.SetIncludeLoopbackCandidate(true)
	peer, err := webrtc.NewAPI(webrtc.WithSettingEngine(settings)).NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = peer.GracefulClose() })
	static, err := webrtc.NewTrackLocalStaticRTP(webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeOpus}, "audio", "stream")
	if err != nil {
		s.t.Fatal(err)
	}
	track := &rawTrack{static, make(chan webrtc.TrackLocalContext, 1)}
	sender, err := peer.AddTrack(track)
	if err != nil {
		s.t.Fatal(err)
	}
	if _, err := peer.AddTransceiverFromKind(webrtc.RTPCodecTypeAudio, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionRecvonly}); err != nil {
		s.t.Fatal(err)
	}
	raw := &rawPeer{PeerConnection: peer, sender: sender, slot: make(chan *webrtc.RTPReceiver, 1)}
	peer.OnTrack(func(_ *webrtc.TrackRemote, receiver *webrtc.RTPReceiver) { raw.slot <- receiver })
	up := make(chan struct{})
	var once sync.Once
	peer.OnConnectionStateChange(func(state webrtc.PeerConnectionState) {
		if state == webrtc.PeerConnectionStateConnected {
			once.Do(func() { close(up) })
		}
	})
	offer, err := peer.CreateOffer(nil)
	if err != nil {
		s.t.Fatal(err)
	}
	if err := peer.SetLocalDescription(offer); err != nil {
		s.t.Fatal(err)
	}
	s.room.Allow(seat, user, false)
	answer, _, _, err := s.room.Join(s.t.Context(), s.sfu.NewSession(), user, offer.SDP)
	if err != nil {
		s.t.Fatal(err)
	}
	if err := peer.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: answer}); err != nil {
		s.t.Fatal(err)
	}
	select {
	case <-up:
	case <-time.After(time.Minute):
		s.t.Fatal("not connected")
	}
	raw.settled = <-track.settled
	return raw
}

// say sends one packet.
func (p *rawPeer) say(ssrc uint32, sequence uint16, opus ...byte) {
	header := rtp.Header{Version: 2, PayloadType: 111, SSRC: ssrc, SequenceNumber: sequence, Timestamp: uint32(sequence) * 960}
	_, _ = p.settled.WriteStream().WriteRTP(&header, opus)
}

func TestReportsGoBothWays(t *testing.T) {
	s := newStage(t, sfu.Config{})
	s.talk(s.join(1, "us_talks", 0, nil), 1)
	p := s.rawPeer(2, "us_raw", webrtc.SettingEngine{})
	ssrc := uint32(p.settled.SSRC())
	stop := make(chan struct{})
	var talking sync.WaitGroup
	talking.Go(func() {
		for n := uint16(0); ; n++ {
			select {
			case <-stop:
				return
			case <-time.After(20 * time.Millisecond):
				p.say(ssrc, n, 1, 2, 3, 4, 5, 6, 7, 8)
			}
		}
	})
	defer func() { close(stop); talking.Wait() }()

	_ = p.sender.SetReadDeadline(time.Now().Add(time.Minute))
	if got := find(t, p.sender.ReadRTCP, func(r *rtcp.ReceiverReport) bool { return len(r.Reports) == 1 }); got.Reports[0].SSRC != ssrc {
		t.Errorf("a report on %d, we are %d", got.Reports[0].SSRC, ssrc)
	}
	select {
	case receiver := <-p.slot:
		_ = receiver.SetReadDeadline(time.Now().Add(time.Minute))
		find(t, receiver.ReadRTCP, func(r *rtcp.SenderReport) bool { // one that was just made: others have waited to be read
			off := int32(uint32(s.clock.At(time.Now())) - r.RTPTime)
			if off < 0 {
				t.Errorf("a report of %d samples from now", -off)
			}
			return off <= audio.SampleRate/2 && r.PacketCount > 0
		})
	case <-time.After(time.Minute):
		t.Fatal("no slot")
	}
}

// find reads RTCP until a packet is the wanted one.
func find[T rtcp.Packet, A any](t *testing.T, read func() ([]rtcp.Packet, A, error), wanted func(T) bool) T {
	t.Helper()
	for {
		packets, _, err := read()
		if err != nil {
			t.Fatalf("no report: %v", err)
		}
		for _, packet := range packets {
			if found, ok := packet.(T); ok && wanted(found) {
				return found
			}
		}
	}
}

func TestAClientThatSendsFromManySourcesIsCut(t *testing.T) {
	s := newStage(t, sfu.Config{})
	p := s.rawPeer(2, "us_raw", webrtc.SettingEngine{})
	for i := range uint32(500) {
		p.say(1000+i, 1, 1, 2, 3)
	}
	s.wantLoss(2, "us_raw")
}

func TestSpeakingOverTCP(t *testing.T) {
	s := newStage(t, sfu.Config{TCP: true})
	var settings webrtc.SettingEngine
	settings.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeTCP4})
	p := s.rawPeer(2, "us_raw", settings)
	n := uint16(0)
	eventually(t, func() string {
		p.say(uint32(p.settled.SSRC()), n, 1, 2, 3)
		n++
		if heard := len(s.ingest.from(2)); heard < 5 {
			return fmt.Sprintf("%d packets", heard)
		}
		return ""
	})
}

// Everything at once and without order must neither deadlock nor leak nor forward what is not allowed.
func TestChurn(t *testing.T) {
	s := newStage(t, sfu.Config{})
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	every := func(pause time.Duration, do func(n int)) {
		running.Go(func() {
			for n := 0; ctx.Err() == nil; n++ {
				do(n)
				<-time.After(pause)
			}
		})
	}
	for i := range 4 {
		seat, user := audio.Seat(i+1), id.User(fmt.Sprint("us_", i))
		s.room.Allow(seat, user, false)
		every(time.Millisecond, func(int) {
			_, _, _, err := s.room.Join(ctx, s.sfu.NewSession(), user, browserOffer)
			if err != nil && ctx.Err() == nil && !fault.Is(err, fault.CodeNotSeated) && !fault.Is(err, fault.CodeNotLive) {
				t.Error(err)
			}
		})
		every(3*time.Millisecond, func(n int) { s.room.Mute(seat, n%2 == 0) })
		every(5*time.Millisecond, func(n int) {
			if n%2 == 0 {
				s.room.Deny(seat)
			} else {
				s.room.Allow(seat, user, false)
			}
		})
		every(time.Millisecond, func(int) { s.room.Timeline(seat).Shift(1); s.room.Heard(map[audio.Seat]uint8{seat: 10}) })
	}
	<-time.After(500 * time.Millisecond)
	s.room.Close()
	cancel()
	running.Wait()
}

func TestAPortInUseIsSaid(t *testing.T) {
	s := newStage(t, sfu.Config{})
	if _, err := sfu.New(sfu.Config{UDPPort: s.sfu.Port(), BindIPs: []net.IP{net.IPv4(127, 0, 0, 1)}}); err == nil {
		t.Error("two nodes on one port")
	}
	if err := (sfu.Config{UDPPort: -1, LostAfter: -1, BindIPs: []net.IP{net.IPv4zero}, AdvertiseIPs: []net.IP{nil}}).Validate(); err == nil {
		t.Error("a senseless configuration was accepted")
	}
	everywhere, err := sfu.New(sfu.Config{LoopbackCandidates: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := everywhere.Close(); err != nil {
		t.Error(err)
	}
}

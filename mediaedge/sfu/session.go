package sfu

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/sdp/v3"
	"github.com/pion/webrtc/v4"

	"rostrum/internal/fault"
	"rostrum/internal/id"
	"rostrum/mediaedge/audio"
)

// negotiationTimeout bounds making an answer. Candidates are the host's own, so it takes milliseconds.
const negotiationTimeout = 5 * time.Second

// gatherLook is how often it is looked whether candidates are known without a word of it.
const gatherLook = 10 * time.Millisecond

// session is one person's WebRTC connection.
type session struct {
	id        id.Session
	user      id.User
	room      *Room
	publisher *publisher
	peer      *webrtc.PeerConnection
	slots     []*slot
	opened    time.Time // when it became its person's

	connected    atomic.Bool
	senderReport atomic.Pointer[senderReport]

	carried []audio.Seat // what each slot carries; owned by the room's goroutine

	negotiating chan struct{} // holds one token; guards the three below
	offer       *offer
	remote      string // ufrag of the client
	tag         string

	mu      sync.Mutex
	closed  bool
	reading bool
	running sync.WaitGroup // goroutines that read
}

// newSession makes the connection for an offer. It sends and receives nothing before answer.
func newSession(name id.Session, p *publisher, user id.User, room *Room, o *offer) (*session, error) {
	s := &session{
		id: name, user: user, room: room, publisher: p, offer: o,
		carried: make([]audio.Seat, o.slots), negotiating: make(chan struct{}, 1),
	}
	peer, err := room.sfu.engine.newPeer(&streams{flood: func() { room.lose(s) }})
	if err != nil {
		return nil, fmt.Errorf("open connection: %w", err)
	}
	s.peer = peer
	for i := range o.slots {
		s.slots = append(s.slots, newSlot(i+1))
	}
	peer.OnTrack(s.read)
	peer.OnConnectionStateChange(s.changed)
	return s, nil
}

// addSections makes what the offer's sections are matched with, in their order: the microphone and the slots.
func (s *session) addSections() error {
	_, err := s.peer.AddTransceiverFromKind(webrtc.RTPCodecTypeAudio,
		webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionRecvonly})
	if err != nil {
		return fmt.Errorf("add microphone: %w", err)
	}
	for _, slot := range s.slots {
		section, err := s.peer.AddTransceiverFromTrack(slot,
			webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionSendonly})
		if err != nil {
			return fmt.Errorf("add %s: %w", slot.name, err)
		}
		if err := section.SetCodecPreferences([]webrtc.RTPCodecParameters{opusCodec}); err != nil {
			return fmt.Errorf("add %s: %w", slot.name, err)
		}
		s.start(func() { slot.listen(section.Sender(), s.room.metrics) })
	}
	return nil
}

// answer settles the session.
func (s *session) answer(ctx context.Context) (text, tag string, err error) {
	if err := s.addSections(); err != nil {
		return "", "", err
	}
	text, err = s.negotiate(ctx, s.offer.description)
	if err != nil {
		return "", "", err
	}
	s.remote = s.offer.fragment().ufrag
	return text, s.tag, nil
}

// negotiate gives an offer to pion and answers with all candidates in.
func (s *session) negotiate(ctx context.Context, offer *sdp.SessionDescription) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, negotiationTimeout)
	defer cancel()
	raw, err := offer.Marshal()
	if err != nil {
		return "", fmt.Errorf("write offer: %w", err)
	}
	if err := s.peer.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: string(raw)}); err != nil {
		return "", fault.New(fault.CodeBadSDP, "the offer cannot be answered: send what createOffer() made").Because(err)
	}
	answer, err := s.peer.CreateAnswer(nil)
	if err != nil {
		return "", fault.New(fault.CodeBadSDP, "the offer cannot be answered: send what createOffer() made").Because(err)
	}
	gathered := webrtc.GatheringCompletePromise(s.peer)
	if err := s.peer.SetLocalDescription(answer); err != nil {
		return "", fmt.Errorf("apply answer: %w", err)
	}
	if err := s.gather(ctx, gathered); err != nil {
		return "", err
	}
	local := s.peer.LocalDescription()
	parsed, err := local.Unmarshal()
	if err != nil {
		return "", fmt.Errorf("read answer: %w", err)
	}
	if !takes(parsed) {
		return "", fault.New(fault.CodeBadSDP, "the microphone's Opus cannot be taken: offer opus/48000/2")
	}
	s.tag = `"` + fragmentOf(parsed).ufrag + `"`
	wishes(parsed)
	if !s.offer.bundled {
		unbundle(parsed)
	}
	settled, err := parsed.Marshal()
	if err != nil {
		return "", fmt.Errorf("write answer: %w", err)
	}
	return string(settled), nil
}

// gather waits until all candidates are known. The promise alone may be missed: a restart gathers while it is made.
func (s *session) gather(ctx context.Context, gathered <-chan struct{}) error {
	look := time.NewTicker(gatherLook)
	defer look.Stop()
	for {
		select {
		case <-gathered:
			return nil
		case <-look.C:
			if s.peer.ICEGatheringState() == webrtc.ICEGatheringStateComplete {
				return nil
			}
		case <-ctx.Done():
			return fault.Unavailable(ctx.Err(), "the answer took too long; try again")
		}
	}
}

// changed is called by pion with every state of the connection.
func (s *session) changed(state webrtc.PeerConnectionState) {
	switch state {
	case webrtc.PeerConnectionStateConnected:
		s.room.find(s)
	case webrtc.PeerConnectionStateFailed, webrtc.PeerConnectionStateClosed:
		s.room.lose(s)
	}
}

// read is called by pion, on a goroutine of its own, with each track that the client sends. Only the first counts.
func (s *session) read(track *webrtc.TrackRemote, receiver *webrtc.RTPReceiver) {
	s.mu.Lock()
	first := !s.closed && !s.reading
	s.reading = true
	s.mu.Unlock()
	if !first {
		return
	}
	s.start(func() { s.listen(receiver) })
	s.start(func() {
		r := &reader{
			session: s, publisher: s.publisher, clock: s.room.clock, metrics: s.room.metrics,
			format: readFormat(receiver.GetParameters()),
		}
		r.run(remoteTrack{track})
	})
}

// remoteTrack is a track as a source.
type remoteTrack struct{ track *webrtc.TrackRemote }

func (t remoteTrack) Read(packet []byte) (int, error) {
	n, _, err := t.track.Read(packet)
	return n, err
}

// start runs a reading goroutine unless the session is closed.
func (s *session) start(read func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closed {
		s.running.Go(read)
	}
}

func (s *session) write(packets ...rtcp.Packet) {
	_ = s.peer.WriteRTCP(packets) // best effort: the transport's end is told by its state
}

// close ends the connection and waits for everything that reads from it.
func (s *session) close() error {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	err := s.peer.GracefulClose()
	s.running.Wait()
	if errors.Is(err, webrtc.ErrConnectionClosed) {
		return nil
	}
	return err
}

// restart answers new credentials of the client with new ones of ours.
func (s *session) restart(ctx context.Context, wanted fragment) (string, error) {
	renewed := wanted.applied(s.offer)
	if _, err := s.negotiate(ctx, renewed); err != nil {
		return "", err
	}
	s.offer.description, s.remote = renewed, wanted.ufrag
	parsed, err := s.peer.LocalDescription().Unmarshal()
	if err != nil {
		return "", fmt.Errorf("read answer: %w", err)
	}
	return fragmentOf(parsed).String(), nil
}

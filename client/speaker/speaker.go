// Package speaker owns the speaking side of a room for Go programs: one WebRTC session that sends Opus and hears the
// other speakers in slots.
//
//	s, err := speaker.Join(ctx, speaker.Config{URL: room + "/whip", Token: token, Slots: 3, Heard: heard})
//	...
//	err = s.Play(ctx, packets) // 20 ms each, in real time
//	err = s.Close(ctx)
package speaker

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/pion/webrtc/v4"
)

// MaxSlots is the most slots that a session may ask for.
const MaxSlots = 12

const (
	requestTimeout = 10 * time.Second
	leastSilence   = 500 * time.Millisecond
)

// Config says where to speak. URL is needed.
type Config struct {
	URL        string       // of the room's WHIP endpoint (RFC 9725)
	Token      string       // bearer token; "": none is sent
	Slots      int          // how many other speakers to hear at once, 0 to MaxSlots
	HTTPClient *http.Client // nil: one with a timeout of 10 s

	// Silence is how long nothing at all may come over the media connection, not even the answers to its checks
	// (RFC 7675), until the session has ended. 0: 2 s, at least 500 ms.
	Silence time.Duration

	// Heard is called with every packet of the other speakers, from one goroutine per slot. It must not block. nil: they
	// are not listened to.
	Heard func(Packet)
}

// Validate says everything that is wrong with the configuration.
func (c Config) Validate() error {
	var errs []error
	if u, err := url.Parse(c.URL); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		errs = append(errs, fmt.Errorf("%q is not an http or https URL", c.URL))
	}
	if c.Slots < 0 || c.Slots > MaxSlots {
		errs = append(errs, fmt.Errorf("%d slots are not 0 to %d", c.Slots, MaxSlots))
	}
	if c.Silence != 0 && c.Silence < leastSilence {
		errs = append(errs, fmt.Errorf("a silence of %v is shorter than %v", c.Silence, leastSilence))
	}
	return errors.Join(errs...)
}

// Speaker is a session on a stage. Its methods may be called from any goroutine.
type Speaker struct {
	whip       *whip
	peer       *webrtc.PeerConnection
	microphone *microphone
	heard      func(Packet)
	done       chan struct{}
	connected  chan struct{}

	ended   sync.Once
	up      sync.Once
	running sync.WaitGroup

	mu      sync.Mutex
	closed  bool
	restart chan struct{} // holds one token
}

// Join opens a session and answers when its transport is up. A refusal of the service is an *Error.
func Join(ctx context.Context, config Config) (*Speaker, error) {
	if err := config.Validate(); err != nil {
		return nil, fmt.Errorf("speaker: %w", err)
	}
	if config.HTTPClient == nil {
		config.HTTPClient = &http.Client{Timeout: requestTimeout}
	}
	if config.Silence == 0 {
		config.Silence = 2 * time.Second
	}
	peer, err := newPeer(config)
	if err != nil {
		return nil, fmt.Errorf("speaker: %w", err)
	}
	s := &Speaker{
		whip: &whip{client: config.HTTPClient, token: config.Token, endpoint: config.URL}, peer: peer, heard: config.Heard,
		done: make(chan struct{}), connected: make(chan struct{}), restart: make(chan struct{}, 1),
	}
	peer.OnTrack(s.listen)
	peer.OnConnectionStateChange(s.changed)
	if err := s.open(ctx, config.Slots); err != nil {
		return nil, errors.Join(err, s.abandon(ctx))
	}
	return s, nil
}

func (s *Speaker) open(ctx context.Context, slots int) error {
	if err := s.addSections(slots); err != nil {
		return fmt.Errorf("speaker: %w", err)
	}
	offer, err := s.offer(ctx, nil)
	if err != nil {
		return err
	}
	answer, err := s.whip.post(ctx, offer.SDP)
	if err != nil {
		return err
	}
	if err := s.peer.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: answer}); err != nil {
		return fmt.Errorf("speaker: apply answer: %w", err)
	}
	select {
	case <-s.connected:
		return nil
	case <-s.done:
		return errors.New("speaker: the media connection failed: is the media port reachable?")
	case <-ctx.Done():
		return fmt.Errorf("speaker: connect: %w", ctx.Err())
	}
}

// offer makes an offer with all candidates in.
func (s *Speaker) offer(ctx context.Context, options *webrtc.OfferOptions) (*webrtc.SessionDescription, error) {
	offer, err := s.peer.CreateOffer(options)
	if err != nil {
		return nil, fmt.Errorf("speaker: make offer: %w", err)
	}
	gathered := webrtc.GatheringCompletePromise(s.peer)
	if err := s.peer.SetLocalDescription(offer); err != nil {
		return nil, fmt.Errorf("speaker: make offer: %w", err)
	}
	select {
	case <-gathered:
		return s.peer.LocalDescription(), nil
	case <-ctx.Done():
		return nil, fmt.Errorf("speaker: gather candidates: %w", ctx.Err())
	}
}

func (s *Speaker) changed(state webrtc.PeerConnectionState) {
	switch state {
	case webrtc.PeerConnectionStateConnected:
		s.up.Do(func() { close(s.connected) })
	case webrtc.PeerConnectionStateFailed, webrtc.PeerConnectionStateClosed:
		s.ended.Do(func() { close(s.done) })
	}
}

// Done is closed when the session has ended: by Close, by the service or because its transport failed.
func (s *Speaker) Done() <-chan struct{} { return s.done }

// Close ends the session here and at the service, and waits for its goroutines. The error is that of telling the
// service; a session that the service does not know any more is none.
func (s *Speaker) Close(ctx context.Context) error {
	err := s.whip.remove(ctx)
	return errors.Join(err, s.closePeer())
}

// abandon ends a session that never came up.
func (s *Speaker) abandon(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), requestTimeout)
	defer cancel()
	return s.Close(ctx)
}

func (s *Speaker) closePeer() error {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	err := s.peer.GracefulClose()
	s.ended.Do(func() { close(s.done) })
	s.running.Wait()
	if err != nil {
		return fmt.Errorf("speaker: close: %w", err)
	}
	return nil
}

// start runs a goroutine that Close waits for.
func (s *Speaker) start(run func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closed {
		s.running.Go(run)
	}
}

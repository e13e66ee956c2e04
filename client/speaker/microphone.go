package speaker

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"
)

const (
	frame = 20 * time.Millisecond
	// silent is the longest Opus packet that says nothing but "go on being silent" (DTX).
	silent = 2
	// pause is how late a packet is when those before it are taken to have been followed by a pause.
	pause = 100 * time.Millisecond
)

// microphone numbers packets and gives them their time.
type microphone struct {
	track *webrtc.TrackLocalStaticRTP

	mu        sync.Mutex
	packet    rtp.Packet
	due       time.Time // when the next packet follows the one before without a pause
	timestamp uint32    // of the next packet
	talking   bool      // the packet before was sent
}

func newMicrophone(track *webrtc.TrackLocalStaticRTP) *microphone {
	m := &microphone{track: track, timestamp: rand.Uint32()}
	m.packet.Version = 2
	m.packet.SequenceNumber = uint16(rand.Uint32())
	return m
}

// begin answers when the first packet of a new recording is due: right after the packet before, or now if that is past by
// more than a packet. Nothing was recorded in between, so all of that time counts (RFC 3550 section 5.1).
func (m *microphone) begin(now time.Time) time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.follow(now, frame)
	return m.due
}

// follow lets the timestamp follow real time if the next packet is late by more than a tolerance. Needs the lock.
func (m *microphone) follow(now time.Time, tolerance time.Duration) {
	if m.due.IsZero() {
		m.due = now
	}
	if late := now.Sub(m.due); late > tolerance {
		m.timestamp += ticks(late)
		m.due, m.talking = now, false
	}
}

// write sends one packet that is spoken at a moment and answers when the one after it is due. Silence is not sent; time
// goes on.
func (m *microphone) write(opus []byte, duration time.Duration, now time.Time) (due time.Time, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.follow(now, pause)
	timestamp := m.timestamp
	m.timestamp += ticks(duration)
	m.due = m.due.Add(duration)
	if len(opus) <= silent {
		m.talking = false
		return m.due, nil
	}
	m.packet.SequenceNumber++
	m.packet.Timestamp = timestamp
	m.packet.Marker = !m.talking
	m.packet.Payload = opus
	m.talking = true
	if err := m.track.WriteRTP(&m.packet); err != nil {
		return m.due, fmt.Errorf("speaker: send: %w", err)
	}
	return m.due, nil
}

func ticks(d time.Duration) uint32 { return uint32(d * clockRate / time.Second) }

// WriteOpus sends one Opus packet of a duration (2.5 to 120 ms) now. Packets follow each other in media time; after a
// pause of more than 100 ms in real time they go on from there. A packet of at most two bytes is DTX: it is not sent.
func (s *Speaker) WriteOpus(packet []byte, duration time.Duration) error {
	_, err := s.write(packet, duration)
	return err
}

func (s *Speaker) write(packet []byte, duration time.Duration) (due time.Time, err error) {
	select {
	case <-s.done:
		return time.Time{}, errors.New("speaker: the session has ended")
	default:
	}
	if len(packet) > 1275 || duration < 2500*time.Microsecond || duration > 120*time.Millisecond {
		return time.Time{}, fmt.Errorf("speaker: %d bytes of %v are not an Opus packet", len(packet), duration)
	}
	return s.microphone.write(packet, duration, time.Now())
}

// Play sends packets of 20 ms in real time, until they end, the session ends or ctx does. What passed since the packet
// before was a pause. After a stall of up to 100 ms packets are hurried after; after a longer one they are later.
func (s *Speaker) Play(ctx context.Context, packets iter.Seq[[]byte]) error {
	timer := time.NewTimer(time.Until(s.microphone.begin(time.Now())))
	defer timer.Stop()
	for packet := range packets {
		select {
		case <-timer.C:
		case <-s.done:
			return errors.New("speaker: the session has ended")
		case <-ctx.Done():
			return ctx.Err()
		}
		due, err := s.write(packet, frame)
		if err != nil {
			return err
		}
		timer.Reset(time.Until(due))
	}
	return nil
}

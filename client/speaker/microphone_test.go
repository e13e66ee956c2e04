package speaker

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pion/interceptor"
	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"
)

// line is a connection that keeps headers.
type line struct{ headers []rtp.Header }

func (l *line) WriteRTP(header *rtp.Header, opus []byte) (int, error) {
	l.headers = append(l.headers, *header)
	return len(opus), nil
}
func (l *line) Write(b []byte) (int, error) { return len(b), nil }

func (l *line) CodecParameters() []webrtc.RTPCodecParameters {
	return []webrtc.RTPCodecParameters{opus}
}
func (l *line) HeaderExtensions() []webrtc.RTPHeaderExtensionParameter { return nil }
func (l *line) SSRC() webrtc.SSRC                                      { return 7 }
func (l *line) SSRCRetransmission() webrtc.SSRC                        { return 0 }
func (l *line) SSRCForwardErrorCorrection() webrtc.SSRC                { return 0 }
func (l *line) WriteStream() webrtc.TrackLocalWriter                   { return l }
func (l *line) ID() string                                             { return "line" }
func (l *line) RTCPReader() interceptor.RTCPReader                     { return nil }

func newLine(t *testing.T) (*microphone, *line) {
	t.Helper()
	track, err := webrtc.NewTrackLocalStaticRTP(opus.RTPCodecCapability, "microphone", "speaker")
	if err != nil {
		t.Fatal(err)
	}
	l := &line{}
	if _, err := track.Bind(l); err != nil {
		t.Fatal(err)
	}
	return newMicrophone(track), l
}

func TestTimeGoesOnThroughSilenceAndPauses(t *testing.T) {
	m, l := newLine(t)
	start := time.Now()
	talk, dtx := []byte{1, 2, 3}, []byte{8}
	for _, c := range []struct {
		opus []byte
		at   time.Duration
	}{
		{talk, 0}, {talk, 25 * time.Millisecond}, {dtx, 40 * time.Millisecond}, {dtx, 60 * time.Millisecond},
		{talk, 80 * time.Millisecond}, {talk, 1100 * time.Millisecond}, {talk, 1101 * time.Millisecond},
	} {
		if _, err := m.write(c.opus, frame, start.Add(c.at)); err != nil {
			t.Fatal(err)
		}
	}
	want := []struct {
		ticks  uint32
		marker bool
	}{{0, true}, {960, false}, {80 * 48, true}, {1100 * 48, true}, {1120 * 48, false}}
	if len(l.headers) != len(want) {
		t.Fatalf("%d packets sent, want %d", len(l.headers), len(want))
	}
	for i, h := range l.headers {
		if h.Timestamp-l.headers[0].Timestamp != want[i].ticks || h.Marker != want[i].marker {
			t.Errorf("packet %d: %d ticks, marker %v, want %+v", i, h.Timestamp-l.headers[0].Timestamp, h.Marker, want[i])
		}
		if h.SequenceNumber != l.headers[0].SequenceNumber+uint16(i) {
			t.Errorf("packet %d has number %d", i, h.SequenceNumber)
		}
	}
}

func TestPlayKeepsTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, l := newLine(t)
		s := &Speaker{microphone: m, done: make(chan struct{})}
		began := time.Now()
		err := s.Play(t.Context(), func(yield func([]byte) bool) {
			for range 50 {
				if !yield([]byte{1, 2, 3}) {
					return
				}
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		if took := time.Since(began); took != 49*frame {
			t.Errorf("50 packets took %v", took)
		}
		for i, h := range l.headers {
			if h.Timestamp-l.headers[0].Timestamp != uint32(i)*960 {
				t.Errorf("packet %d is at %d", i, h.Timestamp-l.headers[0].Timestamp)
			}
		}
		close(s.done)
		if err := s.WriteOpus([]byte{1, 2, 3}, frame); err == nil {
			t.Error("written after the end")
		}
	})
}

// TestTimestampsFollowRealTime plays twice, with a pause between and a stall in the middle of the second: a packet's
// timestamp says when it was sent, except while less than a packet of pause or a short stall is hurried after.
func TestTimestampsFollowRealTime(t *testing.T) {
	for _, c := range []struct{ pause, stall time.Duration }{
		{0, 0}, {5 * time.Millisecond, 0}, {35 * time.Millisecond, 0}, {80 * time.Millisecond, 0}, {100 * time.Millisecond, 0},
		{110 * time.Millisecond, 0}, {2 * time.Second, 0},
		{0, 90 * time.Millisecond}, {0, 105 * time.Millisecond}, {0, 115 * time.Millisecond}, {0, 500 * time.Millisecond},
		{80 * time.Millisecond, 110 * time.Millisecond},
	} {
		t.Run(fmt.Sprintf("pause %v, stall %v", c.pause, c.stall), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m, l := newLine(t)
				s := &Speaker{microphone: m, done: make(chan struct{})}
				began := time.Now()
				var ahead []time.Duration // of real time, by packet
				play := func(stall time.Duration) {
					err := s.Play(t.Context(), func(yield func([]byte) bool) {
						for n := range 20 {
							if n == 10 {
								<-time.After(frame + stall)
							}
							if !yield([]byte{1, 2, 3}) {
								return
							}
							last := l.headers[len(l.headers)-1]
							told := time.Duration(last.Timestamp-l.headers[0].Timestamp) * time.Second / clockRate
							ahead = append(ahead, told-time.Since(began))
						}
					})
					if err != nil {
						t.Fatal(err)
					}
				}
				play(0)
				<-time.After(c.pause)
				play(c.stall)
				for n, by := range ahead {
					hurried := n >= 30 && n < 36 && c.stall <= pause || n == 20 && c.pause < 2*frame
					if by != 0 && !hurried {
						t.Errorf("packet %d is %v ahead of real time", n, by)
					}
				}
			})
		})
	}
}

func TestWhatIsNoPacketIsRefused(t *testing.T) {
	m, l := newLine(t)
	s := &Speaker{microphone: m, done: make(chan struct{})}
	for _, duration := range []time.Duration{0, time.Second, -frame} {
		if s.WriteOpus([]byte{1, 2, 3}, duration) == nil {
			t.Errorf("%v was written", duration)
		}
	}
	if s.WriteOpus(make([]byte, 1276), frame) == nil || len(l.headers) != 0 {
		t.Error("1276 bytes were written")
	}
}

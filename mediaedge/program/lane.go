package program

import (
	"rostrum/mediaedge/audio"
	"rostrum/mediaedge/jitter"
	"rostrum/mediaedge/mix"
)

// fadeIn is how long sound takes to come up where it does not follow on from what was heard: 5 ms.
const fadeIn = 240

// lane turns one publisher's packets into frames at their media time.
type lane struct {
	seat     audio.Seat
	timeline *audio.Timeline
	delay    audio.Time
	metrics  *Metrics

	muted    bool
	buffer   *jitter.Buffer
	decoder  *mix.Decoder
	drift    drift
	patience int // packets until speech may be corrected again

	at      audio.Time // media time of pcm[0]; the start of the next frame
	pcm     []float32  // decoded and not yet taken
	spare   []float32  // to stretch and cross into
	bridged audio.Time // how long nothing was decoded
	quiet   bool       // what was decoded last is no speech

	leveller mix.Leveller
	limiter  mix.Limiter
	frame    mix.Frame // made last
	level    uint8     // of frame, -dBov
	sounds   bool      // frame is not digital silence
	chosen   bool      // frame is or would be in the sum
	power    float64   // of the loudest frames lately
}

func newLane(seat audio.Seat, timeline *audio.Timeline, at audio.Time, p *Program) (*lane, error) {
	decoder, err := mix.NewDecoder()
	if err != nil {
		return nil, err
	}
	dropped := func(why jitter.Reason) { p.metrics.dropped[why].Inc() }
	return &lane{
		seat: seat, timeline: timeline, delay: p.delay, metrics: p.metrics,
		buffer: jitter.New(dropped), decoder: decoder, limiter: mix.NewLimiter(mix.SpeakerCeiling),
		at: at, bridged: silent, level: audio.Silence, chosen: true,
		pcm: make([]float32, 0, 2*audio.MaxPacketTicks), spare: make([]float32, 0, 2*audio.MaxPacketTicks),
	}, nil
}

func (l *lane) push(p jitter.Packet) {
	l.timeline.Anchor(p.Timestamp, p.Arrival)
	l.drift.observe(p.Arrival-l.place(&p), p.Arrival)
	l.buffer.Push(p)
}

// place is the media time of a packet's first sample.
func (l *lane) place(p *jitter.Packet) audio.Time { return l.timeline.At(p.Timestamp, p.Arrival) }

// written is the media time up to which the lane has sound.
func (l *lane) written() audio.Time { return l.at + audio.Time(len(l.pcm)) }

// audible says whether the lane has sound without another packet.
func (l *lane) audible() bool { return len(l.pcm) > 0 || l.bridgeGain() > 0 }

// make puts the frame at a media time into l.frame, levelled and limited, and measures it.
func (l *lane) make(at audio.Time) {
	l.frame, l.level, l.sounds = mix.Frame{}, audio.Silence, false
	if l.buffer.Len() == 0 && !l.audible() {
		l.at = at + audio.FrameTicks
		l.power, l.chosen = 0, true
		return
	}
	l.fill(at + audio.FrameTicks)
	copy(l.frame[:], l.pcm)
	l.pcm = l.pcm[:copy(l.pcm, l.pcm[audio.FrameTicks:])]
	l.at = at + audio.FrameTicks
	l.leveller.Apply(&l.frame)
	l.limiter.Apply(&l.frame)
	power := l.frame.Power()
	l.level, l.sounds = mix.DBov(power), power > 0
	l.power = max(power, 0.94*l.power)
	l.chosen = l.chosen || !l.sounds
}

// weight is how much a lane asks to be in the sum.
func (l *lane) weight() float64 {
	if l.chosen {
		return loyalty * l.power
	}
	return l.power
}

// hush fades what would be heard next out over one frame and forgets everything after it.
func (l *lane) hush() {
	if l.buffer.Len() > 0 || l.audible() {
		l.fill(l.at + audio.FrameTicks)
		last := mix.Frame(l.pcm[:audio.FrameTicks])
		last.Ramp(1, 0)
		l.pcm = append(l.pcm[:0], last[:]...)
	}
	l.buffer.Empty()
	l.bridged = silent
}

// skip goes on at a later media time, from silence.
func (l *lane) skip(to audio.Time) {
	l.at, l.pcm, l.bridged = to, l.pcm[:0], silent
}

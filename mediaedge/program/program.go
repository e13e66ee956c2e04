// Package program owns what a room's audience hears: speakers' lanes, their mix, and the numbered batches cut from it.
package program

import (
	"fmt"
	"log/slog"

	"rostrum/mediaedge/audio"
	"rostrum/mediaedge/jitter"
	"rostrum/mediaedge/mix"
)

// DefaultDelay is how long after its end a batch is mixed, so that late and recovered packets still make it: 160 ms.
const DefaultDelay audio.Time = audio.SampleRate * 160 / 1000

// maxPacket bounds a packet of a speaker in bytes: what fits a datagram.
const maxPacket = 1500

// Packet is an RTP packet of a seated publisher, with header and redundancy taken off.
type Packet struct {
	Seat      audio.Seat
	Sequence  uint16
	Timestamp uint32
	Marker    bool
	Opus      []byte     // owned by the program after Push
	Arrival   audio.Time // media time at arrival
}

// Config is what a program needs to begin. Only Epoch must be set.
type Config struct {
	Epoch   audio.Epoch
	First   audio.Number
	Delay   audio.Time // 0: DefaultDelay
	Log     *slog.Logger
	Metrics *Metrics // shared by all programs of a process; nil: not counted
}

// Validate says what is wrong with a configuration.
func (c Config) Validate() error {
	if c.Epoch == 0 || c.Delay < 0 {
		return fmt.Errorf("program: epoch %d must not be 0 and delay %d not below 0", c.Epoch, c.Delay)
	}
	return nil
}

// Program makes one room's batches. It has no goroutine, no clock and no lock: one goroutine owns it, and time is an
// argument.
type Program struct {
	epoch   audio.Epoch
	delay   audio.Time
	log     *slog.Logger
	metrics *Metrics

	next     audio.Number
	lanes    [audio.MaxSeats + 1]*lane // by seat
	admitted []*lane                   // the same, by seat in rising order
	leaving  []*lane                   // fading out, in the next frame only
	events   events
	limiter  mix.Limiter
	frame    mix.Frame
	heard    []*lane // of the frame being mixed
	encoders []rendition
	levels   []audio.Level
}

type rendition struct {
	name    audio.Rendition
	encoder *mix.Encoder
}

// New makes a program without speakers. An error means that the configuration is wrong or libopus not usable.
func New(cfg Config) (*Program, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if cfg.Delay == 0 {
		cfg.Delay = DefaultDelay
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Metrics == nil {
		cfg.Metrics, _ = NewMetrics(nil) // registers nothing, so it cannot fail
	}
	p := &Program{
		epoch: cfg.Epoch, delay: cfg.Delay, log: cfg.Log, metrics: cfg.Metrics,
		next: cfg.First, limiter: mix.NewLimiter(mix.ProgramCeiling),
	}
	for _, name := range audio.Renditions {
		encoder, err := mix.NewEncoder(name)
		if err != nil {
			return nil, fmt.Errorf("new program: %w", err)
		}
		p.encoders = append(p.encoders, rendition{name, encoder})
	}
	return p, nil
}

// Next is the number of the batch that Make makes next.
func (p *Program) Next() audio.Number { return p.next }

// Due is the reading of the media clock from which the next batch may be made.
func (p *Program) Due() audio.Time { return (p.next + 1).Start() + p.delay }

// Admit opens a lane for a seat, in place of the one it has. The timeline is shared with whoever forwards the same
// publisher's packets: the first packet anchors it, on either side; the lane shifts it. A new publisher in the same
// seat needs a new Admit and a timeline of its own or reset.
func (p *Program) Admit(seat audio.Seat, timeline *audio.Timeline) {
	if seat < 1 || seat > audio.MaxSeats {
		p.log.Error("no lane for a seat that cannot be", "seat", seat)
		return
	}
	p.Dismiss(seat)
	l, err := newLane(seat, timeline, p.next.Start(), p)
	if err != nil {
		p.log.Error("no lane for a speaker", "seat", seat, "error", err)
		return
	}
	p.lanes[seat] = l
	p.arrange()
}

// Dismiss fades a seat out over 20 ms of the next batch and forgets it with all that it said beyond.
func (p *Program) Dismiss(seat audio.Seat) {
	l := p.lane(seat)
	if l == nil {
		return
	}
	l.hush()
	if l.audible() && len(p.leaving) < audio.MaxSeats {
		p.leaving = append(p.leaving, l)
	}
	p.lanes[seat] = nil
	p.arrange()
}

// Mute makes a seat silent as Dismiss does, or lets it be heard again; the lane stays.
func (p *Program) Mute(seat audio.Seat, muted bool) {
	l := p.lane(seat)
	if l == nil || l.muted == muted {
		return
	}
	l.muted = muted
	if muted {
		l.hush()
	}
}

// Push takes a packet of a speaker. Packets of seats that may not be heard are dropped and counted.
func (p *Program) Push(packet Packet) {
	l := p.lane(packet.Seat)
	if l == nil {
		p.metrics.dropped[dropUnknownSeat].Inc()
		return
	}
	if l.muted {
		p.metrics.dropped[dropMuted].Inc()
		return
	}
	ticks, ok := audio.PacketTicks(packet.Opus)
	if !ok || len(packet.Opus) > maxPacket {
		p.metrics.dropped[dropMalformed].Inc()
		return
	}
	l.push(jitter.Packet{
		Sequence: packet.Sequence, Timestamp: packet.Timestamp, Arrival: packet.Arrival, Ticks: ticks, Opus: packet.Opus,
	})
}

// Note puts a stage event into the batch that holds a media time, or into the next one with room. Events are taken in
// the order of their positions; one that was noted before is ignored.
func (p *Program) Note(e audio.TimedEvent, at audio.Time) {
	if !p.events.note(e, at) {
		p.metrics.events.Inc()
		p.log.Warn("a stage event was dropped: too many wait")
	}
}

// SetLog says how far the stage log is in force, also by events that no listener is told of. A batch's position never
// passes an event that still waits.
func (p *Program) SetLog(position audio.Position) {
	if p.events.known.Before(position) {
		p.events.known = position
	}
}

// Skip leaves out the numbers before to, with all that was said in them.
func (p *Program) Skip(to audio.Number) {
	if to <= p.next {
		return
	}
	p.next = to
	p.leaving = p.leaving[:0]
	for _, l := range p.admitted {
		l.skip(to.Start())
	}
}

// Levels is the loudness of every admitted seat in the newest batch, by seat, before any is left out as silent. Valid
// until the next Make.
func (p *Program) Levels() []audio.Level { return p.levels }

func (p *Program) lane(seat audio.Seat) *lane {
	if int(seat) >= len(p.lanes) {
		return nil
	}
	return p.lanes[seat]
}

// arrange puts the lanes in order again.
func (p *Program) arrange() {
	p.admitted = p.admitted[:0]
	for _, l := range p.lanes {
		if l != nil {
			p.admitted = append(p.admitted, l)
		}
	}
}

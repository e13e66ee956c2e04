package program

import (
	"cmp"
	"slices"

	"rostrum/mediaedge/audio"
)

const (
	maxHeard    = 8  // voices in the sum; more nobody tells apart
	maxLevels   = 16 // seats whose loudness a batch tells
	silentLevel = 60 // -dBov: a seat that stays below was silent
	loyalty     = 2  // a voice in the sum gives way to one of twice its power
)

// dtx stands for a frame that could not be encoded: a packet without a frame (RFC 6716 section 3.1, hybrid, 20 ms).
const dtx = 15 << 3

// Make mixes the next batch: one for each rendition, with the same number, events and levels. The caller owns them;
// they share events and levels.
func (p *Program) Make() []audio.Batch {
	out := make([]audio.Batch, len(p.encoders))
	for i, r := range p.encoders {
		out[i] = audio.Batch{Number: p.next, Epoch: p.epoch, Rendition: r.name}
	}
	packets := make([][]byte, len(out))
	for i := range packets {
		packets[i] = make([]byte, 0, audio.FramesPerBatch*100)
	}
	p.open()
	for n := range audio.FramesPerBatch {
		p.mix(n)
		for i := range out {
			out[i].Frames[n].Opus, packets[i] = p.encode(p.encoders[i], packets[i])
		}
	}
	events, position := p.events.take(p.next.Start())
	levels := p.told()
	for i := range out {
		out[i].Events, out[i].Log, out[i].Levels = events, position, levels
	}
	p.next++
	p.metrics.batches.Inc()
	return out
}

// open prepares the levels of a batch.
func (p *Program) open() {
	p.levels = p.levels[:0]
	for _, l := range p.admitted {
		p.levels = append(p.levels, audio.Level{Seat: l.seat})
	}
}

// mix makes frame n of the next batch in p.frame.
func (p *Program) mix(n int) {
	at := p.next.Start() + audio.Time(n)*audio.FrameTicks
	p.frame = [audio.FrameTicks]float32{}
	p.heard = p.heard[:0]
	for i, l := range p.admitted {
		l.make(at)
		p.levels[i].DBov[n] = l.level
		if l.sounds {
			p.heard = append(p.heard, l)
		}
	}
	p.choose()
	for _, l := range p.heard {
		p.frame.Add(&l.frame)
	}
	for _, l := range p.leaving {
		l.make(at)
		p.frame.Add(&l.frame)
	}
	p.leaving = p.leaving[:0]
	p.limiter.Apply(&p.frame)
}

// choose keeps the loudest voices of p.heard. One that comes into the sum or leaves it fades over the frame.
func (p *Program) choose() {
	if len(p.heard) > maxHeard {
		slices.SortStableFunc(p.heard, func(a, b *lane) int { return cmp.Compare(b.weight(), a.weight()) })
	}
	chosen := p.heard[:0]
	for i, l := range p.heard {
		before, now := l.chosen, i < maxHeard
		l.chosen = now
		switch {
		case before && !now:
			l.frame.Ramp(1, 0)
		case now && !before:
			l.frame.Ramp(0, 1)
		case !now:
			continue
		}
		chosen = append(chosen, l)
	}
	p.heard = chosen
}

// encode answers the packet of p.frame in one rendition, and the memory that holds it and what was there.
func (p *Program) encode(r rendition, memory []byte) (packet, grown []byte) {
	begin := len(memory)
	grown, err := r.encoder.Append(memory, &p.frame)
	if err != nil {
		p.metrics.encodes.Inc()
		grown = append(grown, dtx)
	}
	return grown[begin:len(grown):len(grown)], grown
}

// told are the levels that a batch tells: those of the loudest seats that were heard.
func (p *Program) told() []audio.Level {
	var out []audio.Level
	for _, level := range p.levels {
		if slices.Min(level.DBov[:]) < silentLevel {
			out = append(out, level)
		}
	}
	if len(out) > maxLevels {
		loudness := func(l audio.Level) uint8 { return slices.Min(l.DBov[:]) }
		slices.SortStableFunc(out, func(a, b audio.Level) int { return cmp.Compare(loudness(a), loudness(b)) })
		out = out[:maxLevels]
		slices.SortFunc(out, func(a, b audio.Level) int { return cmp.Compare(a.Seat, b.Seat) })
	}
	return out
}

package program

import "rostrum/mediaedge/audio"

// The offset of a publisher's clock is the least lateness of its packets over the last 8 to 10 seconds: queues only
// ever add delay, so the least delayed packets show the clock.
const (
	driftSpans   = 5
	driftSpan    = 2 * audio.SampleRate
	driftSamples = 10 // packets that make a judgement
	driftNewest  = 2  // spans that show a path that has become slower
	driftSudden  = 25 // packets of the newest spans alone that make a judgement
)

// drift measures how late a publisher's packets are against their timeline. The zero value is ready.
type drift struct {
	spans   [driftSpans]driftLeast
	current int
	began   audio.Time // of the current span
}

type driftLeast struct {
	samples int
	least   audio.Time
}

// observe notes that a packet arrived this much after its media time.
func (d *drift) observe(lateness, arrival audio.Time) {
	switch passed := arrival - d.began; {
	case passed >= driftSpans*driftSpan:
		*d = drift{}
	case passed >= driftSpan:
		d.current = (d.current + 1) % driftSpans
		d.spans[d.current] = driftLeast{}
	}
	s := &d.spans[d.current]
	if s.samples == 0 {
		d.began = arrival
	}
	if s.samples == 0 || lateness < s.least {
		s.least = lateness
	}
	s.samples++
}

// offset is the least lateness; 0 while too little is known.
func (d *drift) offset() audio.Time { return d.least(driftSpans, driftSamples) }

// sudden is the least lateness of the last 2 to 4 seconds: a path that has become slower shows here first.
func (d *drift) sudden() audio.Time { return d.least(driftNewest, driftSudden) }

// forget leaves the newest spans alone: those before tell of a path that is no more, and would undo what is corrected.
func (d *drift) forget() {
	for i := driftNewest; i < driftSpans; i++ {
		d.spans[(d.current-i+driftSpans)%driftSpans] = driftLeast{}
	}
}

// least is the least lateness of the newest spans, if they hold enough samples.
func (d *drift) least(spans, enough int) audio.Time {
	samples, least := 0, audio.Time(0)
	for i := range spans {
		s := d.spans[(d.current-i+driftSpans)%driftSpans]
		if s.samples == 0 {
			continue
		}
		if samples == 0 || s.least < least {
			least = s.least
		}
		samples += s.samples
	}
	if samples < enough {
		return 0
	}
	return least
}

// shifted says that the timeline was shifted: everything noted is less late by that.
func (d *drift) shifted(by audio.Time) {
	for i := range d.spans {
		d.spans[i].least -= by
	}
}

package program

import (
	"slices"
	"unicode/utf8"

	"rostrum/mediaedge/audio"
)

const (
	maxWaiting   = 1024 // events that wait for a batch
	maxName      = 256  // bytes of a name or user in an event
	eventBudget  = 3000 // encoded bytes of events in one batch
	eventFraming = 56   // encoded bytes of an event beside its texts, at most
)

// events are the stage events that wait for the batch in which they become true, by position.
type events struct {
	waiting []timed
	newest  audio.Position // noted, whether it waits or was taken
	known   audio.Position // the log's newest position, events or not
	told    audio.Position // of the last batch
}

type timed struct {
	at    audio.Time
	event audio.TimedEvent
}

// note keeps an event for the batch that holds at. An event at or before the newest one was noted before. False: too
// many wait and the oldest was dropped.
func (l *events) note(e audio.TimedEvent, at audio.Time) bool {
	if !l.newest.Before(e.Position) {
		return true
	}
	l.newest = e.Position
	e.Occupant.Name = cut(e.Occupant.Name)
	e.Occupant.User = cut(e.Occupant.User)
	l.waiting = append(l.waiting, timed{at, e})
	if len(l.waiting) > maxWaiting {
		l.waiting = slices.Delete(l.waiting, 0, 1)
		return false
	}
	return true
}

// take answers the events of the batch that starts at a media time and the position in force at its end. Events keep
// their order: one that is late or finds no room holds up those after it.
func (l *events) take(start audio.Time) ([]audio.TimedEvent, audio.Position) {
	var out []audio.TimedEvent
	budget, ticks := eventBudget, audio.Time(0)
	for _, w := range l.waiting {
		budget -= eventFraming + len(w.event.Occupant.Name) + len(w.event.Occupant.User)
		if w.at >= start+audio.BatchTicks || len(out) == audio.MaxBatchEvents || budget < 0 {
			break
		}
		ticks = max(ticks, w.at-start)
		w.event.Ticks = uint16(ticks)
		out = append(out, w.event)
	}
	l.waiting = slices.Delete(l.waiting, 0, len(out))
	now := l.newest
	if now.Before(l.known) {
		now = l.known
	}
	if len(l.waiting) > 0 {
		now = before(l.waiting[0].event.Position)
	}
	if l.told.Before(now) {
		l.told = now
	}
	return out, l.told
}

// before is a position that is in force while p is not yet. Offsets of a term have no holes.
func before(p audio.Position) audio.Position {
	if p.Offset == 0 {
		return audio.Position{}
	}
	return audio.Position{Term: p.Term, Offset: p.Offset - 1}
}

// cut bounds a text in bytes and keeps whole characters, so that no event makes a batch too large.
func cut(text string) string {
	if len(text) <= maxName {
		return text
	}
	end := maxName
	for end > 0 && !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end]
}

package origin

import (
	"maps"
	"slices"

	"rostrum/internal/id"
	"rostrum/mediaedge/audio"
)

// stage is what an origin keeps of its room's stage: enough to say who may speak and to draw the room card.
type stage struct {
	position      audio.Position
	live          bool
	ended         bool
	title         string
	language      string
	openStage     bool
	openListening bool
	seats         map[audio.Seat]audio.Occupant
	anchor        anchor
}

// change is one item of a watched stage: a whole stage or one event.
type change struct {
	snapshot *stage
	event    audio.TimedEvent // Kind 0: an event that concerns no listener, only its position
	anchor   anchor           // of an event that anchors an epoch
}

// with is the stage after an event.
func (s stage) with(c change) stage {
	if c.snapshot != nil {
		return *c.snapshot
	}
	s.position = c.event.Position
	s.seats = maps.Clone(s.seats)
	switch c.event.Kind {
	case audio.EventSeated:
		s.seats[c.event.Seat] = c.event.Occupant
	case audio.EventUnseated:
		delete(s.seats, c.event.Seat)
	case audio.EventMuted, audio.EventUnmuted:
		if occupant, seated := s.seats[c.event.Seat]; seated {
			occupant.Muted = c.event.Kind == audio.EventMuted
			s.seats[c.event.Seat] = occupant
		}
	case audio.EventEnded:
		s.ended, s.live = true, false
	}
	if c.anchor.epoch != 0 {
		s.anchor = c.anchor
	}
	return s
}

// seatOf answers where a person sits.
func (s stage) seatOf(user id.User) (audio.Seat, bool) {
	for seat, occupant := range s.seats {
		if occupant.User == string(user) {
			return seat, true
		}
	}
	return 0, false
}

// occupants are the people on stage in order of seats.
func (s stage) occupants() []audio.Occupant {
	seats := slices.Sorted(maps.Keys(s.seats))
	out := make([]audio.Occupant, len(seats))
	for i, seat := range seats {
		out[i] = s.seats[seat]
	}
	return out
}

// publisher is what origin tells the SFU and the program about one seat.
type publisher interface {
	admit(audio.Occupant)
	dismiss(audio.Seat)
	mute(audio.Seat, bool)
}

// enforce makes p allow just what the stage after allows, given that it allows what the stage before does.
func enforce(p publisher, before, after stage) {
	for seat, was := range before.seats {
		if is, seated := after.seats[seat]; !seated || is.User != was.User {
			p.dismiss(seat)
		}
	}
	for seat, is := range after.seats {
		was, seated := before.seats[seat]
		if !seated || was.User != is.User {
			p.admit(is)
		} else if was.Muted != is.Muted {
			p.mute(seat, is.Muted)
		}
	}
}

package origin

import (
	"maps"
	"slices"

	"rostrum/internal/id"
	"rostrum/mediaedge/audio"
)

// stage is what an origin keeps of its room's stage: enough to say who may speak and to draw the room card.
type stage struct {
	position audio.Position
	live     bool
	ended    bool
	title    string
	language string
	policy   audio.Policy
	seats    map[audio.Seat]audio.Occupant // replaced, never changed
	anchor   anchor
	removed  []string // people who are kept out; of a whole stage, events do not change it
}

// with is the stage after a change, and what listeners are told of it; Kind 0: nothing.
func (s stage) with(c change) (stage, audio.TimedEvent) {
	if c.snapshot != nil {
		return *c.snapshot, audio.TimedEvent{}
	}
	s.position = c.position
	told := audio.TimedEvent{Position: c.position, Seat: c.seat}
	switch c.kind {
	case changeSeated:
		s.seats = maps.Clone(s.seats)
		s.seats[c.seat] = c.occupant
		told.Kind, told.Occupant = audio.EventSeated, c.occupant
	case changeUnseated:
		if _, seated := s.seats[c.seat]; seated {
			s.seats = maps.Clone(s.seats)
			delete(s.seats, c.seat)
			told.Kind = audio.EventUnseated
		}
	case changePolicy:
		s.policy.Hands = c.hands
		told.Kind, told.Policy = audio.EventPolicy, s.policy
	case changeEnded:
		s.ended, s.live = true, false
		told.Kind = audio.EventEnded
	case changeAnchor:
		s.anchor = c.anchor
	default:
		return s.changed(c, told)
	}
	return s, told
}

// changed is the stage after something changed about a person who may be in a seat.
func (s stage) changed(c change, told audio.TimedEvent) (stage, audio.TimedEvent) {
	seat, seated := s.seatOf(id.User(c.user))
	if !seated {
		return s, told
	}
	before := s.seats[seat]
	after := c.about(before)
	if after == before {
		return s, told
	}
	s.seats = maps.Clone(s.seats)
	s.seats[seat] = after
	told.Seat = seat
	switch c.kind {
	case changeMuted:
		told.Kind = audio.EventMuted
	case changeUnmuted:
		told.Kind = audio.EventUnmuted
	default:
		told.Kind, told.Occupant = audio.EventChanged, after
	}
	return s, told
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
	dismiss(audio.Occupant)
	mute(audio.Seat, bool)
}

// enforce makes p allow just what the stage after allows, given that it allows what the stage before does.
func enforce(p publisher, before, after stage) {
	for seat, was := range before.seats {
		if is, seated := after.seats[seat]; !seated || is.User != was.User {
			p.dismiss(was)
		}
	}
	for seat, is := range after.seats {
		was, seated := before.seats[seat]
		if !seated || was.User != is.User {
			p.admit(is)
		} else if silent(was) != silent(is) {
			p.mute(seat, silent(is))
		}
	}
}

// silent says whether the stage keeps a person from being heard.
func silent(o audio.Occupant) bool { return o.Muted || o.Held }

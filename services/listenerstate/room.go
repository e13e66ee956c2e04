package listenerstate

import (
	"slices"

	"rostrum/internal/fault"
	"rostrum/internal/id"
)

// Bounds of a room.
const (
	DefaultSeats = 20
	MostSeats    = 100
	MostSpeakers = 100
)

// OpenRoom makes a room live, once. Opening it again for the same host changes nothing.
type OpenRoom struct {
	Host          id.User
	Title         string
	MaxSeats      uint32 // 1 to MostSeats; 0: DefaultSeats
	OpenStage     bool   // anyone may take a seat
	OpenListening bool
	Language      string
	Speakers      []id.User // may take a seat, beside the host
}

func (OpenRoom) kind() string          { return "open_room" }
func (c OpenRoom) about(Actor) id.User { return c.Host }

func (c OpenRoom) check() error {
	if _, err := id.ParseUser(string(c.Host)); err != nil {
		return fault.Invalid("host", "us_ and 20 characters")
	}
	if c.MaxSeats > MostSeats {
		return fault.Invalid("max_seats", "1 to 100")
	}
	if len(c.Speakers) > MostSpeakers {
		return fault.Invalid("speakers", "at most 100 people")
	}
	for _, speaker := range c.Speakers {
		if _, err := id.ParseUser(string(speaker)); err != nil {
			return fault.Invalid("speakers", "us_ and 20 characters each")
		}
	}
	if err := checkText("title", c.Title, maxTitleBytes); err != nil {
		return err
	}
	return checkLanguage(c.Language)
}

func (c OpenRoom) decide(m moment) ([]Change, error) {
	switch {
	case m.State == StateEnded:
		return nil, fault.New(fault.CodeEnded, "the room is over and is not opened again")
	case m.State == StateLive && m.Host == c.Host:
		return nil, nil
	case m.State == StateLive:
		return nil, fault.New(fault.CodeConflict, "the room is live with another host")
	}
	if c.MaxSeats == 0 {
		c.MaxSeats = DefaultSeats
	}
	c.Speakers = slices.Clone(c.Speakers)
	return []Change{RoomOpened(c)}, nil
}

// RoomOpened is the first event of every log.
type RoomOpened OpenRoom

func (c RoomOpened) evolve(_ Stage, e Event) Stage {
	return Stage{
		State: StateLive, Host: c.Host, Title: c.Title, MaxSeats: c.MaxSeats, OpenStage: c.OpenStage,
		OpenListening: c.OpenListening, Language: c.Language, Speakers: c.Speakers, OpenedAt: e.WallTime, HandMode: HandsOpen,
	}
}

// EndRoom ends a room for good.
type EndRoom struct{}

func (EndRoom) kind() string        { return "end_room" }
func (EndRoom) about(Actor) id.User { return "" }
func (EndRoom) check() error        { return nil }

func (EndRoom) decide(m moment) ([]Change, error) {
	var changes []Change
	for _, seat := range m.Seats {
		changes = append(changes, Unseated{User: seat.User, Seat: seat.Number, Reason: UnseatEnded})
	}
	return append(changes, RoomEnded{}), nil
}

// RoomEnded is the last event of a log, after everyone was unseated. Hands and invites are over with it.
type RoomEnded struct{}

func (RoomEnded) evolve(stage Stage, e Event) Stage {
	stage.State, stage.EndedAt, stage.Seats, stage.Hands, stage.Invites = StateEnded, e.WallTime, nil, HandQueue{}, nil
	return stage
}

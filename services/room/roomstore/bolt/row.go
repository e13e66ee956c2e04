package bolt

import (
	"time"

	"rostrum/internal/id"
	"rostrum/services/room"
)

// row is how a room is stored; app and id are its key.
type row struct {
	Version       uint64
	State         room.State
	Title         string
	Description   string `json:",omitempty"`
	Language      string `json:",omitempty"`
	Zone          string
	Host          id.User
	HostName      string
	OpenStage     bool `json:",omitempty"`
	OpenListening bool `json:",omitempty"`
	MaxSeats      uint32
	Speakers      []id.User `json:",omitempty"`
	Created       time.Time
	Scheduled     time.Time `json:",omitzero"`
	Started       time.Time `json:",omitzero"`
	Ended         time.Time `json:",omitzero"`
}

func rowOf(r room.Room) row {
	return row{
		Version: r.Version, State: r.State, Title: r.Title, Description: r.Description, Language: r.Language, Zone: r.Zone,
		Host: r.Host, HostName: r.HostName, OpenStage: r.OpenStage, OpenListening: r.OpenListening, MaxSeats: r.MaxSeats,
		Speakers: r.Speakers, Created: r.Created, Scheduled: r.Scheduled, Started: r.Started, Ended: r.Ended,
	}
}

func (r row) room(app id.App, roomID id.Room) room.Room {
	return room.Room{
		App: app, ID: roomID, Version: r.Version, State: r.State, Title: r.Title, Description: r.Description,
		Language: r.Language, Zone: r.Zone, Host: r.Host, HostName: r.HostName, OpenStage: r.OpenStage,
		OpenListening: r.OpenListening, MaxSeats: r.MaxSeats, Speakers: r.Speakers, Created: r.Created,
		Scheduled: r.Scheduled, Started: r.Started, Ended: r.Ended,
	}
}

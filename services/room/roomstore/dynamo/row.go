package dynamo

import (
	"rostrum/internal/dynamo"
	"rostrum/internal/id"
	"rostrum/services/room"
)

// itemOf is how a room is stored. A live one also stands in the index.
func itemOf(r room.Room) dynamo.Item {
	item := dynamo.Item{}
	item.SetText("app", string(r.App))
	item.SetText("room", string(r.ID))
	item.SetNumber("version", r.Version)
	item.SetNumber("state", uint64(r.State))
	item.SetText("title", r.Title)
	item.SetText("description", r.Description)
	item.SetText("language", r.Language)
	item.SetText("zone", r.Zone)
	item.SetText("host", string(r.Host))
	item.SetText("host_name", r.HostName)
	item.SetFlag("open_stage", r.OpenStage)
	item.SetFlag("open_listening", r.OpenListening)
	item.SetNumber("max_seats", uint64(r.MaxSeats))
	speakers := make([]string, len(r.Speakers))
	for i, speaker := range r.Speakers {
		speakers[i] = string(speaker)
	}
	item.SetTexts("speakers", speakers)
	item.SetTime("created", r.Created)
	item.SetTime("scheduled", r.Scheduled)
	item.SetTime("started", r.Started)
	item.SetTime("ended", r.Ended)
	if r.State == room.StateLive {
		item.SetText("live", shardKey(r.App, shardOf(r.ID)))
		item.SetText("since", placeText(room.Place{Started: r.Started, Room: r.ID}))
	}
	return item
}

func roomOf(item dynamo.Item) (room.Room, error) {
	read := dynamo.Read(item)
	r := room.Room{
		App: id.App(read.Text("app")), ID: id.Room(read.Text("room")), Version: read.Number("version"),
		State: room.State(read.Number("state")), Title: read.Text("title"), Description: read.Text("description"),
		Language: read.Text("language"), Zone: read.Text("zone"), Host: id.User(read.Text("host")), HostName: read.Text("host_name"),
		OpenStage: read.Flag("open_stage"), OpenListening: read.Flag("open_listening"), MaxSeats: uint32(read.Number("max_seats")),
		Created: read.Time("created"), Scheduled: read.Time("scheduled"), Started: read.Time("started"), Ended: read.Time("ended"),
	}
	for _, speaker := range read.Texts("speakers") {
		r.Speakers = append(r.Speakers, id.User(speaker))
	}
	return r, read.Err()
}

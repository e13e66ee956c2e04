package mobileapi

import (
	"fmt"
	"net/http"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"rostrum/internal/fault"
	"rostrum/internal/id"
	roomv1 "rostrum/proto/rostrum/room/v1"
)

const (
	maxSeats    = 100
	maxSpeakers = 100
)

// newRoom is what createRoom of openapi.yaml takes.
type newRoom struct {
	Title         string   `json:"title"`
	Description   string   `json:"description"`
	Language      string   `json:"language"`
	TimeZone      string   `json:"time_zone"`
	OpenStage     bool     `json:"open_stage"`
	OpenListening bool     `json:"open_listening"`
	MaxSeats      *uint32  `json:"max_seats"`
	Speakers      []string `json:"speakers"`
	ScheduledFor  *string  `json:"scheduled_for"`
}

func (n rooms) create(r *request) (answer, error) {
	key, err := idempotencyKey(r)
	if err != nil {
		return answer{}, err
	}
	var in newRoom
	if err := readJSON(r, &in); err != nil {
		return answer{}, err
	}
	wanted, err := in.check()
	if err != nil {
		return answer{}, err
	}
	wanted.App, wanted.User, wanted.UserName, wanted.IdempotencyKey = string(r.app), string(r.who.user), r.who.name, key
	made, err := n.catalogue.CreateRoom(r.Context(), wanted)
	if err != nil {
		return answer{}, fmt.Errorf("create room: %w", err)
	}
	out, err := inJSON(http.StatusCreated, roomFrom(made.GetRoom(), nil))
	if err == nil {
		out.header["Location"] = "/v1/rooms/" + made.GetRoom().GetId()
	}
	return out, err
}

// check bounds what the contract bounds; what texts may say is the catalogue's to decide.
func (n newRoom) check() (*roomv1.CreateRoomRequest, error) {
	wanted := &roomv1.CreateRoomRequest{
		Title: n.Title, Description: n.Description, Language: n.Language, TimeZone: n.TimeZone,
		OpenStage: n.OpenStage, OpenListening: n.OpenListening, Speakers: n.Speakers,
	}
	if n.Title == "" {
		return nil, fault.Invalid("title", "there")
	}
	if n.MaxSeats != nil {
		wanted.MaxSeats = *n.MaxSeats
		if wanted.MaxSeats < 1 || wanted.MaxSeats > maxSeats {
			return nil, fault.Invalid("max_seats", fmt.Sprintf("1 to %d", maxSeats))
		}
	}
	if len(n.Speakers) > maxSpeakers {
		return nil, fault.Invalid("speakers", fmt.Sprintf("at most %d", maxSpeakers))
	}
	for _, speaker := range n.Speakers {
		if _, err := id.ParseUser(speaker); err != nil {
			return nil, fault.Invalid("speakers", "users: us_ and 20 characters each")
		}
	}
	if n.ScheduledFor != nil {
		at, err := time.Parse(time.RFC3339, *n.ScheduledFor)
		if err != nil {
			return nil, fault.Invalid("scheduled_for", "a time as in RFC 3339")
		}
		wanted.ScheduledFor = timestamppb.New(at)
	}
	return wanted, nil
}

package mobileapi

import (
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	listenv1 "rostrum/proto/rostrum/listen/v1"
	listenerstatev1 "rostrum/proto/rostrum/listenerstate/v1"
	roomv1 "rostrum/proto/rostrum/room/v1"
)

// wireRoom is Room of openapi.yaml.
type wireRoom struct {
	ID              string     `json:"id"`
	Title           string     `json:"title"`
	Description     string     `json:"description"`
	Language        string     `json:"language"`
	TimeZone        string     `json:"time_zone"`
	State           string     `json:"state"`
	Host            wireHost   `json:"host"`
	OpenStage       bool       `json:"open_stage"`
	OpenListening   bool       `json:"open_listening"`
	MaxSeats        uint32     `json:"max_seats"`
	AllowedSpeakers []string   `json:"allowed_speakers"`
	Speakers        []wireSeat `json:"speakers"`
	CreatedAt       *time.Time `json:"created_at"`
	ScheduledFor    *time.Time `json:"scheduled_for"`
	StartedAt       *time.Time `json:"started_at"`
	EndedAt         *time.Time `json:"ended_at"`
}

type wireHost struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// wireSeat is Seat of openapi.yaml.
type wireSeat struct {
	Seat  uint32 `json:"seat"`
	User  string `json:"user"`
	Name  string `json:"name"`
	Role  string `json:"role"`
	Muted bool   `json:"muted"`
	Held  bool   `json:"held"`
	Away  bool   `json:"away"`
}

type wirePosition struct {
	Term   uint64 `json:"term"`
	Offset uint64 `json:"offset"`
}

func roomFrom(r *roomv1.Room, stage *listenerstatev1.Stage) wireRoom {
	return wireRoom{
		ID: r.GetId(), Title: r.GetTitle(), Description: r.GetDescription(), Language: r.GetLanguage(),
		TimeZone: r.GetTimeZone(), State: stateFrom(r.GetState()), Host: wireHost{r.GetHost(), r.GetHostName()},
		OpenStage: r.GetOpenStage(), OpenListening: r.GetOpenListening(), MaxSeats: r.GetMaxSeats(),
		AllowedSpeakers: append([]string{}, r.GetSpeakers()...), Speakers: seatsFrom(stage),
		CreatedAt: timeFrom(r.GetCreatedAt()), ScheduledFor: timeFrom(r.GetScheduledFor()),
		StartedAt: timeFrom(r.GetStartedAt()), EndedAt: timeFrom(r.GetEndedAt()),
	}
}

// seatsFrom is never nil, so that JSON has a list.
func seatsFrom(stage *listenerstatev1.Stage) []wireSeat {
	seats := make([]wireSeat, 0, len(stage.GetSeats()))
	for _, s := range stage.GetSeats() {
		seats = append(seats, wireSeat{
			s.GetSeat(), s.GetUser(), s.GetName(), roleFrom(s.GetRole()), s.GetMuted(), s.GetHeld(), s.GetAway(),
		})
	}
	return seats
}

func positionFrom(p *listenv1.Position) wirePosition { return wirePosition{p.GetTerm(), p.GetOffset()} }

func roleFrom(role listenv1.Role) string {
	switch role {
	case listenv1.Role_ROLE_HOST:
		return "host"
	case listenv1.Role_ROLE_MODERATOR:
		return "moderator"
	case listenv1.Role_ROLE_SPEAKER:
		return "speaker"
	}
	return "listener"
}

func stateFrom(state listenv1.RoomState) string {
	switch state {
	case listenv1.RoomState_ROOM_STATE_LIVE:
		return "live"
	case listenv1.RoomState_ROOM_STATE_ENDED:
		return "ended"
	}
	return "scheduled"
}

// timeFrom is nil, null in JSON, where there is no time.
func timeFrom(t *timestamppb.Timestamp) *time.Time {
	if t == nil {
		return nil
	}
	at := t.AsTime().Truncate(time.Millisecond)
	return &at
}

package room

import (
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"rostrum/internal/fault"
	"rostrum/internal/id"
	listenv1 "rostrum/proto/rostrum/listen/v1"
	listenerstatev1 "rostrum/proto/rostrum/listenerstate/v1"
	roomv1 "rostrum/proto/rostrum/room/v1"
)

// named are the requests about a room.
type named interface {
	GetApp() string
	GetRoom() string
}

func readName(in named) (id.App, id.Room, error) {
	app, err := id.ParseApp(in.GetApp())
	if err != nil {
		return "", "", err
	}
	room, err := id.ParseRoom(in.GetRoom())
	return app, room, err
}

// readHostCommand reads the requests that only a host may make.
func readHostCommand(in interface {
	named
	GetUser() string
}) (id.App, id.Room, id.User, error) {
	app, room, err := readName(in)
	if err != nil {
		return "", "", "", err
	}
	user, err := id.ParseUser(in.GetUser())
	return app, room, user, err
}

func readDraft(in *roomv1.CreateRoomRequest) (Draft, id.Command, error) {
	app, err := id.ParseApp(in.GetApp())
	if err != nil {
		return Draft{}, "", err
	}
	user, err := id.ParseUser(in.GetUser())
	if err != nil {
		return Draft{}, "", err
	}
	var key id.Command
	if in.GetIdempotencyKey() != "" {
		if key, err = id.ParseCommand(in.GetIdempotencyKey()); err != nil {
			return Draft{}, "", err
		}
	}
	d := Draft{
		App: app, Host: user, HostName: in.GetUserName(), Title: in.GetTitle(), Description: in.GetDescription(),
		Language: in.GetLanguage(), Zone: in.GetTimeZone(), OpenStage: in.GetOpenStage(), OpenListening: in.GetOpenListening(),
		MaxSeats: in.GetMaxSeats(), Speakers: in.GetSpeakers(),
	}
	if in.GetScheduledFor() != nil {
		if !in.GetScheduledFor().IsValid() {
			return Draft{}, "", fault.Invalid("scheduled_for", "a time")
		}
		d.Scheduled = in.GetScheduledFor().AsTime()
	}
	return d, key, nil
}

// readVisitor accepts a visitor without identity; the room decides whether that is enough.
func readVisitor(in *roomv1.EnterRequest) (Visitor, error) {
	var v Visitor
	if in.GetUser() != "" {
		user, err := id.ParseUser(in.GetUser())
		if err != nil {
			return v, err
		}
		v.User = user
	}
	switch in.GetRole() {
	case listenv1.Role_ROLE_LISTENER:
	case listenv1.Role_ROLE_SPEAKER:
		v.Speaker = true
	default:
		return v, fault.Invalid("role", "listener or speaker")
	}
	return v, nil
}

func wireRoom(r Room) *roomv1.Room {
	return &roomv1.Room{
		App: string(r.App), Id: string(r.ID), Title: r.Title, Description: r.Description, Language: r.Language, TimeZone: r.Zone,
		Host: string(r.Host), HostName: r.HostName, State: listenv1.RoomState(r.State), OpenStage: r.OpenStage,
		OpenListening: r.OpenListening, MaxSeats: r.MaxSeats, Speakers: texts(r.Speakers), CreatedAt: wireTime(r.Created),
		ScheduledFor: wireTime(r.Scheduled), StartedAt: wireTime(r.Started), EndedAt: wireTime(r.Ended), Version: r.Version,
	}
}

func wireRooms(rooms []Room) []*roomv1.Room {
	out := make([]*roomv1.Room, len(rooms))
	for i, r := range rooms {
		out[i] = wireRoom(r)
	}
	return out
}

func wireEntrance(e Entrance) *roomv1.EnterResponse {
	return &roomv1.EnterResponse{
		Room: wireRoom(e.Room), Grant: e.Grant, GrantExpiresAt: wireTime(e.GrantExpires), OggGrant: e.Ogg,
		SpeakGrant: e.Speak, SpeakGrantExpiresAt: wireTime(e.SpeakExpires),
	}
}

// wireOpen opens the stage of a room, once whoever asks and how often.
func wireOpen(r Room) *listenerstatev1.ApplyRequest {
	return &listenerstatev1.ApplyRequest{
		App: string(r.App), Room: string(r.ID), Actor: wireActor(r.Host), CommandId: "open:" + string(r.ID),
		Command: &listenerstatev1.ApplyRequest_OpenRoom{OpenRoom: &listenerstatev1.OpenRoom{
			Host: string(r.Host), Title: r.Title, MaxSeats: r.MaxSeats, OpenStage: r.OpenStage, OpenListening: r.OpenListening,
			Language: r.Language, Speakers: texts(r.Speakers),
		}},
	}
}

// wireEnd ends the stage of a room, once.
func wireEnd(r Room) *listenerstatev1.ApplyRequest {
	return &listenerstatev1.ApplyRequest{
		App: string(r.App), Room: string(r.ID), Actor: wireActor(r.Host), CommandId: "end:" + string(r.ID),
		Command: &listenerstatev1.ApplyRequest_EndRoom{EndRoom: &listenerstatev1.EndRoom{}},
	}
}

func wireActor(user id.User) *listenerstatev1.Actor {
	return &listenerstatev1.Actor{Actor: &listenerstatev1.Actor_User{User: string(user)}}
}

func readStage(in *listenerstatev1.Stage) Stage {
	s := Stage{
		State: State(in.GetState()), Host: id.User(in.GetHost()), OpenStage: in.GetOpenStage(),
		Opened: readTime(in.GetOpenedAt()), Ended: readTime(in.GetEndedAt()),
	}
	for _, speaker := range in.GetSpeakers() {
		s.Speakers = append(s.Speakers, id.User(speaker))
	}
	for _, seat := range in.GetSeats() {
		s.Seated = append(s.Seated, id.User(seat.GetUser()))
	}
	for _, user := range in.GetRemoved() {
		s.Removed = append(s.Removed, id.User(user))
	}
	return s
}

func wireTime(t time.Time) *timestamppb.Timestamp {
	if t.IsZero() {
		return nil
	}
	return timestamppb.New(t)
}

func readTime(in *timestamppb.Timestamp) time.Time {
	if in == nil {
		return time.Time{}
	}
	return in.AsTime()
}

func texts(users []id.User) []string {
	out := make([]string, len(users))
	for i, user := range users {
		out[i] = string(user)
	}
	return out
}

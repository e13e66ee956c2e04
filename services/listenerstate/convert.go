package listenerstate

import (
	"crypto/sha256"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"rostrum/internal/fault"
	"rostrum/internal/id"
	listenv1 "rostrum/proto/rostrum/listen/v1"
	listenerstatev1 "rostrum/proto/rostrum/listenerstate/v1"
	"rostrum/services/listenerstate/chain"
)

// stored is how everything that is hashed is encoded.
var stored = proto.MarshalOptions{Deterministic: true}

// parseRequest reads a request and hashes what is meant by it.
func parseRequest(wire *listenerstatev1.ApplyRequest) (chain.Key, Request, error) {
	key, err := parseKey(wire.GetApp(), wire.GetRoom())
	if err != nil {
		return key, Request{}, err
	}
	var r Request
	if r.Actor, err = parseActor(wire.GetActor()); err != nil {
		return key, r, err
	}
	if r.ID, err = id.ParseCommand(wire.GetCommandId()); err != nil {
		return key, r, err
	}
	if r.Command, err = parseCommand(wire); err != nil {
		return key, r, err
	}
	intent := proto.CloneOf(wire)
	intent.CommandId = ""
	meant, err := stored.Marshal(intent)
	if err != nil {
		return key, r, fault.Invalid("command", "valid UTF-8")
	}
	r.Payload = sha256.Sum256(meant)
	return key, r, nil
}

func parseKey(app, room string) (key chain.Key, err error) {
	if key.App, err = id.ParseApp(app); err != nil {
		return key, err
	}
	key.Room, err = id.ParseRoom(room)
	return key, err
}

func parseActor(wire *listenerstatev1.Actor) (Actor, error) {
	switch actor := wire.GetActor().(type) {
	case *listenerstatev1.Actor_User:
		user, err := id.ParseUser(actor.User)
		return Actor{User: user}, err
	case *listenerstatev1.Actor_Service:
		a := Actor{Service: ServiceName(actor.Service)}
		return a, a.check()
	}
	return Actor{}, fault.Invalid("actor", "a user or a service")
}

func parseCommand(wire *listenerstatev1.ApplyRequest) (Command, error) {
	switch c := wire.GetCommand().(type) {
	case *listenerstatev1.ApplyRequest_OpenRoom:
		open := c.OpenRoom
		return OpenRoom{
			Host: id.User(open.GetHost()), Title: open.GetTitle(), MaxSeats: open.GetMaxSeats(), OpenStage: open.GetOpenStage(),
			OpenListening: open.GetOpenListening(), Language: open.GetLanguage(), Speakers: users(open.GetSpeakers()),
		}, nil
	case *listenerstatev1.ApplyRequest_EndRoom:
		return EndRoom{}, nil
	case *listenerstatev1.ApplyRequest_TakeSeat:
		return TakeSeat{Name: c.TakeSeat.GetName(), Muted: c.TakeSeat.GetMuted()}, nil
	case *listenerstatev1.ApplyRequest_LeaveSeat:
		return LeaveSeat{User: id.User(c.LeaveSeat.GetUser())}, nil
	case *listenerstatev1.ApplyRequest_Mute:
		return Mute{User: id.User(c.Mute.GetUser())}, nil
	case *listenerstatev1.ApplyRequest_Unmute:
		return Unmute{User: id.User(c.Unmute.GetUser())}, nil
	case *listenerstatev1.ApplyRequest_AnchorOrigin:
		return parseAnchor(c.AnchorOrigin), nil
	}
	return nil, fault.Invalid("command", "one of the known commands")
}

func parseAnchor(wire *listenerstatev1.AnchorOrigin) AnchorOrigin {
	return AnchorOrigin{
		Epoch: wire.GetEpoch(), FirstNumber: wire.GetFirstNumber(), WallTime: timeOf(wire.GetWallTime()), Node: id.Node(wire.GetNode()),
	}
}

// parsePosition answers the zero position where there is none.
func parsePosition(wire *listenv1.Position) chain.Position {
	return chain.Position{Term: wire.GetTerm(), Offset: wire.GetOffset()}
}

// wireStage writes a stage for the services, with the names of those seats whose key is there.
func wireStage(key chain.Key, stage Stage, names map[uint32]string) *listenerstatev1.Stage {
	wire := &listenerstatev1.Stage{
		App: string(key.App), Room: string(key.Room), Position: wirePosition(stage.Position), State: wireState(stage.State),
		Host: string(stage.Host), Title: stage.Title, MaxSeats: stage.MaxSeats, OpenStage: stage.OpenStage,
		OpenListening: stage.OpenListening, Language: stage.Language, Speakers: texts(stage.Speakers),
		OpenedAt: wireTime(stage.OpenedAt), EndedAt: wireTime(stage.EndedAt),
	}
	for _, seat := range stage.Seats {
		wire.Seats = append(wire.Seats, &listenv1.Seat{
			Seat: seat.Number, User: string(seat.User), Name: names[seat.Number], Role: listenv1.Role(seat.Role), Muted: seat.Muted,
		})
	}
	if stage.Anchor.Epoch > 0 {
		wire.Anchor = wireAnchor(stage.Anchor)
	}
	return wire
}

func wireState(s State) listenv1.RoomState {
	switch s {
	case StateLive:
		return listenv1.RoomState_ROOM_STATE_LIVE
	case StateEnded:
		return listenv1.RoomState_ROOM_STATE_ENDED
	}
	return listenv1.RoomState_ROOM_STATE_UNSPECIFIED
}

func stateOf(wire listenv1.RoomState) State {
	switch wire {
	case listenv1.RoomState_ROOM_STATE_LIVE:
		return StateLive
	case listenv1.RoomState_ROOM_STATE_ENDED:
		return StateEnded
	}
	return StateNone
}

func wirePosition(p chain.Position) *listenv1.Position {
	return &listenv1.Position{Term: p.Term, Offset: p.Offset}
}

func wireTime(t time.Time) *timestamppb.Timestamp {
	if t.IsZero() {
		return nil
	}
	return timestamppb.New(t)
}

func timeOf(wire *timestamppb.Timestamp) time.Time {
	if wire == nil {
		return time.Time{}
	}
	return wire.AsTime()
}

func users(texts []string) []id.User {
	var out []id.User
	for _, text := range texts {
		out = append(out, id.User(text))
	}
	return out
}

func texts(users []id.User) []string {
	var out []string
	for _, user := range users {
		out = append(out, string(user))
	}
	return out
}

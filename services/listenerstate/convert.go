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

// parsePosition answers the zero position where there is none.
func parsePosition(wire *listenv1.Position) chain.Position {
	return chain.Position{Term: wire.GetTerm(), Offset: wire.GetOffset()}
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

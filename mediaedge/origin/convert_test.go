package origin

import (
	"maps"
	"testing"

	"google.golang.org/protobuf/proto"

	"rostrum/mediaedge/audio"
	listenv1 "rostrum/proto/rostrum/listen/v1"
	listenerstatev1 "rostrum/proto/rostrum/listenerstate/v1"
)

// wireEvents are events that concern an origin, with what they are to it.
func wireEvents() map[changeKind]*listenerstatev1.Event {
	return map[changeKind]*listenerstatev1.Event{
		changeSeated: {Payload: &listenerstatev1.Event_Seated{Seated: &listenerstatev1.Seated{
			User: "us_ann", Seat: 3, Role: listenv1.Role_ROLE_SPEAKER, Muted: true, Held: true,
		}}},
		changeUnseated:  {Payload: &listenerstatev1.Event_Unseated{Unseated: &listenerstatev1.Unseated{User: "us_ann", Seat: 3}}},
		changeMuted:     {Payload: &listenerstatev1.Event_Muted{Muted: &listenerstatev1.Muted{User: "us_ann", Seat: 3}}},
		changeUnmuted:   {Payload: &listenerstatev1.Event_Unmuted{Unmuted: &listenerstatev1.Unmuted{User: "us_ann", Seat: 3}}},
		changeHeld:      {Payload: &listenerstatev1.Event_Held{Held: &listenerstatev1.Held{User: "us_ann", Seat: 3}}},
		changeReleased:  {Payload: &listenerstatev1.Event_Released{Released: &listenerstatev1.Released{User: "us_ann", Seat: 3}}},
		changeFound:     {Payload: &listenerstatev1.Event_MediaFound{MediaFound: &listenerstatev1.MediaFound{User: "us_ann", Seat: 3}}},
		changeLost:      {Payload: &listenerstatev1.Event_MediaLost{MediaLost: &listenerstatev1.MediaLost{User: "us_ann", Seat: 3}}},
		changeAppointed: {Payload: &listenerstatev1.Event_Appointed{Appointed: &listenerstatev1.Appointed{User: "us_ann"}}},
		changeDismissed: {Payload: &listenerstatev1.Event_Dismissed{Dismissed: &listenerstatev1.Dismissed{User: "us_ann"}}},
		changeRemoved:   {Payload: &listenerstatev1.Event_Removed{Removed: &listenerstatev1.Removed{User: "us_ann"}}},
		changePolicy:    {Payload: &listenerstatev1.Event_HandModeSet{HandModeSet: &listenerstatev1.HandModeSet{Mode: listenv1.HandMode_HAND_MODE_CLOSED}}},
		changeAnchor:    {Payload: &listenerstatev1.Event_OriginAnchored{OriginAnchored: &listenerstatev1.OriginAnchored{Epoch: 7, FirstNumber: 9}}},
		changeEnded:     {Payload: &listenerstatev1.Event_RoomEnded{RoomEnded: &listenerstatev1.RoomEnded{}}},
	}
}

func TestReadEvent(t *testing.T) {
	for kind, e := range wireEvents() {
		e.Position = &listenv1.Position{Term: 1, Offset: 4}
		c, err := readEvent(&listenerstatev1.StageEvent{Event: e, Opened: map[string]string{"name": "Ann"}})
		if err != nil || c.kind != kind || c.position != at(4) || c.at() != at(4) {
			t.Errorf("%v is read as %+v (%v), want kind %d", e, c, err, kind)
			continue
		}
		if about, ok := e.ProtoReflect().Get(e.ProtoReflect().WhichOneof(e.ProtoReflect().Descriptor().Oneofs().ByName("payload"))).Message().Interface().(interface{ GetUser() string }); ok && c.user != about.GetUser() {
			t.Errorf("%v is about %q", e, c.user)
		}
		switch kind {
		case changeSeated:
			want := audio.Occupant{Seat: 3, User: "us_ann", Name: "Ann", Role: audio.RoleSpeaker, Muted: true, Held: true}
			if c.occupant != want || c.seat != 3 {
				t.Errorf("seated %+v", c)
			}
		case changePolicy:
			if c.hands != audio.HandsClosed {
				t.Errorf("hand mode %d", c.hands)
			}
		case changeAnchor:
			if c.anchor.epoch != 7 || c.anchor.first != 9 {
				t.Errorf("anchor %+v", c.anchor)
			}
		}
	}
	for _, e := range aboutNobodyHeard() {
		if c, err := readEvent(&listenerstatev1.StageEvent{Event: e}); err != nil || c.kind != changeNothing {
			t.Errorf("%v is read as %+v (%v)", e, c, err)
		}
	}
	for _, seat := range []uint32{0, 101, 257} {
		e := &listenerstatev1.Event{Payload: &listenerstatev1.Event_Held{Held: &listenerstatev1.Held{User: "us_ann", Seat: seat}}}
		if c, err := readEvent(&listenerstatev1.StageEvent{Event: e}); err == nil {
			t.Errorf("seat %d is read as %+v", seat, c)
		}
	}
}

func TestReadStage(t *testing.T) {
	wire := &listenerstatev1.Stage{
		Position: &listenv1.Position{Term: 2, Offset: 9}, State: listenv1.RoomState_ROOM_STATE_LIVE, Title: "a title",
		OpenListening: true, HandMode: listenv1.HandMode_HAND_MODE_INVITED,
		Seats: []*listenv1.Seat{{Seat: 4, User: "us_ann", Role: listenv1.Role_ROLE_HOST, Muted: true, Held: true, Away: true}},
	}
	s, err := readStage(wire)
	must(t, err)
	want := map[audio.Seat]audio.Occupant{4: {Seat: 4, User: "us_ann", Role: audio.RoleHost, Muted: true, Held: true, Away: true}}
	if !s.live || s.policy != (audio.Policy{OpenListening: true, Hands: audio.HandsInvited}) || !maps.Equal(s.seats, want) {
		t.Errorf("read %+v", s)
	}
}

// FuzzReadEvent folds whatever a stage log may send onto a stage.
func FuzzReadEvent(f *testing.F) {
	for _, e := range wireEvents() {
		raw, err := proto.Marshal(&listenerstatev1.StageEvent{Event: e})
		must(f, err)
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		var wire listenerstatev1.StageEvent
		if proto.Unmarshal(raw, &wire) != nil {
			return
		}
		c, err := readEvent(&wire)
		if err != nil {
			return
		}
		before := stage{live: true, seats: seatsOf(audio.Occupant{Seat: 3, User: "us_ann", Role: audio.RoleSpeaker})}
		after, told := before.with(c)
		if len(before.seats) != 1 || after.position != c.position || told.Kind > audio.EventPolicy {
			t.Fatalf("%+v told %+v", after, told)
		}
		for seat, o := range after.seats {
			if seat < 1 || seat > audio.MaxSeats || o.Seat != seat || o.Role < audio.RoleListener || o.Role > audio.RoleHost {
				t.Fatalf("seat %d is %+v", seat, o)
			}
		}
	})
}

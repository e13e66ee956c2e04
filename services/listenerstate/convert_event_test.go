package listenerstate

import (
	"bytes"
	"reflect"
	"testing"
	"time"

	"rostrum/internal/id"
	listenerstatev1 "rostrum/proto/rostrum/listenerstate/v1"
	"rostrum/services/listenerstate/chain"
)

var someRoom = chain.Key{App: id.Main, Room: "rm_00000000000000000000"}

// everyEvent has every kind of event, nothing in it empty.
func everyEvent() []Event {
	name := Name{Sealed: Sealed{User: speaker, Command: "c", Field: fieldName, Nonce: noNonce, Ciphertext: []byte("sealed")}}
	note := Name{Sealed: Sealed{User: speaker, Command: "c", Field: fieldNote, Nonce: noNonce, Ciphertext: []byte("covered")}}
	const session = id.Session("sfu-1.00000000000000000001")
	changes := []Change{
		opened(func(c *RoomOpened) { c.OpenStage, c.OpenListening, c.Language = true, true, "de" }), RoomEnded{},
		Seated{User: speaker, Seat: 7, Role: RoleSpeaker, Muted: true, Held: true, Name: name}, Unseated{speaker, 7, UnseatMoved}, Muted{speaker, 7},
		Unmuted{speaker, 7}, Held{speaker, 7}, Released{speaker, 7}, HandRaised{User: speaker, Name: name, Note: note},
		HandLowered{speaker, LoweredExpired}, AllHandsLowered{}, HandModeSet{HandsInvited}, HandAbsent{speaker}, HandPresent{speaker},
		Invited{User: speaker, Name: name, ExpiresAt: noon.Add(time.Minute)}, InviteClosed{speaker, InviteRemoved}, Appointed{speaker},
		Dismissed{speaker}, Removed{speaker}, Readmitted{speaker}, MediaFound{speaker, 7, session}, MediaLost{speaker, 7, session},
		OriginAnchored{7, 1 << 40, noon, "sfu-1"},
	}
	var events []Event
	for i, change := range changes {
		e := Event{Position: chain.Position{Term: 3, Offset: uint64(i + 1)}, WallTime: noon, Actor: Actor{User: host}, Command: "c", Change: change}
		if i > 0 {
			e.Prev = chain.Sum([]byte{byte(i)})
			e.Actor = Actor{Service: ServiceSFU}
		}
		events = append(events, e)
	}
	return events
}

func TestEveryEventIsThere(t *testing.T) {
	kinds := map[string]bool{}
	for _, e := range everyEvent() {
		kind := reflect.ValueOf(e.Change)
		kinds[snake(kind.Type().Name())] = true
		for i := range kind.NumField() {
			if kind.Field(i).IsZero() {
				t.Errorf("%T leaves %s empty", e.Change, kind.Type().Field(i).Name)
			}
		}
	}
	fields := (&listenerstatev1.Event{}).ProtoReflect().Descriptor().Oneofs().ByName("payload").Fields()
	for i := range fields.Len() {
		if name := string(fields.Get(i).Name()); !kinds[name] {
			t.Errorf("the wire also has %s", name)
		}
	}
	if fields.Len() != len(kinds) {
		t.Errorf("%d kinds, the wire has %d", len(kinds), fields.Len())
	}
}

func TestEventsComeBackAsTheyWere(t *testing.T) {
	for _, e := range everyEvent() {
		encoded, err := encodeEvent(someRoom, e)
		if err != nil {
			t.Fatal(err)
		}
		back, err := decodeEvent(someRoom, encoded)
		if err != nil || !reflect.DeepEqual(back, e) {
			t.Errorf("%T came back as %+v, %v; was %+v", e.Change, back, err, e)
		}
		other := someRoom
		other.App = "other"
		if _, err := decodeEvent(other, encoded); err == nil {
			t.Errorf("%T is accepted in another app's room", e.Change)
		}
	}
}

func TestALargestEventFits(t *testing.T) {
	c := OpenRoom{Host: host, MaxSeats: MostSeats, Title: string(bytes.Repeat([]byte{'x'}, maxTitleBytes)), Language: "de"}
	for range MostSpeakers {
		c.Speakers = append(c.Speakers, id.NewUser())
	}
	if err := c.check(); err != nil {
		t.Fatal(err)
	}
	if _, err := encodeEvent(someRoom, Event{WallTime: noon, Actor: Actor{User: host}, Command: "c", Change: RoomOpened(c)}); err != nil {
		t.Error(err)
	}
}

func FuzzDecodeEvent(f *testing.F) {
	for _, e := range everyEvent() {
		encoded, err := encodeEvent(someRoom, e)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(encoded)
	}
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, stored []byte) {
		e, err := decodeEvent(someRoom, stored)
		if err != nil {
			return
		}
		evolve(live(), e)
		encoded, err := encodeEvent(someRoom, e)
		if err != nil {
			t.Fatalf("%+v was decoded and cannot be encoded: %v", e, err)
		}
		again, err := decodeEvent(someRoom, encoded)
		if err != nil || !reflect.DeepEqual(again, e) {
			t.Fatalf("%+v became %+v, %v", e, again, err)
		}
	})
}

func TestSealedNames(t *testing.T) {
	key := [32]byte{1}
	sealed, err := seal(key, someRoom, Sealed{User: speaker, Command: "c", Field: fieldName}, "Ada")
	if err != nil {
		t.Fatal(err)
	}
	if text, err := open(key, someRoom, sealed); err != nil || text != "Ada" {
		t.Errorf("opened %q, %v", text, err)
	}
	moved, other := sealed, someRoom
	moved.Command = "d"
	other.Room = "rm_00000000000000000001"
	for name, try := range map[string]func() (string, error){
		"another key":     func() (string, error) { return open([32]byte{2}, someRoom, sealed) },
		"another command": func() (string, error) { return open(key, someRoom, moved) },
		"another room":    func() (string, error) { return open(key, other, sealed) },
		"no nonce":        func() (string, error) { return open(key, someRoom, Sealed{Ciphertext: sealed.Ciphertext}) },
	} {
		if text, err := try(); err == nil {
			t.Errorf("%s opened %q", name, text)
		}
	}
}

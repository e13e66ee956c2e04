package listenerstate

import (
	"bytes"
	"reflect"
	"testing"

	"rostrum/internal/id"
	"rostrum/services/listenerstate/chain"
)

var someRoom = chain.Key{App: id.Main, Room: "rm_00000000000000000000"}

func everyEvent() []Event {
	sealed := Sealed{User: speaker, Command: "c", Field: fieldName, Nonce: make([]byte, 12), Ciphertext: []byte("sealed")}
	changes := []Change{
		opened(nil), RoomEnded{}, Seated{User: speaker, Seat: 7, Role: RoleSpeaker, Muted: true, Name: Name{Sealed: sealed}},
		Unseated{speaker, 7, UnseatMoved}, Muted{speaker, 7}, Unmuted{speaker, 7}, OriginAnchored{7, 1 << 40, noon, "sfu-1"},
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

func FuzzDecodeSnapshot(f *testing.F) {
	encoded, err := encodeSnapshot(someRoom, live(), chain.Head{Position: chain.Position{Term: 1, Offset: 3}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(encoded)
	f.Fuzz(func(t *testing.T, stored []byte) {
		stage, head, err := decodeSnapshot(someRoom, stored)
		if err != nil {
			return
		}
		if _, err := encodeSnapshot(someRoom, stage, head); err != nil {
			t.Fatalf("%+v was decoded and cannot be encoded: %v", stage, err)
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

package listenerstate

import (
	"bytes"
	"reflect"
	"testing"
	"time"

	"rostrum/internal/id"
	"rostrum/services/listenerstate/chain"
)

// everything is a stage with nothing in it empty.
func everything() Stage {
	as := func(user id.User, field, text string) Name {
		return Name{Sealed: Sealed{User: user, Command: "c", Field: field, Nonce: noNonce, Ciphertext: []byte(text)}}
	}
	stage := told(
		opened(func(c *RoomOpened) {
			c.MaxSeats, c.OpenStage, c.OpenListening, c.Language = 9, true, true, "de"
		}),
		Appointed{mod}, Seated{User: host, Seat: 1, Role: RoleHost}, Seated{User: mod, Seat: 2, Role: RoleModerator, Muted: true, Name: as(mod, fieldName, "Mo")},
		MediaFound{host, 1, "sfu-1.00000000000000000001"}, MediaFound{mod, 2, "sfu-1.00000000000000000002"},
		Seated{User: speaker, Seat: 3, Role: RoleSpeaker, Name: as(speaker, fieldName, "Stella")}, Held{speaker, 3},
		Seated{User: nth(1), Seat: 4, Role: RoleSpeaker}, Held{nth(1), 4}, Unseated{nth(1), 4, UnseatLeft},
		HandRaised{User: nth(2), Name: as(nth(2), fieldName, "Ada"), Note: as(nth(2), fieldNote, "why?")}, HandRaised{User: nth(3)},
		HandRaised{User: nth(4), Note: as(nth(4), fieldNote, "how?")}, HandRaised{User: nth(5), Name: as(nth(5), fieldName, "Eve")}, HandAbsent{nth(3)},
		Invited{User: nth(2), Name: as(nth(2), fieldName, "Ada"), ExpiresAt: noon.Add(time.Minute)}, Invited{User: nth(6), ExpiresAt: noon.Add(5 * time.Second)},
		Invited{User: nth(7), ExpiresAt: noon}, InviteClosed{nth(7), InviteExpired}, Removed{nth(8)}, HandModeSet{HandsInvited},
		OriginAnchored{7, 1 << 40, noon, "sfu-1"},
	)
	return toldAt(stage, noon.Add(time.Second), MediaLost{mod, 2, "sfu-1.00000000000000000002"})
}

func TestSnapshotsComeBackAsTheyWere(t *testing.T) {
	over := toldOn(everything(), RoomEnded{})
	for name, stage := range map[string]Stage{"live": everything(), "over": over, "just opened": told(opened(nil))} {
		head := chain.Head{Position: stage.Position, Hash: chain.Sum([]byte(name))}
		encoded, err := encodeSnapshot(someRoom, stage, head)
		if err != nil {
			t.Fatal(err)
		}
		back, backHead, err := decodeSnapshot(someRoom, encoded)
		if err != nil || backHead != head {
			t.Fatalf("%s: %+v, %v", name, backHead, err)
		}
		again, err := encodeSnapshot(someRoom, back, backHead)
		if err != nil || !bytes.Equal(again, encoded) {
			t.Errorf("%s: another one comes back, %v", name, err)
		}
		back.Hands, stage.Hands = HandQueue{}, HandQueue{}
		if got, want := plainSlices(back), plainSlices(stage); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v came back as %+v", name, want, got)
		}
		other := someRoom
		other.App = "other"
		if _, _, err := decodeSnapshot(other, encoded); err == nil {
			t.Errorf("%s: it is accepted in another app's room", name)
		}
	}
	hands, _, err := decodeSnapshot(someRoom, mustEncode(t, everything()))
	if err != nil {
		t.Fatal(err)
	}
	for hand := range everything().Hands.All() {
		if back, up := hands.Hands.Of(hand.User); !up || !reflect.DeepEqual(back, hand) {
			t.Errorf("%+v came back as %+v", hand, back)
		}
	}
}

// plainSlices makes empty and absent lists the same.
func plainSlices(stage Stage) Stage {
	value := reflect.ValueOf(&stage).Elem()
	for i := range value.NumField() {
		if field := value.Field(i); field.Kind() == reflect.Slice && field.Len() == 0 {
			field.SetZero()
		}
	}
	return stage
}

func mustEncode(t testing.TB, stage Stage) []byte {
	t.Helper()
	encoded, err := encodeSnapshot(someRoom, stage, chain.Head{Position: stage.Position})
	if err != nil {
		t.Fatal(err)
	}
	return encoded
}

func FuzzDecodeSnapshot(f *testing.F) {
	f.Add(mustEncode(f, everything()))
	f.Add(mustEncode(f, live()))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, stored []byte) {
		stage, head, err := decodeSnapshot(someRoom, stored)
		if err != nil {
			return
		}
		encoded, err := encodeSnapshot(someRoom, stage, head)
		if err != nil {
			t.Fatalf("%+v was decoded and cannot be encoded: %v", stage, err)
		}
		again, _, err := decodeSnapshot(someRoom, encoded)
		if err != nil {
			t.Fatalf("%+v was encoded and cannot be decoded: %v", stage, err)
		}
		if third, err := encodeSnapshot(someRoom, again, head); err != nil || !bytes.Equal(third, encoded) {
			t.Fatalf("%+v became %+v, %v", stage, again, err)
		}
		stage.due()
		for hand := range stage.Hands.All() {
			if _, up := stage.Hands.Of(hand.User); !up || stage.Hands.Place(hand.User) == 0 {
				t.Fatalf("%+v is in the queue and is not found", hand)
			}
		}
	})
}

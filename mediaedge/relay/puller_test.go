package relay

import (
	"bytes"
	"errors"
	"fmt"
	"testing"
	"time"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"rostrum/internal/fault"
	"rostrum/internal/id"
	"rostrum/internal/testkit"
	"rostrum/mediaedge/audio"
	listenv1 "rostrum/proto/rostrum/listen/v1"
)

func TestAnEdgeHoldsWhatTheOriginHolds(t *testing.T) {
	t.Parallel()
	origin := NewRoom(id.Main, testRoom)
	n := newNode(t, func() (*Room, error) { return origin, nil })
	mustAppend(t, origin.Ring(audio.Voice32), 1000, 1400, 5)
	p, room := newPuller(t, newNetwork(t, n.address), PullConfig{Counts: func() *listenv1.Counts {
		return &listenv1.Counts{Listeners: 7, DoorListeners: 2}
	}})
	p.Want(audio.Voice32)
	if err := p.Ready(within(t), audio.Voice32); err != nil {
		t.Fatal(err)
	}
	if got := room.Ring(audio.Voice32).View(); got.Oldest() != 1101 || got.Newest() != 1400 {
		t.Errorf("ready with %d to %d, want the last 300", got.Oldest(), got.Newest())
	}
	p.Want(audio.Voice16)
	mustAppend(t, origin.Ring(audio.Voice16), 1300, 1400, 5)
	if err := origin.Ring(audio.Voice32).AppendGap(audio.Gap{First: 1401, Last: 1420, Epoch: 6, Reason: audio.GapNewOrigin}); err != nil {
		t.Fatal(err)
	}
	mustAppend(t, origin.Ring(audio.Voice32), 1421, 1430, 6)
	card := &listenv1.RoomCard{
		App: string(id.Main), Room: string(testRoom), Title: "title", Epoch: 6,
		Seats:  []*listenv1.Seat{{Seat: 1, User: "us_x", Role: listenv1.Role_ROLE_SPEAKER, Muted: true, Held: true, Away: true}},
		Policy: &listenv1.Policy{HandMode: listenv1.HandMode_HAND_MODE_CLOSED},
	}
	newer := protowire.AppendVarint(protowire.AppendTag(nil, 99, protowire.VarintType), 7) // a field of a later version
	card.ProtoReflect().SetUnknown(newer)
	card.Seats[0].ProtoReflect().SetUnknown(newer)
	origin.SetCard(card)
	origin.Revoke(Revocation{Subject: "us_x", IssuedBefore: time.Unix(1000, 0)})
	testkit.Eventually(t, time.Minute, func() error {
		if err := same(origin.Ring(audio.Voice32), room.Ring(audio.Voice32)); err != nil {
			return err
		}
		if !bytes.Equal(room.CardFrame(), origin.CardFrame()) || !proto.Equal(room.Card(), card) {
			return fmt.Errorf("the card came as %v", room.Card())
		}
		if !room.Revoked("us_x", time.Unix(999, 0)) || room.Revoked("us_x", time.Unix(1000, 0)) {
			return errors.New("card or revocation missing")
		}
		if c := origin.Counts(time.Now()); c.GetListeners() != 7 || c.GetDoorListeners() != 2 {
			return fmt.Errorf("counts %v: each node is counted once", c)
		}
		// Epoch 5 in the other rendition came after 6 was seen here, or before: either is right, but nothing in between.
		return nil
	})
	origin.End()
	testkit.Eventually(t, time.Minute, func() error {
		if !room.Ended() {
			return errors.New("the edge does not know that the room is over")
		}
		return nil
	})
}

func TestReadySaysWhyNot(t *testing.T) {
	for _, code := range []fault.Code{fault.CodeNotFound, fault.CodeNotLive, fault.CodeEnded} {
		net := newNetwork(t, "")
		net.fault.Store(fault.New(code, "no"))
		p, _ := newPuller(t, net, PullConfig{})
		begun := time.Now()
		p.Want(audio.Voice32)
		if err := p.Ready(within(t), audio.Voice32); !fault.Is(err, code) {
			t.Errorf("home says %s: %v", code, err)
		}
		p.Want(audio.Voice32)
		if n := net.asked.Load(); n != 1 && time.Since(begun) < refusedFor {
			t.Errorf("asked %d times within %v", n, refusedFor)
		}
		upstream := newNode(t, func() (*Room, error) { return nil, fault.New(code, "no") })
		q, _ := newPuller(t, newNetwork(t, upstream.address), PullConfig{})
		q.Want(audio.Voice32)
		if err := q.Ready(within(t), audio.Voice32); !fault.Is(err, code) {
			t.Errorf("upstream says %s: %v", code, err)
		}
	}
}

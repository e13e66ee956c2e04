package origin

import (
	"errors"
	"testing"

	"rostrum/internal/fault"
	"rostrum/internal/id"
	"rostrum/mediaedge/relay"
	signalingv1 "rostrum/proto/rostrum/signaling/v1"
)

func TestARoomElsewhereIsPointedAt(t *testing.T) {
	room := id.NewRoom()
	var asked int
	says, failing := &signalingv1.FindHomeResponse{}, error(nil)
	nodes := &fakeNodes{home: func() (*signalingv1.FindHomeResponse, error) { asked++; return says, failing }}
	h := newHost(t, &fakeLog{watch: liveRoom}, nodes)
	for name, home := range map[string]*signalingv1.Home{
		"nowhere": nil, "here": {Node: "sfu-1", Address: "a:1", Epoch: 7}, "at no address": {Node: "sfu-2"}, "at no node": {Address: "b:1"},
	} {
		says = &signalingv1.FindHomeResponse{Home: home}
		if _, err := h.Find(t.Context(), id.Main, room); !fault.Is(err, fault.CodeUnavailable) {
			t.Errorf("a room that is %s: %v", name, err)
		}
	}
	says = &signalingv1.FindHomeResponse{Home: &signalingv1.Home{Node: "sfu-2", Address: "b:1", Epoch: 7}}
	_, err := h.Find(t.Context(), id.Main, room)
	var moved *relay.Moved
	if !errors.As(err, &moved) || *moved != (relay.Moved{Address: "b:1", Node: "sfu-2", Epoch: 7}) {
		t.Errorf("pointed at %v", err)
	}
	failing = fault.New(fault.CodeInternal, "the registry is ill")
	if _, err := h.Find(t.Context(), id.Main, room); !fault.Is(err, fault.CodeUnavailable) {
		t.Errorf("with an ill registry: %v", err)
	}
	if _, err := h.Open(t.Context(), id.Main, room); err != nil {
		t.Fatal(err)
	}
	before := asked
	if _, err := h.Find(t.Context(), id.Main, room); err != nil || asked != before {
		t.Errorf("a room at home: %v, the registry was asked %d times", err, asked-before)
	}
}

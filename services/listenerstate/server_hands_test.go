package listenerstate

import (
	"fmt"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/timestamppb"

	"rostrum/internal/fault"
	"rostrum/internal/id"
	listenv1 "rostrum/proto/rostrum/listen/v1"
	listenerstatev1 "rostrum/proto/rostrum/listenerstate/v1"
	"rostrum/services/listenerstate/chain"
)

func TestHandsOverGRPC(t *testing.T) {
	everyHouse(t, func(t *testing.T, h *house) {
		s := h.open(t)
		stage, key := dial(t, s, defaultSlowAfter), openRoom(t, s)
		send := func(by id.User, change func(*wire)) *listenerstatev1.ApplyResponse {
			t.Helper()
			r := &wire{App: string(key.App), Room: string(key.Room), Actor: asUser(by), CommandId: string(id.NewCommand())}
			change(r)
			answer, err := stage.Apply(t.Context(), r)
			if err != nil {
				t.Fatal(err)
			}
			return answer
		}
		for n := range 3 {
			answer := send(nth(n), func(r *wire) {
				r.Command = &listenerstatev1.ApplyRequest_RaiseHand{RaiseHand: &listenerstatev1.RaiseHand{Name: fmt.Sprint("Ada ", n), Note: fmt.Sprint("why ", n)}}
			})
			if answer.GetPlace() != uint32(n+1) || answer.GetStage().GetHandCount() != uint32(n+1) || len(answer.GetStage().GetHands()) > 0 {
				t.Errorf("hand %d is answered %v", n, answer)
			}
		}
		wantHands(t, stage, key)
		invite := send(host, func(r *wire) {
			r.Command = &listenerstatev1.ApplyRequest_Invite{Invite: &listenerstatev1.Invite{User: string(nth(1)), Name: "Ada 1", ExpiresInSeconds: 30}}
		})
		if pending := invite.GetStage().GetInvites(); len(pending) != 1 || pending[0].GetName() != "Ada 1" || pending[0].GetBy() != string(host) || invite.GetPlace() != 0 {
			t.Errorf("the invite is answered %v", invite)
		}
		accept := send(nth(1), func(r *wire) {
			r.Command = &listenerstatev1.ApplyRequest_AcceptInvite{AcceptInvite: &listenerstatev1.AcceptInvite{Name: "Ada 1", Muted: true}}
		})
		if seats := accept.GetStage().GetSeats(); len(accept.GetEvents()) != 3 || len(seats) != 1 || seats[0].GetName() != "Ada 1" || accept.GetStage().GetHandCount() != 2 {
			t.Errorf("accepting is answered %v", accept)
		}
		got, err := stage.GetStage(t.Context(), &listenerstatev1.GetStageRequest{App: string(key.App), Room: string(key.Room), PlaceOf: string(nth(2))})
		if err != nil || got.GetPlace() != 2 {
			t.Errorf("the third stands in place %d, %v", got.GetPlace(), err)
		}
		if known := append(got.GetStage().GetAcquaintances(), accept.GetStage().GetAcquaintances()...); len(known) > 0 {
			t.Errorf("whom the stage remembers is told: %v", known)
		}
	})
}

// wantHands compares the snapshots of watchers with and without hands.
func wantHands(t *testing.T, stage listenerstatev1.ListenerStateClient, key chain.Key) {
	t.Helper()
	for _, with := range []bool{true, false} {
		watch, err := stage.Watch(t.Context(), &listenerstatev1.WatchRequest{App: string(key.App), Room: string(key.Room), WithHands: with})
		if err != nil {
			t.Fatal(err)
		}
		item, err := watch.Recv()
		if err != nil {
			t.Fatal(err)
		}
		hands := item.GetSnapshot().GetHands()
		if item.GetSnapshot().GetHandCount() != 3 || !with && len(hands) > 0 || with && len(hands) != 3 {
			t.Fatalf("with hands %v: %v", with, item)
		}
		for n, hand := range hands {
			if hand.GetUser() != string(nth(n)) || hand.GetName() != fmt.Sprint("Ada ", n) || hand.GetNote() != fmt.Sprint("why ", n) || hand.GetOrder() != uint64(n+2) {
				t.Errorf("hand %d is %v", n, hand)
			}
		}
	}
}

// TestCommandsForAnotherRoomOrApp sends every command, well formed, to where no such room is, and to a room that is over.
func TestCommandsForAnotherRoomOrApp(t *testing.T) {
	everyHouse(t, func(t *testing.T, h *house) {
		s := h.open(t)
		stage, here, over := dial(t, s, defaultSlowAfter), openRoom(t, s), openRoom(t, s)
		apply(t, s, over, request(host, EndRoom{}))
		for _, place := range []struct {
			name string
			key  chain.Key
			want fault.Code
		}{
			{"another app", chain.Key{App: "other", Room: here.Room}, fault.CodeNotFound},
			{"another room", chain.Key{App: here.App, Room: id.NewRoom()}, fault.CodeNotFound},
			{"a room that is over", over, fault.CodeEnded},
		} {
			for _, r := range everyWireCommand() {
				if _, opens := r.GetCommand().(*listenerstatev1.ApplyRequest_OpenRoom); opens {
					continue
				}
				meant(r)
				r.App, r.Room, r.CommandId = string(place.key.App), string(place.key.Room), string(id.NewCommand())
				_, err := stage.Apply(t.Context(), r)
				wantFault(t, fmt.Sprintf("%T in %s", r.GetCommand(), place.name), fault.From(err), place.want)
			}
		}
		if events := h.verify(t, here); len(events) != 1 {
			t.Errorf("the room that was not meant has %d events", len(events))
		}
	})
}

// meant fills an empty command with what is well formed, by an actor who may give it.
func meant(r *wire) {
	field := r.ProtoReflect().WhichOneof(r.ProtoReflect().Descriptor().Oneofs().ByName("command"))
	command := r.ProtoReflect().Mutable(field).Message()
	for name, value := range map[protoreflect.Name]protoreflect.Value{
		"user": protoreflect.ValueOfString(string(speaker)), "session": protoreflect.ValueOfString("sfu-1.00000000000000000001"),
		"node": protoreflect.ValueOfString("sfu-1"), "epoch": protoreflect.ValueOfUint64(1),
		"mode": protoreflect.ValueOfEnum(listenv1.HandMode_HAND_MODE_CLOSED.Number()), "wall_time": protoreflect.ValueOfMessage(timestamppb.New(noon).ProtoReflect()),
	} {
		if known := field.Message().Fields().ByName(name); known != nil {
			command.Set(known, value)
		}
	}
	r.Actor = asUser(host)
	if service := permissionFor(string(field.Name())).service; service != "" {
		r.Actor = asService(string(service))
	}
}

// TestEveryWellFormedCommandIsParsed is what makes the refusals above mean something.
func TestEveryWellFormedCommandIsParsed(t *testing.T) {
	for _, r := range everyWireCommand() {
		if _, opens := r.GetCommand().(*listenerstatev1.ApplyRequest_OpenRoom); opens {
			r.GetOpenRoom().Host = string(host)
		} else {
			meant(r)
		}
		request, err := accepted(r)
		if err != nil {
			t.Errorf("%v: %v", r, err)
			continue
		}
		if again, err := accepted(proto.CloneOf(r)); err != nil || again.Payload != request.Payload {
			t.Errorf("%v again: %v", r, err)
		}
	}
}

package listenerstate

import (
	"bytes"
	"math"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/timestamppb"

	"rostrum/internal/fault"
	listenv1 "rostrum/proto/rostrum/listen/v1"
	listenerstatev1 "rostrum/proto/rostrum/listenerstate/v1"
)

type wire = listenerstatev1.ApplyRequest

// accepted is what a stage gets to see of a request, or why it does not.
func accepted(r *wire) (Request, error) {
	_, request, err := parseRequest(r)
	if err == nil {
		err = request.check()
	}
	return request, err
}

func addressed(r *wire) *wire {
	r.App, r.Room, r.CommandId, r.Actor = string(someRoom.App), string(someRoom.Room), "c", asUser(host)
	return r
}

// TestStrangePeople puts strange ids wherever a command is about a person.
func TestStrangePeople(t *testing.T) {
	abouts := 0
	for _, empty := range everyWireCommand() {
		field := empty.ProtoReflect().WhichOneof(empty.ProtoReflect().Descriptor().Oneofs().ByName("command"))
		user := field.Message().Fields().ByName("user")
		if user == nil {
			continue
		}
		abouts++
		for _, text := range []string{
			"", "me", "us_", string(host)[:22], string(host) + "0", strings.ToUpper(string(host)), "rm_" + string(host)[3:], "us_u0000000000000000000",
			string(host)[:22] + "\x00", string(host)[:22] + "ü", "service:room", "room", strings.Repeat("us_0", 1<<12),
		} {
			r := proto.CloneOf(empty)
			about := r.ProtoReflect().Mutable(field).Message()
			if session := field.Message().Fields().ByName("session"); session != nil {
				about.Set(session, protoreflect.ValueOfString("sfu-1.00000000000000000001"))
			}
			about.Set(user, protoreflect.ValueOfString(text))
			if _, err := accepted(r); !fault.Is(err, fault.CodeInvalid) {
				t.Errorf("%s about %.40q: %v", field.Name(), text, err)
			}
		}
	}
	if abouts < 14 {
		t.Errorf("only %d commands are about a person", abouts)
	}
}

func TestStrangeRequests(t *testing.T) {
	good := func() *wire {
		return addressed(&wire{Command: &listenerstatev1.ApplyRequest_Invite{Invite: &listenerstatev1.Invite{User: string(speaker), Name: "Ada"}}})
	}
	if _, err := accepted(good()); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*wire){
		"no app":              func(r *wire) { r.App = "" },
		"a strange app":       func(r *wire) { r.App = "Main" },
		"no room":             func(r *wire) { r.Room = "" },
		"a person as room":    func(r *wire) { r.Room = string(host) },
		"no actor":            func(r *wire) { r.Actor = nil },
		"an empty actor":      func(r *wire) { r.Actor = &listenerstatev1.Actor{} },
		"a strange user":      func(r *wire) { r.Actor = asUser("me") },
		"a strange service":   func(r *wire) { r.Actor = asService("cron") },
		"a user as service":   func(r *wire) { r.Actor = asService(string(host)) },
		"a service as user":   func(r *wire) { r.Actor = asUser("room") },
		"no id":               func(r *wire) { r.CommandId = "" },
		"a long id":           func(r *wire) { r.CommandId = strings.Repeat("a", 65) },
		"an id with spaces":   func(r *wire) { r.CommandId = "a b" },
		"an id with controls": func(r *wire) { r.CommandId = "a\x7f" },
		"no command":          func(r *wire) { r.Command = nil },
		"an unknown command":  func(r *wire) { r.Command = nil; r.ProtoReflect().SetUnknown([]byte{0xf2, 0x1f, 0x00}) }, // field 510
		"4 seconds":           func(r *wire) { r.GetInvite().ExpiresInSeconds = 4 },
		"601 seconds":         func(r *wire) { r.GetInvite().ExpiresInSeconds = 601 },
		"136 years":           func(r *wire) { r.GetInvite().ExpiresInSeconds = math.MaxUint32 },
		"no mode":             func(r *wire) { r.Command = modeOf(listenv1.HandMode_HAND_MODE_UNSPECIFIED) },
		"mode 4":              func(r *wire) { r.Command = modeOf(4) },
		"mode 257":            func(r *wire) { r.Command = modeOf(257) },
		"a negative mode":     func(r *wire) { r.Command = modeOf(-255) },
		"no session":          func(r *wire) { r.Command = mediaOf("") },
		"a strange session":   func(r *wire) { r.Command = mediaOf("sfu-1") },
		"no host":             func(r *wire) { r.Command = openOf(&listenerstatev1.OpenRoom{}) },
		"101 seats":           func(r *wire) { r.Command = openOf(&listenerstatev1.OpenRoom{Host: string(host), MaxSeats: 101}) },
		"101 speakers": func(r *wire) {
			r.Command = openOf(&listenerstatev1.OpenRoom{Host: string(host), Speakers: make([]string, 101)})
		},
		"a strange speaker": func(r *wire) {
			r.Command = openOf(&listenerstatev1.OpenRoom{Host: string(host), Speakers: []string{"x"}})
		},
		"a strange language": func(r *wire) { r.Command = openOf(&listenerstatev1.OpenRoom{Host: string(host), Language: "de/AT"}) },
		"no anchor time":     func(r *wire) { r.Command = anchorOf(&listenerstatev1.AnchorOrigin{Epoch: 1, Node: "a"}) },
		"an anchor in 1969": func(r *wire) {
			r.Command = anchorOf(&listenerstatev1.AnchorOrigin{Epoch: 1, Node: "a", WallTime: &timestamppb.Timestamp{Seconds: -1}})
		},
		"an anchor after time": func(r *wire) {
			r.Command = anchorOf(&listenerstatev1.AnchorOrigin{Epoch: 1, Node: "a", WallTime: &timestamppb.Timestamp{Seconds: 1 << 60}})
		},
		"epoch 0": func(r *wire) {
			r.Command = anchorOf(&listenerstatev1.AnchorOrigin{Node: "a", WallTime: timestamppb.New(noon)})
		},
		"a strange node": func(r *wire) {
			r.Command = anchorOf(&listenerstatev1.AnchorOrigin{Epoch: 1, Node: "A b", WallTime: timestamppb.New(noon)})
		},
	} {
		r := good()
		change(r)
		if _, err := accepted(r); !fault.Is(err, fault.CodeInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, seconds := range []uint32{0, 5, 600} {
		r := good()
		r.GetInvite().ExpiresInSeconds = seconds
		if request, err := accepted(r); err != nil || request.Command.(Invite).ExpiresIn != time.Duration(seconds)*time.Second {
			t.Errorf("%d seconds: %+v, %v", seconds, request, err)
		}
	}
}

func TestTheSameIntentHasTheSamePayload(t *testing.T) {
	hashes := map[[32]byte]string{}
	differ := func(what string, r *wire) {
		t.Helper()
		request, err := accepted(r)
		if err != nil {
			t.Fatal(err)
		}
		if other, used := hashes[request.Payload]; used {
			t.Errorf("%s has the payload of %s", what, other)
		}
		hashes[request.Payload] = what
		again := proto.CloneOf(r)
		again.CommandId = "another"
		if other, err := accepted(again); err != nil || other.Payload != request.Payload {
			t.Errorf("%s has another payload under another id, %v", what, err)
		}
	}
	for _, r := range withText("Ada") {
		differ(r.String(), r)
	}
	raise := func(change func(*wire)) *wire {
		r := addressed(&wire{Command: &listenerstatev1.ApplyRequest_RaiseHand{RaiseHand: &listenerstatev1.RaiseHand{Name: "Ada"}}})
		change(r)
		return r
	}
	differ("a hand", raise(func(*wire) {}))
	differ("another name", raise(func(r *wire) { r.GetRaiseHand().Name = "Eve" }))
	differ("a note", raise(func(r *wire) { r.GetRaiseHand().Note = "where?" }))
	differ("a name as note", raise(func(r *wire) { r.GetRaiseHand().Name, r.GetRaiseHand().Note = "", "Ada" }))
	differ("another person", raise(func(r *wire) { r.Actor = asUser(speaker) }))
	differ("another room", raise(func(r *wire) { r.Room = "rm_00000000000000000001" }))
	differ("another app", raise(func(r *wire) { r.App = "other" }))
}

func modeOf(mode listenv1.HandMode) *listenerstatev1.ApplyRequest_SetHandMode {
	return &listenerstatev1.ApplyRequest_SetHandMode{SetHandMode: &listenerstatev1.SetHandMode{Mode: mode}}
}

func mediaOf(session string) *listenerstatev1.ApplyRequest_ReportMedia {
	return &listenerstatev1.ApplyRequest_ReportMedia{ReportMedia: &listenerstatev1.ReportMedia{User: string(speaker), Session: session}}
}

func openOf(open *listenerstatev1.OpenRoom) *listenerstatev1.ApplyRequest_OpenRoom {
	return &listenerstatev1.ApplyRequest_OpenRoom{OpenRoom: open}
}

func anchorOf(anchor *listenerstatev1.AnchorOrigin) *listenerstatev1.ApplyRequest_AnchorOrigin {
	return &listenerstatev1.ApplyRequest_AnchorOrigin{AnchorOrigin: anchor}
}

// FuzzParseRequest looks for requests that are accepted and then cannot be decided or stored.
func FuzzParseRequest(f *testing.F) {
	add := func(r *wire) {
		raw, err := proto.Marshal(r)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	for _, r := range append(everyWireCommand(), withText("Zoë")...) {
		add(r)
	}
	add(addressed(&wire{Command: mediaOf("sfu-1.00000000000000000001")}))
	add(addressed(&wire{Command: modeOf(3)}))
	stage := everything()
	f.Fuzz(func(t *testing.T, raw []byte) {
		r := new(wire)
		if proto.Unmarshal(raw, r) != nil {
			return
		}
		request, err := accepted(r)
		if err != nil {
			if !fault.Is(err, fault.CodeInvalid) {
				t.Fatalf("%v is refused with %v", r, err)
			}
			return
		}
		if again, err := accepted(proto.CloneOf(r)); err != nil || !bytes.Equal(again.Payload[:], request.Payload[:]) {
			t.Fatalf("%v again: %v", r, err)
		}
		events, err := decide(stage, request, noon.Add(time.Hour))
		if err != nil && fault.From(err).Code == fault.CodeInternal {
			t.Fatalf("%v: %v", r, err)
		}
		for _, e := range events {
			e.Position, e.Change = stage.Position, closed(e)
			if _, err := encodeEvent(someRoom, e); err != nil {
				t.Fatalf("%v cannot be stored: %v", r, err)
			}
			evolve(stage, e)
		}
	})
}

package intent

import (
	"os"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"google.golang.org/protobuf/proto"

	"rostrum/internal/fault"
	"rostrum/internal/id"
	listenv1 "rostrum/proto/rostrum/listen/v1"
	v1 "rostrum/proto/rostrum/listenerstate/v1"
)

const (
	room  id.Room = "rm_0123456789abcdefghjk"
	ada   id.User = "us_0123456789abcdefghjk"
	other id.User = "us_9876543210abcdefghjk"
)

var cleo = Person{User: ada, Name: "Cleo"}

// commandOf answers a request with nothing but its command.
func commandOf(t *testing.T, i Intent) *v1.ApplyRequest {
	t.Helper()
	got, err := i.Request(id.Main, room, cleo, "k1")
	if err != nil {
		t.Fatalf("%+v: %v", i, err)
	}
	if got.App != "main" || got.Room != string(room) || got.CommandId != "k1" || got.Actor.GetUser() != string(ada) {
		t.Errorf("%+v is addressed as %v", i, got)
	}
	return &v1.ApplyRequest{Command: got.Command}
}

func TestEveryVerbIsACommand(t *testing.T) {
	him := string(other)
	for _, c := range []struct {
		ask  Intent
		want *v1.ApplyRequest
	}{
		{Intent{Do: "raise", Note: " about tides "}, &v1.ApplyRequest{Command: &v1.ApplyRequest_RaiseHand{RaiseHand: &v1.RaiseHand{Name: "Cleo", Note: "about tides"}}}},
		{Intent{Do: "lower", User: "me"}, &v1.ApplyRequest{Command: &v1.ApplyRequest_LowerHand{LowerHand: &v1.LowerHand{User: string(ada)}}}},
		{Intent{Do: "lower", User: him}, &v1.ApplyRequest{Command: &v1.ApplyRequest_LowerHand{LowerHand: &v1.LowerHand{User: him}}}},
		{Intent{Do: "lower_all"}, &v1.ApplyRequest{Command: &v1.ApplyRequest_LowerAllHands{LowerAllHands: &v1.LowerAllHands{}}}},
		{Intent{Do: "hand_mode", Mode: "invited"}, &v1.ApplyRequest{Command: &v1.ApplyRequest_SetHandMode{SetHandMode: &v1.SetHandMode{Mode: listenv1.HandMode_HAND_MODE_INVITED}}}},
		{Intent{Do: "invite", User: him, Name: "Bo", ExpiresIn: 30}, &v1.ApplyRequest{Command: &v1.ApplyRequest_Invite{Invite: &v1.Invite{User: him, Name: "Bo", ExpiresInSeconds: 30}}}},
		{Intent{Do: "withdraw", User: him}, &v1.ApplyRequest{Command: &v1.ApplyRequest_WithdrawInvite{WithdrawInvite: &v1.WithdrawInvite{User: him}}}},
		{Intent{Do: "accept", Muted: true}, &v1.ApplyRequest{Command: &v1.ApplyRequest_AcceptInvite{AcceptInvite: &v1.AcceptInvite{Name: "Cleo", Muted: true}}}},
		{Intent{Do: "decline", User: string(ada)}, &v1.ApplyRequest{Command: &v1.ApplyRequest_DeclineInvite{DeclineInvite: &v1.DeclineInvite{}}}},
		{Intent{Do: "take_seat", Muted: true}, &v1.ApplyRequest{Command: &v1.ApplyRequest_TakeSeat{TakeSeat: &v1.TakeSeat{Name: "Cleo", Muted: true}}}},
		{Intent{Do: "seat", User: him, Name: "Bo"}, &v1.ApplyRequest{Command: &v1.ApplyRequest_SeatPerson{SeatPerson: &v1.SeatPerson{User: him, Name: "Bo"}}}},
		{Intent{Do: "audience"}, &v1.ApplyRequest{Command: &v1.ApplyRequest_LeaveSeat{LeaveSeat: &v1.LeaveSeat{User: string(ada)}}}},
		{Intent{Do: "leave"}, &v1.ApplyRequest{Command: &v1.ApplyRequest_Leave{Leave: &v1.Leave{}}}},
		{Intent{Do: "mute", User: him}, &v1.ApplyRequest{Command: &v1.ApplyRequest_Mute{Mute: &v1.Mute{User: him}}}},
		{Intent{Do: "unmute", User: him}, &v1.ApplyRequest{Command: &v1.ApplyRequest_Unmute{Unmute: &v1.Unmute{User: him}}}},
		{Intent{Do: "hold", User: him}, &v1.ApplyRequest{Command: &v1.ApplyRequest_Hold{Hold: &v1.Hold{User: him}}}},
		{Intent{Do: "release", User: him}, &v1.ApplyRequest{Command: &v1.ApplyRequest_Release{Release: &v1.Release{User: him}}}},
		{Intent{Do: "appoint", User: him}, &v1.ApplyRequest{Command: &v1.ApplyRequest_Appoint{Appoint: &v1.Appoint{User: him}}}},
		{Intent{Do: "dismiss"}, &v1.ApplyRequest{Command: &v1.ApplyRequest_Dismiss{Dismiss: &v1.Dismiss{User: string(ada)}}}},
		{Intent{Do: "remove", User: him}, &v1.ApplyRequest{Command: &v1.ApplyRequest_Remove{Remove: &v1.Remove{User: him}}}},
		{Intent{Do: "readmit", User: him}, &v1.ApplyRequest{Command: &v1.ApplyRequest_Readmit{Readmit: &v1.Readmit{User: him}}}},
	} {
		if got := commandOf(t, c.ask); !proto.Equal(got, c.want) {
			t.Errorf("%+v became %v, want %v", c.ask, got, c.want)
		}
	}
}

// The table of docs/protocol.md section 10.3 is the list of verbs.
func TestVerbsAreThoseOfTheProtocol(t *testing.T) {
	page, err := os.ReadFile("../../docs/protocol.md")
	if err != nil {
		t.Fatal(err)
	}
	_, after, found := strings.Cut(string(page), "| do | further fields |")
	table, _, _ := strings.Cut(after, "\n\n")
	if !found {
		t.Fatal("section 10.3 has no table of verbs")
	}
	left := map[string]bool{}
	for do := range verbs {
		left[do] = true
	}
	for _, row := range strings.Split(table, "\n") {
		cells := strings.Split(row, "|")
		if len(cells) < 3 {
			continue
		}
		for _, name := range regexp.MustCompile("`([a-z_]+)`").FindAllStringSubmatch(cells[1], -1) {
			if !left[name[1]] {
				t.Errorf("the protocol has %s, verbs has not", name[1])
			}
			delete(left, name[1])
		}
	}
	for do := range left {
		t.Errorf("verbs has %s, the protocol has not", do)
	}
}

func TestSomeThingsNobodyDoesForAnother(t *testing.T) {
	for _, do := range []string{"raise", "accept", "decline", "take_seat", "leave"} {
		if _, err := (Intent{Do: do, User: string(other)}).Request(id.Main, room, cleo, "k"); !fault.Is(err, fault.CodeForbidden) {
			t.Errorf("%s for another person: %v", do, err)
		}
	}
}

func TestCheckRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		ask   Intent
		field string
	}{
		"no verb":             {Intent{}, "do"},
		"a service's verb":    {Intent{Do: "report_media"}, "do"},
		"a verb in capitals":  {Intent{Do: "Mute"}, "do"},
		"a name for a user":   {Intent{Do: "mute", User: "Ada"}, "user"},
		"a long note":         {Intent{Do: "raise", Note: strings.Repeat("a", 141)}, "note"},
		"two lines":           {Intent{Do: "raise", Note: "a\nb"}, "note"},
		"a control character": {Intent{Do: "raise", Note: "a\x07"}, "note"},
		"an override":         {Intent{Do: "raise", Note: "a\u202eb"}, "note"},
		"a flood of marks":    {Intent{Do: "raise", Note: "a" + strings.Repeat("\u0301", 60)}, "note"},
		"broken UTF-8":        {Intent{Do: "raise", Note: "\xff"}, "note"},
		"a megabyte":          {Intent{Do: "raise", Note: strings.Repeat("a", 1<<20)}, "note"},
		"no mode":             {Intent{Do: "hand_mode"}, "mode"},
		"an unknown mode":     {Intent{Do: "hand_mode", Mode: "OPEN"}, "mode"},
		"a short invite":      {Intent{Do: "invite", User: string(other), ExpiresIn: 4}, "expires_in"},
		"a long invite":       {Intent{Do: "invite", User: string(other), ExpiresIn: 601}, "expires_in"},
		"a strange name":      {Intent{Do: "seat", User: string(other), Name: "a\u202eb"}, "name"},
	} {
		err := c.ask.Check()
		if !fault.Is(err, fault.CodeInvalid) || fault.From(err).Details["field"] != c.field {
			t.Errorf("%s: %v", name, err)
		}
		if _, again := c.ask.Request(id.Main, room, cleo, "k"); !fault.Is(again, fault.CodeInvalid) {
			t.Errorf("%s: Request: %v", name, again)
		}
	}
}

func TestAKeyIsOnePersonsCommand(t *testing.T) {
	first, err := CommandID(ada, "k")
	if err != nil || first != "ik_ec4939359bd3d4f4050b25fb3ef8b49e3fc4de73" {
		t.Errorf("named %q, %v: gateways of two versions would not agree", first, err)
	}
	if again, _ := CommandID(ada, "k"); again != first {
		t.Errorf("named %q, then %q", first, again)
	}
	if another, _ := CommandID(other, "k"); another == first {
		t.Error("two people's keys name one command")
	}
	if one, two := must(CommandID(ada, "")), must(CommandID(ada, "")); one == two {
		t.Error("two intents without a key have one name")
	}
	for _, key := range []string{" ", "a b", "ä", strings.Repeat("k", 65), "a\x00"} {
		if _, err := CommandID(ada, key); !fault.Is(err, fault.CodeInvalid) {
			t.Errorf("%q: %v", key, err)
		}
	}
}

func must(command id.Command, err error) id.Command {
	if err != nil {
		panic(err)
	}
	return command
}

// What Check lets through becomes a command of bounded size that says nothing strange; nothing else does.
func FuzzCheck(f *testing.F) {
	f.Add("raise", "me", "", "about tides", "", uint32(0))
	f.Add("invite", string(other), "Zoe\u0308 👩🏽‍🚀", "", "", uint32(600))
	f.Add("hand_mode", "", "", "\u202e", "closed", uint32(1))
	f.Add("seat", "us_", strings.Repeat("\u0301", 99), "\xff", "?", uint32(1<<31))
	f.Fuzz(func(t *testing.T, do, user, name, note, mode string, expires uint32) {
		i := Intent{Do: do, User: user, Name: name, Note: note, Mode: mode, ExpiresIn: expires}
		checked := i.Check()
		request, err := i.Request(id.Main, room, cleo, "k")
		if checked != nil {
			if !fault.Is(checked, fault.CodeInvalid) || request != nil || !fault.Is(err, fault.CodeInvalid) {
				t.Fatalf("%+v: %v, then %v", i, checked, err)
			}
			return
		}
		if err != nil {
			if !fault.Is(err, fault.CodeForbidden) {
				t.Fatalf("%+v passed and became %v", i, err)
			}
			return
		}
		if size := proto.Size(request); request.Command == nil || size > 4096 {
			t.Fatalf("%+v became %d bytes: %v", i, size, request)
		}
		strange := func(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) }
		if said := request.GetRaiseHand().GetNote() + request.GetInvite().GetName(); strings.ContainsFunc(said, strange) {
			t.Fatalf("%+v says %q", i, said)
		}
	})
}

package stage

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"rostrum/client/api"
)

// TestTheFold tells one story of a room and looks at the stage after every event.
func TestTheFold(t *testing.T) {
	noon := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	now := newFold(Stage{Stage: api.Stage{View: api.ModeratorView, State: "live", Host: ada, MaxSeats: 3, HandMode: api.HandsOpen,
		Seats: []api.Seat{{Seat: 2, User: ada, Name: "Ada", Role: "host"}}, You: api.You{User: ada, Role: "host", Seat: 2}}})
	hand := func(user string, order uint64) Event {
		return Event{Kind: HandRaised, User: user, Name: user, Order: order, RaisedAt: noon}
	}
	for i, step := range []struct {
		event Event
		want  func() bool
	}{
		{hand(grace, 1), func() bool { return now.HandCount == 1 && now.PlaceOf(grace) == 1 }},
		{hand(noor, 2), func() bool { return now.PlaceOf(noor) == 2 && now.Hands[1].RaisedAt == noon }},
		{hand("early", 0), func() bool { return now.PlaceOf("early") == 1 && now.PlaceOf(noor) == 3 }},
		{hand(noor, 2), func() bool { return now.HandCount == 3 }},
		{Event{Kind: HandAbsent, User: grace}, func() bool { return now.Hands[1].Absent }},
		{Event{Kind: HandPresent, User: grace}, func() bool { return !now.Hands[1].Absent }},
		{Event{Kind: Invited, User: grace, Name: "Grace", By: ada, ExpiresAt: noon}, func() bool { return len(now.Invites) == 1 && now.Free() == 1 }},
		{Event{Kind: Invited, User: grace, Name: "Grace", By: ada, ExpiresAt: noon.Add(1)}, func() bool { return len(now.Invites) == 1 && now.Invites[0].ExpiresAt != noon }},
		{Event{Kind: InviteClosed, User: grace, Reason: "accepted"}, func() bool { return len(now.Invites) == 0 && now.Free() == 2 }},
		{Event{Kind: HandLowered, User: grace, Reason: "seated"}, func() bool { return now.HandCount == 2 && now.PlaceOf(grace) == 0 }},
		{Event{Kind: Seated, User: grace, Seat: 1, Taken: &api.Seat{Seat: 1, User: grace, Role: "speaker"}}, func() bool { return now.Seats[0].User == grace && now.Free() == 1 }},
		{Event{Kind: Held, User: grace, Seat: 1}, func() bool { return now.Seats[0].Held && now.Seats[0].Muted && !now.IsEnforced(1) }},
		{Event{Kind: Released, User: grace, Seat: 1}, func() bool { return !now.Seats[0].Held && now.Seats[0].Muted }},
		{Event{Kind: Unmuted, User: grace, Seat: 1}, func() bool { return !now.Seats[0].Muted }},
		{Event{Kind: Muted, User: grace, Seat: 1}, func() bool { return now.Seats[0].Muted }},
		{Event{Kind: MediaLost, User: grace, Seat: 1}, func() bool { return now.Seats[0].Away }},
		{Event{Kind: MediaFound, User: grace, Seat: 1}, func() bool { return !now.Seats[0].Away }},
		{Event{Kind: Appointed, User: grace}, func() bool { return now.Seats[0].Role == "moderator" && len(now.Moderators) == 1 }},
		{Event{Kind: Dismissed, User: grace}, func() bool { return now.Seats[0].Role == "speaker" && len(now.Moderators) == 0 }},
		{Event{Kind: Unseated, User: grace, Seat: 1, Reason: "removed"}, func() bool { return len(now.Seats) == 1 }},
		{Event{Kind: Removed, User: grace}, func() bool { return len(now.Removed) == 1 }},
		{Event{Kind: Readmitted, User: grace}, func() bool { return len(now.Removed) == 0 }},
		{Event{Kind: HandModeSet, Mode: api.HandsInvited}, func() bool { return now.HandMode == api.HandsInvited && now.HandCount == 2 }},
		{Event{Kind: HandModeSet, Mode: api.HandsClosed}, func() bool { return now.HandCount == 0 && len(now.Hands) == 0 }},
		{hand(noor, 30), func() bool { return now.HandCount == 1 }},
		{Event{Kind: AllHandsLowered}, func() bool { return now.HandCount == 0 }},
		{Event{Kind: Unseated, User: ada, Seat: 2}, func() bool { return now.You.Seat == 0 && now.You.Role == "host" }},
		{Event{Kind: Seated, User: ada, Seat: 2, Taken: &api.Seat{Seat: 2, User: ada}}, func() bool { return now.You.Seat == 2 }},
		{hand(noor, 40), func() bool { return now.HandCount == 1 }},
		{Event{Kind: RoomEnded}, func() bool {
			return now.State == "ended" && len(now.Seats)+now.HandCount+now.You.Seat == 0
		}},
	} {
		before := now.clone()
		copied, _ := json.Marshal(before)
		step.event.Position = at(1, uint64(i+1))
		now.apply(step.event)
		if !step.want() || now.Position != step.event.Position {
			t.Errorf("after %+v: %+v", step.event, now.Stage)
		}
		if again, _ := json.Marshal(before); string(again) != string(copied) {
			t.Errorf("%s changed a stage that was given away", step.event.Kind)
		}
	}
}

func TestAMuteIsTrueWhenItIsEnforced(t *testing.T) {
	now := newFold(Stage{Stage: api.Stage{Position: at(1, 5), Seats: []api.Seat{{Seat: 1, User: ada, Muted: true}}}})
	if now.IsEnforced(1) {
		t.Error("it is true before anybody has said so")
	}
	now.enforce(at(1, 4))
	if now.IsEnforced(1) {
		t.Error("a report of less than the snapshot makes it true")
	}
	now.enforce(at(1, 5))
	if !now.IsEnforced(1) {
		t.Error("what a snapshot says stays doubted")
	}
	now.apply(Event{Position: at(1, 7), Kind: Muted, Seat: 1})
	for _, c := range []struct {
		position api.Position
		isNew    bool
		enforced bool
	}{{at(1, 6), true, false}, {at(1, 5), false, false}, {at(1, 7), true, true}, {at(1, 7), false, true}, {at(2, 1), true, true}} {
		if isNew := now.enforce(c.position); isNew != c.isNew || now.IsEnforced(1) != c.enforced {
			t.Errorf("%v: new %v, enforced %v", c.position, isNew, now.IsEnforced(1))
		}
	}
}

func TestWhatBecomesOfMe(t *testing.T) {
	now := newFold(Stage{Stage: api.Stage{View: api.PersonView, Host: ada, HandCount: 4, You: api.You{User: noor, Role: "listener"}}})
	expires := time.Date(2026, 3, 1, 12, 1, 0, 0, time.UTC)
	for _, step := range []struct {
		event Event
		place *Place
		want  string
	}{
		{event: Event{Kind: HandRaised, User: noor}, want: "listener 0 0 4"},
		{place: &Place{5, 5}, want: "listener 0 5 5"},
		{event: Event{Kind: Seated, Seat: 3, Taken: &api.Seat{Seat: 3, User: grace}}, want: "listener 0 5 5"},
		{place: &Place{2, 3}, want: "listener 0 2 3"},
		{event: Event{Kind: Invited, User: noor, By: ada, ExpiresAt: expires}, want: "listener 0 2 3 invited"},
		{event: Event{Kind: InviteClosed, User: noor}, want: "listener 0 2 3"},
		{event: Event{Kind: HandLowered, User: noor}, want: "listener 0 0 3"},
		{event: Event{Kind: Seated, Seat: 1, Taken: &api.Seat{Seat: 1, User: noor}}, want: "speaker 1 0 3"},
		{event: Event{Kind: Appointed, User: noor}, want: "moderator 1 0 3"},
		{event: Event{Kind: Unseated, Seat: 1, User: noor}, want: "moderator 0 0 3"},
		{event: Event{Kind: Dismissed, User: noor}, want: "listener 0 0 3"},
	} {
		if step.place != nil {
			now.place(*step.place)
		} else {
			now.apply(step.event)
		}
		got := fmt.Sprint(now.You.Role, " ", now.You.Seat, " ", now.You.Place, " ", now.HandCount)
		if i := now.You.Invite; i != nil && i.By == ada && i.ExpiresAt == expires {
			got += " invited"
		}
		if got != step.want || len(now.Hands) != 0 || len(now.Invites) != 0 {
			t.Errorf("after %+v %+v: %s, want %s", step.event, step.place, got, step.want)
		}
	}
}

func TestEventsKeepTheirForm(t *testing.T) {
	for _, text := range []string{
		event(1, 2, `"event":"seated","user":"`+noor+`","seat":{"seat":2,"user":"`+noor+`","name":"Noor","role":"speaker","muted":true,"held":false,"away":false}`),
		event(1, 2, `"event":"unseated","user":"`+noor+`","seat":2,"reason":"away"`),
		event(1, 2, `"event":"invited","user":"`+noor+`","name":"Noor","expires_at":"2026-03-01T12:01:00Z"`),
		raised(4, noor, "Noor"),
	} {
		m, err := parse([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		again, err := json.Marshal(m.event)
		if err != nil {
			t.Fatal(err)
		}
		var a, b map[string]any
		if json.Unmarshal([]byte(text), &a) != nil || json.Unmarshal(again, &b) != nil || fmt.Sprint(drop(a, "note")) != fmt.Sprint(drop(b, "note")) {
			t.Errorf("%s became %s", text, again)
		}
	}
}

func drop(m map[string]any, key string) map[string]any {
	delete(m, key)
	return m
}

// BenchmarkEvent reads and applies an event of a crowd: a hand that goes up, and the first of 10,000 that goes down.
func BenchmarkEvent(b *testing.B) {
	now := newFold(Stage{Stage: api.Stage{View: api.ModeratorView}})
	for i := range 10_000 {
		now.apply(Event{Kind: HandRaised, User: fmt.Sprint("us_", i), Order: uint64(i)})
	}
	b.ReportAllocs()
	for i := 10_000; b.Loop(); i++ {
		up, err := parse([]byte(raised(i, fmt.Sprint("us_", i), "Noor")))
		if err != nil {
			b.Fatal(err)
		}
		now.apply(*up.event)
		now.apply(Event{Kind: HandLowered, User: now.Hands[0].User})
	}
}

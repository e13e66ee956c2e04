package events

import (
	"encoding/json"
	"testing"

	"rostrum/mobile-api/view"
	listenv1 "rostrum/proto/rostrum/listen/v1"
	v1 "rostrum/proto/rostrum/listenerstate/v1"
)

// story is one fold vector in the making: what happens to a room, seen by one person.
type story struct {
	name string
	user string
	with []string // moderators
	tell func(*table)
	also []string // said by the server after that, of what is not known yet
}

func (s story) vector(t *testing.T) foldVector {
	t.Helper()
	log := newFakeLog(ada, append([]string{mod}, s.with...)...)
	log.stage.Seats = append(log.stage.Seats, &listenv1.Seat{Seat: 3, User: mod, Name: "Mo", Role: listenv1.Role_ROLE_MODERATOR, Away: true})
	x := newTable(t, log)
	c := x.joins(s.user, "")
	s.tell(x)
	x.passes(x.sockets.pace.tick)
	v := foldVector{Name: s.name, User: s.user}
	for _, text := range append(told(c), s.also...) {
		said, err := readSaid([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if said.Type == "hello" {
			continue
		}
		if isPlace := said.Type == "snapshot" || said.Type == "event" || said.Type == "still"; isPlace && said.Position.IsAfter(v.Position) {
			v.Position = said.Position
		}
		v.Messages = append(v.Messages, json.RawMessage(text))
	}
	var whole struct {
		Stage json.RawMessage `json:"stage"`
		You   json.RawMessage `json:"you"`
	}
	if x.stage.shown.State == view.StateEnded { // nobody is shown that any more
		text, err := x.stage.encode(x.stage.shown.ViewerOf(s.user))
		if err != nil {
			t.Fatal(err)
		}
		you, err := json.Marshal(x.stage.you(s.user))
		if err != nil {
			t.Fatal(err)
		}
		v.Stage, v.You = text, you
		return v
	}
	again := told(x.joins(s.user, "")) // whoever comes now is shown what the other one has folded
	if err := json.Unmarshal([]byte(again[len(again)-1]), &whole); err != nil {
		t.Fatalf("%s: %v", again, err)
	}
	v.Stage, v.You = whole.Stage, whole.You
	return v
}

func heldBy(by, user string, seat uint32) *v1.StageEvent {
	return happened(by, &v1.Event{Payload: &v1.Event_Held{Held: &v1.Held{User: user, Seat: seat}}})
}

func releasedBy(by, user string, seat uint32) *v1.StageEvent {
	return happened(by, &v1.Event{Payload: &v1.Event_Released{Released: &v1.Released{User: user, Seat: seat}}})
}

func foundBy(user string, seat uint32, lost bool) *v1.StageEvent {
	if lost {
		return happened("service:sfu", &v1.Event{Payload: &v1.Event_MediaLost{MediaLost: &v1.MediaLost{User: user, Seat: seat}}})
	}
	return happened("service:sfu", &v1.Event{Payload: &v1.Event_MediaFound{MediaFound: &v1.MediaFound{User: user, Seat: seat}}})
}

func readmittedBy(by, user string) *v1.StageEvent {
	return happened(by, &v1.Event{Payload: &v1.Event_Readmitted{Readmitted: &v1.Readmitted{User: user}}})
}

var stories = []story{
	{name: "a hand, its place, an invite, a seat", user: noor, tell: func(x *table) {
		x.happens(raisedBy(cem, "first"), raisedBy(noor, "about tides"), raisedBy("us_other", ""))
		x.passes(x.sockets.pace.tick)
		x.happens(loweredBy(ada, cem), invitedBy(ada, noor))
		x.passes(x.sockets.pace.tick)
		x.happens(uninvitedBy(noor, noor), loweredBy(noor, noor), seatedBy(noor, 2), foundBy(noor, 2, false), mutedBy(mod, noor, 2))
	}},
	{name: "an invite that waits", user: noor, tell: func(x *table) { x.happens(invitedBy(ada, noor), invitedBy(mod, noor)) }},
	{name: "microphones", user: noor, tell: func(x *table) {
		x.happens(seatedBy(cem, 5), seatedBy(noor, 2), mutedBy(ada, cem, 5), unmutedBy(cem, 5), heldBy(mod, noor, 2), foundBy(mod, 3, false))
		x.take(item{enforced: view.Position{Term: 1, Offset: 15}})
		x.happens(releasedBy(mod, noor, 2), foundBy(ada, 1, true), unseatedBy(cem, 5))
		x.take(item{enforced: view.Position{Term: 1, Offset: 18}})
		x.tellEnforced()
	}},
	{name: "the queue as moderators see it", user: mod, tell: func(x *table) {
		x.happens(raisedBy(cem, "first"), raisedBy(noor, "second"), raisedBy("us_other", "third"), absentBy(noor, true), absentBy("us_other", true))
		x.happens(absentBy("us_other", false), loweredBy(cem, cem), raisedBy(cem, "again"))
		x.happens(invitedBy(ada, "us_other"), invitedBy(ada, "us_guest"), invitedBy(mod, "us_other"), uninvitedBy("us_guest", "us_guest"))
		x.happens(removedBy(ada, "us_rude"), removedBy(ada, "us_loud"), readmittedBy(ada, "us_loud"))
	}},
	{name: "all hands go down", user: mod, tell: func(x *table) {
		x.happens(raisedBy(cem, ""), raisedBy(noor, ""), allLoweredBy(ada), raisedBy(noor, ""), modeSetBy(ada, listenv1.HandMode_HAND_MODE_INVITED))
	}},
	{name: "hands are closed", user: noor, tell: func(x *table) {
		x.happens(raisedBy(cem, ""), raisedBy(noor, ""), modeSetBy(ada, listenv1.HandMode_HAND_MODE_CLOSED))
	}},
	{name: "others' hands are a number", user: noor, tell: func(x *table) {
		x.happens(raisedBy(cem, ""), raisedBy("us_other", ""), invitedBy(ada, cem), removedBy(ada, "us_rude"))
		x.passes(x.sockets.pace.tick)
	}},
	{name: "removed, and readmitted", user: noor, tell: func(x *table) {
		x.happens(seatedBy(noor, 2), unseatedBy(noor, 2), removedBy(ada, noor))
	}},
	{name: "the view turns with the role", user: noor, tell: func(x *table) {
		x.happens(raisedBy(cem, "hidden"), seatedBy(noor, 2), appointedBy(ada, noor), raisedBy("us_other", "seen"))
	}},
	{name: "and back", user: noor, with: []string{noor}, tell: func(x *table) {
		x.happens(raisedBy(cem, "seen"), seatedBy(noor, 2), dismissedBy(ada, noor), raisedBy("us_other", "hidden"))
		x.passes(x.sockets.pace.tick)
	}},
	{name: "another person's powers", user: mod, tell: func(x *table) {
		x.happens(seatedBy(noor, 2), appointedBy(ada, noor), appointedBy(ada, cem), dismissedBy(ada, noor))
	}},
	{name: "another term", user: noor, tell: func(x *table) {
		x.happens(raisedBy(noor, ""), seatedBy(cem, 2))
		x.log.restart()
		x.begins()
		x.happens(raisedBy("us_other", ""), mutedBy(ada, cem, 2))
	}},
	{name: "quiet", user: noor, tell: func(x *table) {
		x.happens(raisedBy(cem, ""))
		x.passes(2 * x.sockets.pace.still)
	}},
	{name: "what is not known is skipped", user: noor, tell: func(x *table) { x.happens(seatedBy(noor, 2)) }, also: []string{
		`{"type":"weather","position":{"term":1,"offset":99},"wind":[1,2]}`,
		`{"type":"event","position":{"term":1,"offset":10},"at":"2026-03-01T12:00:00Z","by":"` + ada + `","event":"muted","user":"` + noor + `","seat":2}`,
		`{"type":"enforced","position":{"term":1,"offset":8}}`,
		`{"type":"place","place":0,"of":0,"more":{"a":1}}`,
	}},
	{name: "the room ends", user: mod, tell: func(x *table) {
		x.happens(raisedBy(noor, ""), invitedBy(ada, cem), unseatedBy(mod, 3), endedBy(ada))
	}},
	{name: "the room ends for who waits", user: noor, tell: func(x *table) {
		x.happens(raisedBy(noor, ""), invitedBy(ada, noor), endedBy(ada))
	}},
}

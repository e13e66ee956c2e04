package events

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"rostrum/mobile-api/view"
	listenv1 "rostrum/proto/rostrum/listen/v1"
	v1 "rostrum/proto/rostrum/listenerstate/v1"
)

func modeSetBy(by string, mode listenv1.HandMode) *v1.StageEvent {
	return happened(by, &v1.Event{Payload: &v1.Event_HandModeSet{HandModeSet: &v1.HandModeSet{Mode: mode}}})
}

func allLoweredBy(by string) *v1.StageEvent {
	return happened(by, &v1.Event{Payload: &v1.Event_AllHandsLowered{AllHandsLowered: &v1.AllHandsLowered{}}})
}

// everything is one event of each kind that is about a person called secret, and some about nobody in particular.
func everything(secret string) []*v1.StageEvent {
	return []*v1.StageEvent{
		raisedBy(secret, "a secret note"), absentBy(secret, true), absentBy(secret, false), invitedBy(ada, secret), uninvitedBy(secret, secret),
		loweredBy(secret, secret), removedBy(ada, secret),
		happened(ada, &v1.Event{Payload: &v1.Event_Readmitted{Readmitted: &v1.Readmitted{User: secret}}}),
	}
}

// Nothing of a person's wish to speak is ever in the bytes that others but moderators get: neither in snapshots, nor
// events, nor what is missed and told later.
func TestPrivacy(t *testing.T) {
	log := newFakeLog(ada, mod)
	log.happen(raisedBy(cem, "an early note"), invitedBy(ada, cem), removedBy(ada, "us_removed"))
	w := newWorld(t, quick(), log)
	from := fmt.Sprintf("1-%d", log.position().Offset)
	person, first := w.open(noor)
	moderator, whole := w.open(mod)
	if len(whole.Stage.Hands) != 1 || len(whole.Stage.Invites) != 1 || len(whole.Stage.Removed) != 1 || whole.Stage.View != "moderator" {
		t.Errorf("a moderator is shown %s", whole.text)
	}
	if first.Stage.HandCount != 1 {
		t.Errorf("a person is shown %s", first.text)
	}
	log.happen(everything(cem)...)
	log.happen(mutedBy(ada, ada, 1))
	later := w.dial(noor, from)
	if hello := later.next(); !hello.Resumed {
		t.Errorf("not resumed: %s", hello.text)
	}
	for name, c := range map[string]*client{"live": person, "resumed": later} {
		for {
			s := c.next()
			for _, secret := range []string{cem, "note", "us_removed", `"invite_closed"`} {
				if strings.Contains(s.text, secret) || strings.Contains(first.text, secret) {
					t.Errorf("%s: a person is told %s", name, s.text)
				}
			}
			if s.Event == "muted" {
				break
			}
		}
	}
	var kinds []string
	for s := moderator.nextOf("event"); s.Event != "muted"; s = moderator.nextOf("event") {
		kinds = append(kinds, s.Event)
	}
	want := "hand_raised hand_absent hand_present invited invite_closed hand_lowered removed readmitted"
	if strings.Join(kinds, " ") != want {
		t.Errorf("a moderator is told of %v", kinds)
	}
}

// What is about oneself is told, and only what is about oneself.
func TestOneselfIsTold(t *testing.T) {
	log := newFakeLog(ada)
	w := newWorld(t, quick(), log)
	c, _ := w.open(noor)
	log.happen(everything(cem)...)
	log.happen(everything(noor)...)
	var kinds []string
	for len(kinds) < 8 {
		s := c.nextOf("event")
		if !strings.Contains(s.text, noor) || strings.Contains(s.text, cem) {
			t.Errorf("told %s", s.text)
		}
		kinds = append(kinds, s.Event)
	}
	if kinds[0] != "hand_raised" || kinds[7] != "readmitted" {
		t.Errorf("told of %v", kinds)
	}
}

func TestTheViewTurnsWithTheRole(t *testing.T) {
	log := newFakeLog(ada)
	log.happen(raisedBy(cem, "hidden"))
	w := newWorld(t, quick(), log)
	c, _ := w.open(noor)
	log.happen(appointedBy(ada, noor))
	log.happen(raisedBy(mod, "seen"))
	event := c.nextOf("event")
	turned := c.next()
	if event.Event != "appointed" || turned.Type != "snapshot" || turned.Position != event.Position {
		t.Errorf("after %s came %s", event.text, turned.text)
	}
	if turned.Stage.View != "moderator" || len(turned.Stage.Hands) != 1 || turned.You.Role != "moderator" {
		t.Errorf("turned to %s", turned.text)
	}
	if s := c.nextOf("event"); s.Event != "hand_raised" || s.User != mod {
		t.Errorf("then came %s", s.text)
	}
	log.happen(dismissedBy(ada, noor))
	log.happen(raisedBy(ada, "hidden"), mutedBy(ada, ada, 1))
	c.nextEvent(dismissed)
	if s := c.next(); s.Stage.View != "person" || s.Stage.Hands != nil || s.You.Role != "listener" {
		t.Errorf("turned to %s", s.text)
	}
	if s := c.nextOf("event"); s.Event != "muted" {
		t.Errorf("then came %s", s.text)
	}
}

// Turning to and fro faster than the client reads is no reason to cut it.
func TestViewsTurnFast(t *testing.T) {
	log := newFakeLog(ada)
	w := newWorld(t, quick(), log)
	c, _ := w.open(noor)
	for range 50 {
		log.happen(appointedBy(ada, noor))
		if s := c.nextOf("snapshot"); s.Stage.View != "moderator" {
			t.Fatalf("shown %s", s.text)
		}
		log.happen(dismissedBy(ada, noor))
		if s := c.nextOf("snapshot"); s.Stage.View != "person" {
			t.Fatalf("shown %s", s.text)
		}
	}
}

func TestPlaces(t *testing.T) {
	p := quick()
	p.tick = 300 * time.Millisecond
	log := newFakeLog(ada)
	log.happen(raisedBy(cem, ""))
	w := newWorld(t, p, log)
	c, _ := w.open(noor)
	log.happen(raisedBy(noor, ""))
	if e, place := c.nextOf("event"), c.next(); e.Event != "hand_raised" || place.Type != "place" || place.Place != 2 || place.Of != 2 {
		t.Errorf("after %s came %s", e.text, place.text)
	}
	log.happen(raisedBy(mod, ""))
	if place := c.nextOf("place"); place.Place != 2 || place.Of != 3 {
		t.Errorf("another hand: %s", place.text)
	}
	log.happen(loweredBy(cem, cem))
	if place := c.nextOf("place"); place.Place != 1 || place.Of != 2 {
		t.Errorf("the first one went down: %s", place.text)
	}
	log.happen(loweredBy(noor, noor))
	if e, place := c.nextEvent(handLowered), c.next(); place.Type != "place" || place.Place != 0 || place.Of != 1 {
		t.Errorf("after %s came %s", e.text, place.text)
	}
	log.happen(modeSetBy(ada, listenv1.HandMode_HAND_MODE_CLOSED))
	if e, place := c.nextEvent(handModeSet), c.next(); place.Type != "place" || place.Place != 0 || place.Of != 0 {
		t.Errorf("after %s came %s", e.text, place.text)
	}
	log.happen(raisedBy(noor, ""))
	c.nextOf("place")
	log.happen(allLoweredBy(ada))
	if e, place := c.nextEvent(allHandsLowered), c.next(); place.Type != "place" || place.Place != 0 || place.Of != 0 {
		t.Errorf("after %s came %s", e.text, place.text)
	}
}

// Of reports that come fast only the newest is told, each one above the one before, and the last one always.
func TestEnforcedIsCoalesced(t *testing.T) {
	p := quick()
	p.commit = 50 * time.Millisecond
	log := newFakeLog(ada)
	w := newWorld(t, p, log)
	c, first := w.open(noor)
	if first.Stage.Enforced == nil || *first.Stage.Enforced != (view.Position{Term: 1, Offset: 9}) {
		t.Errorf("shown %s", first.text)
	}
	for range 200 {
		log.happen(mutedBy(ada, ada, 1))
	}
	begun := time.Now()
	go func() {
		for i := range uint64(200) {
			log.enforce(11 + i)
			<-time.After(time.Millisecond)
		}
	}()
	told, before := 0, view.Position{Term: 1, Offset: 9}
	for before.Offset < 210 {
		s := c.nextOf("enforced")
		if !s.Position.IsAfter(before) {
			t.Fatalf("%v after %v", s.Position, before)
		}
		before = s.Position
		told++
	}
	if took := time.Since(begun); told > int(took/p.commit)+2 {
		t.Errorf("200 reports in %v were told %d times", took, told)
	}
}

func TestQuietConnectionsHearStill(t *testing.T) {
	p := quick()
	p.still, p.ping = 200*time.Millisecond, 100*time.Millisecond
	log := newFakeLog(ada)
	w := newWorld(t, p, log)
	c, _ := w.open(noor)
	pings := 0
	c.SetPingHandler(func(string) error { pings++; return nil })
	for range 3 {
		if s := c.next(); s.Type != "still" || s.Position != (view.Position{Term: 1, Offset: 10}) {
			t.Errorf("told %s", s.text)
		}
	}
	if pings == 0 {
		t.Error("never pinged")
	}
	// An event that is not for this person moves still on: a resume from there misses nothing.
	log.happen(raisedBy(cem, ""))
	for {
		if s := c.next(); s.Type == "still" && s.Position.Offset == 11 {
			break
		}
	}
}

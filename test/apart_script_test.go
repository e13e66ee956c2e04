package test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"rostrum/client/api"
	"rostrum/client/stage"
	"rostrum/internal/testkit"
)

// TestOneScriptTwoSystems gives a room the same life in one process and in eleven, and compares what people saw of it.
func TestOneScriptTwoSystems(t *testing.T) {
	var one, many []string
	t.Run("systems", func(t *testing.T) {
		t.Run("dev", func(t *testing.T) {
			t.Parallel()
			s := startSystem(t, "--no-demo")
			one = script(t, s)
			s.checkLog(t)
		})
		t.Run("apart", func(t *testing.T) {
			t.Parallel()
			a := startApart(t)
			many = script(t, a.system)
			a.checkNothingPanicked()
		})
	})
	if t.Failed() {
		return
	}
	t.Logf("the room's life:\n%s", strings.Join(one, "\n"))
	if len(one) < 40 {
		t.Errorf("a life of %d lines", len(one))
	}
	for i := range max(len(one), len(many)) {
		if i >= len(one) || i >= len(many) || one[i] != many[i] {
			t.Fatalf("from line %d on they differ; in one process\n%s\napart\n%s", i, strings.Join(one[min(i, len(one)):], "\n"), strings.Join(many[min(i, len(many)):], "\n"))
		}
	}
}

// script gives a room a life from creation to end. The answer is what people saw of it, in order.
func script(t *testing.T, s *system) []string {
	sc := newScene(t, s)
	sc.create()
	sc.gather()
	sc.speak()
	sc.comeOnStage()
	sc.quieten()
	sc.remove()
	sc.finish()
	return sc.seen
}

// create makes a room that is listed once it is live.
func (sc *scene) create() {
	room, err := sc.host.CreateRoom(bounded(sc.t), api.CreateRoom{Title: "Roll call", Language: "en", MaxSeats: 3})
	sc.note("created", err, room.State, len(room.Speakers))
	sc.room = room.ID
	sc.note("listed before it is live", nil, sc.listed())
	_, err = sc.guest.Join(bounded(sc.t), sc.room, api.Join{Role: "listener"})
	sc.note("joined before it is live", err)
	room, err = sc.host.Start(bounded(sc.t), sc.room)
	sc.note("started", err, room.State)
	sc.note("listed", nil, sc.listed())
	sc.cli("list")
	room, err = sc.host.Start(bounded(sc.t), sc.room)
	sc.note("started again", err, room.State)
	_, err = sc.guest.Start(bounded(sc.t), sc.room)
	sc.note("started by another", err)
}

func (sc *scene) listed() bool {
	page, err := sc.host.Rooms(bounded(sc.t), 100, "")
	must(sc.t, err)
	return slices.ContainsFunc(page.Rooms, func(r api.Room) bool { return r.ID == sc.room })
}

// gather brings an audience and a moderator, who follows the stage from here on.
func (sc *scene) gather() {
	t := sc.t
	sc.audience.ear = sc.listen(t, sc.audience.Client, sc.room, "voice-32", 200*time.Millisecond)
	sc.unwanted.ear = sc.listen(t, sc.unwanted.Client, sc.room, "voice-16", time.Second)
	sc.audience.ear.more(t, 3)
	sc.command("appoint")(sc.host.Appoint(bounded(t), sc.room, sc.moderator.user))
	sc.moderator.stage = sc.follow(t, sc.moderator.Client, sc.room)
	sc.followed = sc.moderator.stage.Stage().Position
	sc.note("followed", nil, sc.moderator.stage.Stage().View)
}

// speak has the host speak, and the audience hear it.
func (sc *scene) speak() {
	said := readClip(sc.t, "speech1").first(5 * time.Second).spoken()
	sc.host.voice = sc.seat(sc.t, sc.host.Client, sc.room)
	sc.found(sc.host)
	sc.heard("the host is heard", sc.host, said)
}

// heard has a person say something, and compares it with what the audience hears.
func (sc *scene) heard(what string, who *guest, said clip) {
	sc.t.Helper()
	sc.note(what, nil, isHeard(sc.t, who.voice, said, sc.audience.ear))
}

// isHeard has a person say something that listeners should hear; again, up to three times, where the machine was too busy
// to say it in time.
func isHeard(t *testing.T, voice *seated, said clip, ears ...*recording) bool {
	t.Helper()
	for range 3 {
		begun, worst := time.Now(), 1.0
		must(t, voice.voice.Play(bounded(t), slices.Values(said.packets)))
		for _, ear := range ears {
			ear.until(t, time.Now().Add(2*time.Second))
			worst = min(worst, testkit.Compare(said.pcm, ear.since(t, begun)).Correlation)
		}
		report(t, "likeness", map[string]any{"of_all": round(worst)})
		if worst >= 0.95 {
			return true
		}
	}
	return false
}

// found waits until the stage has a person's microphone.
func (sc *scene) found(who *guest) {
	sc.t.Helper()
	sc.moderator.stage.event(sc.t, sc.followed, stage.MediaFound, who.user)
}

// comeOnStage: a hand, an invite, a second voice.
func (sc *scene) comeOnStage() {
	t := sc.t
	sc.cli("raise", sc.room, "--note", "about tides")
	sc.command("hand")(sc.guest.RaiseHand(bounded(t), sc.room, "about ropes"))
	sc.command("hand again")(sc.guest.RaiseHand(bounded(t), sc.room, ""))
	sc.note("the queue", nil, sc.queue())
	_, err := sc.guest.Accept(bounded(t), sc.room, false)
	sc.note("accept uninvited", err)
	sc.command("invite")(sc.moderator.Invite(bounded(t), sc.room, sc.guest.user, 0))
	sc.command("accept")(sc.guest.Accept(bounded(t), sc.room, false))
	joined, err := sc.guest.Grants(bounded(t), sc.room, "")
	sc.note("grants", err, joined.Role, joined.Seat)
	sc.guest.voice = sc.connect(t, sc.guest.Client, joined)
	sc.found(sc.guest)
	said := readClip(t, "speech2").first(5 * time.Second).spoken()
	sc.heard("the second speaker is heard", sc.guest, said)
	there := testkit.Compare(said.pcm, sc.host.voice.pcm(t, sc.guest.voice.number))
	sc.note("the host hears them", nil, there.Correlation >= 0.95)
	sc.note("the queue", nil, sc.queue())
	sc.cli("lower", sc.room)
}

func (sc *scene) queue() (names []string) {
	now, err := sc.host.Stage(bounded(sc.t), sc.room)
	must(sc.t, err)
	for _, hand := range now.Hands {
		names = append(names, sc.name(hand.User)+": "+hand.Note)
	}
	return names
}

// quieten: mute, hold, release, move to the audience.
func (sc *scene) quieten() {
	t := sc.t
	sc.command("mute")(sc.moderator.Mute(bounded(t), sc.room, sc.guest.user))
	sc.command("unmute")(sc.guest.Unmute(bounded(t), sc.room))
	sc.cli("hold", sc.room, sc.guest.user)
	_, err := sc.guest.Unmute(bounded(t), sc.room)
	sc.note("unmute while held", err)
	sc.cli("release", sc.room, sc.guest.user)
	sc.command("unmute")(sc.guest.Unmute(bounded(t), sc.room))
	_, err = sc.guest.Mute(bounded(t), sc.room, sc.host.user)
	sc.note("a speaker mutes the host", err)
	sc.moderator.stage.enforcement(t, sc.moderator.stage.Stage().Position)
	sc.command("to the audience")(sc.moderator.Audience(bounded(t), sc.room, sc.guest.user))
	select {
	case <-sc.guest.voice.voice.Done():
		sc.note("the session ended", nil)
	case <-time.After(patience):
		t.Error("the session of who was moved to the audience goes on")
	}
	_, err = sc.guest.Join(bounded(t), sc.room, api.Join{Role: "speaker"})
	sc.note("a seat after that", err)
}

// remove takes a listener out of the room, whose listening ends, and who may not come back.
func (sc *scene) remove() {
	t := sc.t
	sc.unwanted.ear.more(t, 1)
	sc.command("remove")(sc.moderator.Remove(bounded(t), sc.room, sc.unwanted.user))
	after, why := sc.unwanted.ear.closed(t, time.Now())
	sc.note("the listening of who was removed", why)
	if after > revokedWithin {
		t.Errorf("who was removed listened for %v", after)
	}
	_, err := sc.unwanted.Join(bounded(t), sc.room, api.Join{Role: "listener"})
	sc.note("joined after removal", err)
	_, err = sc.unwanted.RaiseHand(bounded(t), sc.room, "")
	sc.note("a hand after removal", err)
}

// finish ends the room; everybody is told.
func (sc *scene) finish() {
	t := sc.t
	_, err := sc.guest.End(bounded(t), sc.room)
	sc.note("ended by another", err)
	sc.cli("end", sc.room)
	_, why := sc.audience.ear.closed(t, time.Now())
	sc.note("the audience", why)
	sc.note("the moderator's socket", sc.moderator.stage.closed(t))
	room, err := sc.host.Room(bounded(t), sc.room)
	sc.note("the room", err, room.State, len(room.Speakers))
	sc.note("listed", nil, sc.listed())
	_, err = sc.guest.RaiseHand(bounded(t), sc.room, "")
	sc.note("a hand after the end", err)
	_, err = sc.host.Start(bounded(t), sc.room)
	sc.note("started after the end", err)
	stats := sc.audience.ear.listener.Stats()
	sc.note("the listener met", nil, stats.Lost, stats.Repeats, stats.LowerEpochs, stats.Holes, stats.Corrupt, sc.audience.ear.moves())
	sc.checkEvents()
}

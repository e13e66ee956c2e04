package test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"rostrum/client/api"
	"rostrum/client/stage"
	"rostrum/internal/testkit"
)

// TestRaised follows listeners who raise a hand, are invited, speak, and go back.
func TestRaised(t *testing.T) {
	t.Parallel()
	s := startSystem(t, "--no-demo")
	t.Run("rooms", func(t *testing.T) {
		t.Run("journey", s.raised)
		t.Run("vanishing", s.vanished)
	})
	s.checkLog(t)
}

// guest is a person as a test plays them.
type guest struct {
	*api.Client
	user  string
	stage *follower
	ear   *recording // nil: does not listen to the program
	voice *seated    // nil: has no microphone open
}

// enter has a person follow the stage of a room.
func (s *system) enter(t *testing.T, person *api.Client, room string) *guest {
	t.Helper()
	return &guest{Client: person, user: person.Tokens().User.ID, stage: s.follow(t, person, room)}
}

// journey is a room and the people in it.
type journey struct {
	*system
	t    *testing.T
	room string
	// host and speaker have seats from the beginning; asker and other listen.
	host, speaker, asker, other *guest
	said                        clip
	accepted, begun             time.Time // the invite; speaking
	quieten                     func()    // ends speaking
	played                      chan error
}

func (s *system) raised(t *testing.T) {
	t.Parallel()
	j := &journey{system: s, t: t, said: readClip(t, "speech1").first(11 * time.Second).spoken()}
	j.gather()
	j.raiseHands()
	j.comeOnStage()
	j.speakAndBeMuted()
	j.moveToAudience()
	j.leaveAndReturn()
	j.appoint()
	j.closeHands()
	j.end()
}

// gather opens the room and brings everybody in.
func (j *journey) gather() {
	hosting, speaking := j.person(j.t, "Host"), j.person(j.t, "Speaker")
	listed := []string{speaking.Tokens().User.ID}
	j.room = j.liveRoom(j.t, hosting, api.CreateRoom{Title: "Raised", Speakers: listed, MaxSeats: 3}).ID
	j.host, j.speaker = j.enter(j.t, hosting, j.room), j.enter(j.t, speaking, j.room)
	for _, who := range []*guest{j.host, j.speaker} {
		who.voice = j.seat(j.t, who.Client, j.room)
	}
	j.asker, j.other = j.enter(j.t, j.person(j.t, "Asker"), j.room), j.enter(j.t, j.person(j.t, "Other"), j.room)
	j.asker.ear = j.listen(j.t, j.asker.Client, j.room, "voice-32", 200*time.Millisecond)
	j.other.ear = j.listen(j.t, j.other.Client, j.room, "voice-32", 200*time.Millisecond)
	j.other.ear.more(j.t, 3)
}

// raiseHands: two listeners raise a hand, over HTTP and over the socket. Everyone counts them alike.
func (j *journey) raiseHands() {
	t := j.t
	first := done(t)(j.asker.RaiseHand(bounded(t), j.room, "about tides"))
	second := j.other.stage.ask(t, stage.Command{Do: stage.DoRaise, Note: "about ropes"})
	if first.Place != 1 || first.Of != 1 || second.Place != 2 {
		t.Errorf("the hands are told to be %d of %d and %d", first.Place, first.Of, second.Place)
	}
	again := done(t)(j.asker.RaiseHand(bounded(t), j.room, ""))
	if again.Place != 1 || again.Of != 2 {
		t.Errorf("a hand that is up is %d of %d", again.Place, again.Of)
	}
	j.asker.stage.reaches(t, "first in the queue", func(s stage.Stage) bool { return s.You.Place == 1 })
	j.other.stage.reaches(t, "second in the queue", func(s stage.Stage) bool { return s.You.Place == 2 })
	j.checkQueue(j.asker.user, j.other.user)
	seen := j.other.stage.Stage()
	if seen.View != api.PersonView || len(seen.Hands) > 0 || seen.HandCount != 2 {
		t.Errorf("a listener sees %+v", seen)
	}
	for _, e := range j.other.stage.allEvents() {
		if e.what.Kind == stage.HandRaised && e.what.User != j.other.user {
			t.Errorf("a listener was told of another's hand: %+v", e.what)
		}
	}
}

// checkQueue wants the host's socket and the stage over HTTP to have the same queue.
func (j *journey) checkQueue(want ...string) {
	j.t.Helper()
	users := func(hands []api.Hand) []string {
		out := make([]string, len(hands))
		for i, hand := range hands {
			out[i] = hand.User
		}
		return out
	}
	j.host.stage.reaches(j.t, "the queue", func(s stage.Stage) bool { return slices.Equal(users(s.Hands), want) })
	over, err := j.host.Stage(bounded(j.t), j.room)
	must(j.t, err)
	if !slices.Equal(users(over.Hands), want) {
		j.t.Errorf("over HTTP the queue is %v, wanted %v", users(over.Hands), want)
	}
}

// comeOnStage: the host invites the first in the queue, who accepts, opens a microphone and speaks.
func (j *journey) comeOnStage() {
	t := j.t
	from := j.asker.stage.Stage().Position
	j.host.stage.ask(t, stage.Command{Do: stage.DoInvite, User: j.asker.user})
	invited := j.asker.stage.event(t, from, stage.Invited, j.asker.user)
	if mine := j.asker.stage.Stage().You.Invite; mine == nil || mine.By != j.host.user || time.Until(mine.ExpiresAt) < 30*time.Second {
		t.Errorf("the invite is %+v", mine)
	}
	j.accepted = time.Now()
	seats := done(t)(j.asker.Accept(bounded(t), j.room, false)).Seats
	joined, err := j.asker.Grants(bounded(t), j.room, "")
	must(t, err)
	j.asker.voice = j.connect(t, j.asker.Client, joined)
	ctx, stop := context.WithCancel(t.Context())
	t.Cleanup(stop)
	j.begun, j.quieten, j.played = time.Now(), stop, make(chan error, 1)
	go func() { j.played <- j.asker.voice.voice.Play(ctx, endless(j.said)) }()

	seat, seated := api.Stage{Seats: seats}.SeatOf(j.asker.user)
	if !seated || seat.Muted || seat.Name != "Asker" || seat.Seat != int(j.asker.voice.number) || joined.Role != "speaker" {
		t.Errorf("seated as %+v, joined as %q in seat %d", seat, joined.Role, joined.Seat)
	}
	for kind, reason := range map[stage.Kind]string{stage.InviteClosed: "accepted", stage.HandLowered: "seated"} {
		if e := j.host.stage.event(t, invited.what.Position, kind, j.asker.user); e.what.Reason != reason {
			t.Errorf("%s, because %q, wanted %q", kind, e.what.Reason, reason)
		}
	}
	j.other.stage.reaches(t, "now first", func(s stage.Stage) bool { return s.You.Place == 1 })
	j.host.stage.reaches(t, "a microphone is there", func(s stage.Stage) bool {
		seat, _ := s.SeatOf(j.asker.user)
		return !seat.Away
	})
	j.reportHeard()
}

// moveToAudience: the host moves the speaking person away, whose session ends and who may not come back unasked.
func (j *journey) moveToAudience() {
	t, from := j.t, j.host.stage.Stage().Position
	done(t)(j.host.Audience(bounded(t), j.room, j.asker.user))
	j.checkUnseated(j.asker, from, "moved_to_audience")
	_, err := j.asker.Join(bounded(t), j.room, api.Join{Role: "speaker"})
	is(t, "a seat for who was moved", err, "forbidden")
	_, err = j.asker.Unmute(bounded(t), j.room)
	is(t, "unmute in the audience", err, "not_seated")
}

// checkUnseated waits until a person has no seat and no session.
func (j *journey) checkUnseated(who *guest, after api.Position, reason string) {
	t := j.t
	t.Helper()
	if e := j.host.stage.event(t, after, stage.Unseated, who.user); e.what.Reason != reason || e.what.Seat != int(who.voice.number) {
		t.Errorf("unseated: %+v, wanted %s of seat %d", e.what, reason, who.voice.number)
	}
	select {
	case <-who.voice.voice.Done():
	case <-time.After(patience):
		t.Errorf("the session of who was unseated goes on")
	}
	now, err := j.host.Stage(bounded(t), j.room)
	must(t, err)
	if seat, found := now.SeatOf(who.user); found {
		t.Errorf("the seat is not free: %+v", seat)
	}
}

// leaveAndReturn: who was invited leaves by oneself, and within the grace takes the seat again without asking.
func (j *journey) leaveAndReturn() {
	t := j.t
	done(t)(j.host.Invite(bounded(t), j.room, j.asker.user, 0))
	j.asker.stage.ask(t, stage.Command{Do: stage.DoAccept, Muted: true})
	joined, err := j.asker.Grants(bounded(t), j.room, "")
	must(t, err)
	j.asker.voice = j.connect(t, j.asker.Client, joined)
	from := j.host.stage.Stage().Position
	done(t)(j.asker.Leave(bounded(t), j.room))
	j.checkUnseated(j.asker, from, "left")
	j.asker.voice = j.seat(t, j.asker.Client, j.room)
	if j.asker.voice.number != uint8(joined.Seat) {
		t.Errorf("the seat was %d and is %d", joined.Seat, j.asker.voice.number)
	}
}

// appoint: powers follow the role, and end with it.
func (j *journey) appoint() {
	t := j.t
	_, err := j.speaker.Mute(bounded(t), j.room, j.asker.user)
	is(t, "a speaker mutes", err, "forbidden")
	done(t)(j.host.Appoint(bounded(t), j.room, j.speaker.user))
	j.speaker.stage.reaches(t, "a moderator's view", func(s stage.Stage) bool {
		return s.View == api.ModeratorView && s.You.Role == "moderator" && len(s.Hands) == 1
	})
	done(t)(j.speaker.Mute(bounded(t), j.room, j.asker.user))
	_, err = j.speaker.Appoint(bounded(t), j.room, j.other.user)
	is(t, "a moderator appoints", err, "forbidden")
	done(t)(j.speaker.Mute(bounded(t), j.room, j.host.user))
	_, err = j.speaker.Hold(bounded(t), j.room, j.host.user)
	is(t, "a moderator holds the host", err, "forbidden")
	done(t)(j.host.Dismiss(bounded(t), j.room, j.speaker.user))
	j.speaker.stage.reaches(t, "a person's view", func(s stage.Stage) bool {
		return s.View == api.PersonView && s.You.Role == "speaker" && len(s.Hands) == 0
	})
	_, err = j.speaker.Mute(bounded(t), j.room, j.asker.user)
	is(t, "who was dismissed mutes", err, "forbidden")
}

// closeHands goes through the hand modes.
func (j *journey) closeHands() {
	t := j.t
	done(t)(j.asker.Leave(bounded(t), j.room))
	done(t)(j.host.SetHandMode(bounded(t), j.room, api.HandsClosed))
	j.checkQueue()
	j.other.stage.reaches(t, "no place", func(s stage.Stage) bool { return s.You.Place == 0 && s.HandMode == api.HandsClosed })
	_, err := j.other.RaiseHand(bounded(t), j.room, "")
	is(t, "raise while closed", err, "hands_closed")
	done(t)(j.host.SetHandMode(bounded(t), j.room, api.HandsInvited))
	_, err = j.other.RaiseHand(bounded(t), j.room, "")
	is(t, "raise uninvited", err, "hands_closed")
	done(t)(j.asker.RaiseHand(bounded(t), j.room, ""))
	done(t)(j.host.SetHandMode(bounded(t), j.room, api.HandsOpen))
	done(t)(j.other.RaiseHand(bounded(t), j.room, ""))
	j.checkQueue(j.asker.user, j.other.user)
	done(t)(j.host.LowerHandOf(bounded(t), j.room, j.asker.user))
	j.checkQueue(j.other.user)
	done(t)(j.host.LowerAllHands(bounded(t), j.room))
	j.checkQueue()
	done(t)(j.other.RaiseHand(bounded(t), j.room, "")) // so that the socket has a reason
}

// end: everybody is told, and everything ends.
func (j *journey) end() {
	t, from := j.t, j.host.stage.Stage().Position
	_, err := j.host.End(bounded(t), j.room)
	must(t, err)
	for _, who := range []*guest{j.host, j.speaker, j.other} {
		who.stage.event(t, from, stage.RoomEnded, "")
		if why := who.stage.closed(t); stage.FaultOf(why) != "ended" {
			t.Errorf("an events socket ended with %v", why)
		}
	}
	select {
	case <-j.speaker.voice.voice.Done():
	case <-time.After(patience):
		t.Error("a session outlives the room")
	}
	testkit.Eventually(t, patience, func() error {
		j.other.ear.mu.Lock()
		defer j.other.ear.mu.Unlock()
		if j.other.ear.ended == nil || !strings.Contains(j.other.ear.ended.Error(), "ended") {
			return errors.New("a listener was not told of the end")
		}
		return nil
	})
	_, err = j.other.RaiseHand(bounded(t), j.room, "")
	is(t, "raise after the end", err, "ended")
}

// done fails the test where a command was refused.
func done(t testing.TB) func(api.Done, error) api.Done {
	return func(d api.Done, err error) api.Done {
		t.Helper()
		must(t, err)
		return d
	}
}

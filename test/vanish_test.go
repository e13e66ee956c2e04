package test

import (
	"bufio"
	"os"
	"os/exec"
	"slices"
	"testing"
	"time"

	"rostrum/client/api"
	"rostrum/client/speaker"
	"rostrum/client/stage"
	"rostrum/internal/testkit"
)

// seatGrace is how long a seat is kept without a microphone (docs/protocol.md section 2.2).
const seatGrace = 30 * time.Second

// vanished: a speaker's process dies without a word, once with a return and once for good.
func (s *system) vanished(t *testing.T) {
	t.Parallel()
	host, leaving := s.person(t, "Host"), s.person(t, "Vanishing")
	user := leaving.Tokens().User.ID
	room := s.liveRoom(t, host, api.CreateRoom{Title: "Vanishing", Speakers: []string{user}}).ID
	s.seat(t, host, room)
	watch := s.follow(t, host, room)
	joined, err := leaving.Join(bounded(t), room, api.Join{Role: "speaker"})
	must(t, err)
	die := speakElsewhere(t, joined.WHIPURL, leaving.Token())
	found := watch.event(t, api.Position{}, stage.MediaFound, user)
	done(t)(host.Hold(bounded(t), room, user))
	killed := time.Now()
	die()
	lost := watch.eventWithin(t, 40*time.Second+patience, found.what.Position, stage.MediaLost, user)
	if seat, _ := watch.Stage().SeatOf(user); !seat.Away || !seat.Held || seat.Seat != joined.Seat {
		t.Errorf("without a microphone the seat is %+v", seat)
	}
	again, err := leaving.Grants(bounded(t), room, "")
	must(t, err)
	back := s.connect(t, leaving, again)
	watch.event(t, lost.what.Position, stage.MediaFound, user)
	if seat, _ := watch.Stage().SeatOf(user); seat.Away || !seat.Held || !seat.Muted || seat.Seat != joined.Seat || seat.Seat != again.Seat {
		t.Errorf("who came back within the grace has %+v, had seat %d", seat, joined.Seat)
	}
	_, err = leaving.Unmute(bounded(t), room)
	is(t, "unmute, held since before", err, "held")
	die = speakElsewhere(t, again.WHIPURL, leaving.Token()) // which ends the session before
	select {
	case <-back.voice.Done():
	case <-time.After(patience):
		t.Error("two sessions of one person")
	}
	from := watch.Stage().Position
	die()
	kept := checkFreed(t, watch, from, user)
	report(t, "vanishing", map[string]any{"killed_to_away_ms": lost.at.Sub(killed).Milliseconds(), "away_to_freed_ms": kept.Milliseconds()})
}

// checkFreed waits until a seat that lost its microphone is free. The answer is how long it was kept.
func checkFreed(t *testing.T, watch *follower, from api.Position, user string) time.Duration {
	t.Helper()
	lost := watch.eventWithin(t, 40*time.Second+patience, from, stage.MediaLost, user)
	gone := watch.eventWithin(t, seatGrace+patience, from, stage.Unseated, user)
	kept := gone.what.At.Sub(lost.what.At)
	if gone.what.Reason != "away" || kept < seatGrace || kept > seatGrace+20*time.Second {
		t.Errorf("the seat was freed, because %q, after %v", gone.what.Reason, kept)
	}
	return kept
}

// speakElsewhere speaks from a process of its own, which die ends without a word.
func speakElsewhere(t *testing.T, whip, token string) (die func()) {
	t.Helper()
	command := exec.Command(os.Args[0], "-test.run=^TestSpeakerProcess$", "-test.count=1")
	command.Env = append(os.Environ(), "ROSTRUM_TEST_WHIP="+whip, "ROSTRUM_TEST_TOKEN="+token)
	out, err := command.StdoutPipe()
	must(t, err)
	process := testkit.Start(t, command)
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if lines.Text() == "speaking" {
			return func() { _ = process.Leave(patience) } // the signal ends it, which is an error
		}
	}
	t.Fatalf("the speaker's process ended: %v", lines.Err())
	return nil
}

// TestSpeakerProcess is the process of speakElsewhere.
func TestSpeakerProcess(t *testing.T) {
	whip := os.Getenv("ROSTRUM_TEST_WHIP")
	if whip == "" {
		t.Skip("only for speakElsewhere")
	}
	voice, err := speaker.Join(bounded(t), speaker.Config{URL: whip, Token: os.Getenv("ROSTRUM_TEST_TOKEN")})
	must(t, err)
	os.Stdout.WriteString("speaking\n")
	must(t, voice.Play(t.Context(), slices.Values(hum(t, time.Minute).packets)))
}

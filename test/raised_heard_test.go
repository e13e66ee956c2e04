package test

import (
	"context"
	"errors"
	"slices"
	"time"

	"rostrum/client/api"
	"rostrum/client/stage"
	"rostrum/internal/testkit"
	"rostrum/mediaedge/audio"
	listenv1 "rostrum/proto/rostrum/listen/v1"
)

// speakAndBeMuted: while the promoted person speaks, the host mutes, later holds and releases.
func (j *journey) speakAndBeMuted() {
	t := j.t
	j.other.ear.until(t, j.begun.Add(4*time.Second))
	const while = 1500 * time.Millisecond // is each of the states
	j.other.ear.until(t, j.obeyed(j.host.Mute(bounded(t), j.room, j.asker.user)).Add(while))
	j.other.ear.until(t, j.obeyed(j.asker.Unmute(bounded(t), j.room)).Add(while))
	held := j.obeyed(j.host.Hold(bounded(t), j.room, j.asker.user))
	_, err := j.asker.stage.Do(bounded(t), stage.Command{Do: stage.DoUnmute})
	is(t, "unmute while held", err, "held")
	j.other.ear.until(t, held.Add(while))
	released := done(t)(j.host.Release(bounded(t), j.room, j.asker.user))
	if seat, _ := (api.Stage{Seats: released.Seats}).SeatOf(j.asker.user); seat.Held || !seat.Muted {
		t.Errorf("a released seat is %+v", seat)
	}
	j.other.ear.until(t, j.obeyed(j.asker.Unmute(bounded(t), j.room)).Add(while))
	j.quieten()
	if err := <-j.played; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	j.other.ear.until(t, time.Now().Add(time.Second))
	j.checkHeardAndMuted()
}

// obeyed waits until the SFU does what a command wants, and answers when that was told.
func (j *journey) obeyed(command api.Done, err error) time.Time {
	j.t.Helper()
	must(j.t, err)
	return j.host.stage.enforcement(j.t, command.Position)
}

// reportHeard waits until a new voice is heard, by another speaker and by a listener.
func (j *journey) reportHeard() {
	t, seat := j.t, j.asker.voice.number
	var bySpeaker, byListener time.Time
	testkit.Eventually(t, patience, func() error {
		for _, packet := range j.speaker.voice.from(seat) {
			bySpeaker = packet.at
			return nil
		}
		return errors.New("the other speaker hears nothing")
	})
	testkit.Eventually(t, patience, func() error {
		for _, b := range j.other.ear.all() {
			if slices.ContainsFunc(b.GetLevels(), func(l *listenv1.Level) bool {
				return l.GetSeat() == uint32(seat) && slices.Min(l.GetDbov()) < 50
			}) {
				byListener = b.Received
				return nil
			}
		}
		return errors.New("the listener hears nothing")
	})
	report(t, "accept to heard", map[string]any{
		"connected_ms": j.begun.Sub(j.accepted).Milliseconds(), "by_other_speaker_ms": bySpeaker.Sub(j.accepted).Milliseconds(),
		"by_listener_ms": byListener.Sub(j.accepted).Milliseconds(),
	})
}

// checkHeardAndMuted compares what was heard with what was said, and looks for silence where the seat was muted.
func (j *journey) checkHeardAndMuted() {
	t, seat := j.t, j.asker.voice.number
	opening := j.said.first(3 * time.Second).pcm
	there := testkit.Compare(opening, j.speaker.voice.pcm(t, seat))
	if there.Correlation < 0.85 {
		t.Errorf("the other speaker heard it %.3f alike, wanted 0.85", there.Correlation)
	}
	figures := map[string]any{"other_speaker": round(there.Correlation)}
	for name, ear := range map[string]*recording{"promoted": j.asker.ear, "listener": j.other.ear} {
		heard := ear.pcm(t)
		here := testkit.Compare(opening, heard)
		if here.Correlation < 0.85 {
			t.Errorf("the %s heard it %.3f alike, wanted 0.85", name, here.Correlation)
		}
		figures[name] = round(here.Correlation)
		muted := ear.mutes(uint32(seat))
		if len(muted) != 2 {
			t.Errorf("the program tells the %s of mutes %v", name, muted)
		}
		for _, m := range muted {
			if m.to-m.from < audio.SampleRate || m.to > len(heard) {
				t.Fatalf("muted from sample %d to %d of %d", m.from, m.to, len(heard))
			}
			if loudest := peak(heard[m.from+settled : m.to]); loudest > -60 {
				t.Errorf("the program peaks at %.1f dBFS for the %s while muted", loudest, name)
			}
			if after := rms(heard[m.to+settled : min(len(heard), m.to+audio.SampleRate)]); after < -45 {
				t.Errorf("the program has %.1f dBFS for the %s after the mute", after, name)
			}
		}
	}
	report(t, "likeness", figures)
}

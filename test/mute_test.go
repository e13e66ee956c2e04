package test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"rostrum/client/api"
	"rostrum/internal/testkit"
	"rostrum/mediaedge/audio"
	listenv1 "rostrum/proto/rostrum/listen/v1"
)

// settled is how long after a mute or unmute the codec and the fade may still sound: two frames.
const settled = 2 * audio.FrameTicks

// mutedAndBack: the host mutes a guest, who speaks on, and later unmutes.
func (s *system) mutedAndBack(t *testing.T) {
	t.Parallel()
	host, guest := s.person(t, "Host"), api.New(s.url)
	who, err := guest.Guest(bounded(t), "Guest")
	must(t, err)
	room := s.liveRoom(t, host, api.CreateRoom{Title: "Muted", OpenStage: true})
	ear := s.listen(t, host, room.ID, "voice-32", 200*time.Millisecond)
	other, speaking := s.seat(t, host, room.ID), s.seat(t, guest, room.ID)
	ear.more(t, 3)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	said, begun, played := readClip(t, "speech1").first(11*time.Second).spoken(), time.Now(), make(chan error, 1)
	go func() { played <- speaking.voice.Play(ctx, endless(said)) }()
	ear.until(t, begun.Add(3*time.Second))
	moderator := s.follow(t, host, room.ID)
	muted := moderator.enforcement(t, done(t)(host.Mute(bounded(t), room.ID, who.User.ID)).Position)
	ear.until(t, muted.Add(afterEnforced)) // what was under way has come
	atMute := other.count()
	ear.until(t, muted.Add(2*time.Second))
	if spoken := other.count() - atMute; spoken > 2 {
		t.Errorf("%d packets of a muted seat came to the other speaker", spoken)
	}
	unmuted := done(t)(guest.Unmute(bounded(t), room.ID))
	ear.until(t, moderator.enforcement(t, unmuted.Position).Add(3*time.Second))
	stop()
	if err := <-played; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	ear.until(t, time.Now().Add(2*time.Second))
	checkMuted(t, ear, uint32(speaking.number), said.looped().pcm)
}

// checkMuted looks at the program between the events that came with it.
func checkMuted(t *testing.T, ear *recording, seat uint32, said []float32) {
	t.Helper()
	heard := ear.pcm(t)
	muted, err := ear.find(func(e *listenv1.TimedEvent) bool { return e.GetMuted() == seat })
	must(t, err)
	unmuted, err := ear.find(func(e *listenv1.TimedEvent) bool { return e.GetUnmuted() == seat })
	must(t, err)
	if unmuted-muted < audio.SampleRate || unmuted+2*audio.SampleRate > len(heard) {
		t.Fatalf("muted at sample %d, unmuted at %d of %d", muted, unmuted, len(heard))
	}
	before, within, after := rms(heard[:muted]), peak(heard[muted+settled:unmuted]), rms(heard[unmuted+settled:])
	if within > -60 || before < -40 || after < -40 {
		t.Errorf("the program has %.1f dBFS before the mute, peaks at %.1f within it, and has %.1f after it", before, within, after)
	}
	end := testkit.Compare(heard[unmuted+settled:unmuted+2*audio.SampleRate], said)
	if end.Correlation < 0.85 {
		t.Errorf("what was said after the mute is %.3f alike, wanted 0.85", end.Correlation)
	}
	report(t, "mute", map[string]any{
		"before_dbfs": round(before), "peak_within_dbfs": round(within), "after_dbfs": round(after), "likeness_after": round(end.Correlation),
	})
}

// find answers the sample of a recording at which an event became true.
func (r *recording) find(wanted func(*listenv1.TimedEvent) bool) (int, error) {
	for i, b := range r.all() {
		for _, e := range b.GetEvents() {
			if wanted(e) {
				return i*audio.BatchTicks + int(e.GetTicks()), nil
			}
		}
	}
	return 0, fmt.Errorf("no batch of %d carries the event", len(r.all()))
}

// span is a part of a recording, in samples.
type span struct{ from, to int }

// mutes are the parts of a recording in which a seat was muted, as its events say, without one that did not end.
func (r *recording) mutes(seat uint32) []span {
	var out []span
	muted := -1
	for i, b := range r.all() {
		for _, e := range b.GetEvents() {
			at := i*audio.BatchTicks + int(e.GetTicks())
			change := e.GetChanged()
			switch {
			case e.GetMuted() == seat, change.GetSeat() == seat && change.GetMuted():
				if muted < 0 {
					muted = at
				}
			case muted >= 0 && (e.GetUnmuted() == seat || e.GetUnseated() == seat || change.GetSeat() == seat):
				out = append(out, span{muted, at})
				muted = -1
			}
		}
	}
	return out
}

func (p *seated) count() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.heard)
}

package test

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"rostrum/client/api"
	"rostrum/client/stage"
	"rostrum/internal/testkit"
	"rostrum/mediaedge/audio"
)

const (
	// audible is from where on sound counts, in dBFS.
	audible = -50
	// silentWithin is when a mute must have come to its end, on the busiest machine; it takes some 20 ms.
	silentWithin = 10 * time.Second
	// afterEnforced is what may still sound of a mute that is told to be enforced, in media time: what is on its way through the
	// codec.
	afterEnforced = 200 * time.Millisecond
)

// TestMuteLatency has a moderator mute somebody who goes on sending, as often as ROSTRUM_MUTES says, else 20 times. It
// measures from the command to the last packet at another speaker, to silence in the program (in media time, and when the
// last sound was with a listener), and to the moderator's hearing that it is enforced.
func TestMuteLatency(t *testing.T) {
	rounds := number(t, "ROSTRUM_MUTES", 20)
	s := startSystem(t, "--no-demo")
	host, talker := s.person(t, "Host"), s.person(t, "Talker")
	user := talker.Tokens().User.ID
	room := s.liveRoom(t, host, api.CreateRoom{Title: "Mute latency", Speakers: []string{user}}).ID
	ear := s.listen(t, host, room, "voice-32", 200*time.Millisecond)
	other, talking := s.seat(t, host, room), s.seat(t, talker, room)
	moderator := s.follow(t, host, room)
	ear.more(t, 3)
	ctx, cancel := context.WithCancel(t.Context())
	played := make(chan error, 1)
	go func() { played <- talking.voice.Play(ctx, endless(hum(t, 5*time.Second))) }()
	var mutes []muteRound
	for range rounds {
		mutes = append(mutes, muteOnce(t, moderator, talker, room, other, ear))
	}
	cancel()
	<-played
	last := &mutes[rounds-1]
	last.until = time.Now()
	ear.until(t, last.until.Add(time.Second))
	for i := range mutes[:rounds-1] {
		mutes[i].until = mutes[i+1].unmuted
	}
	reportMutes(t, mutes, other.from(talking.number), ear)
	checkSilent(t, ear, uint32(talking.number), rounds-1) // the last mute does not end
	s.checkLog(t)
}

// muteRound is one mute: when it was ordered, when the moderator heard that it is enforced, and from when on the person
// may sound again.
type muteRound struct{ unmuted, ordered, enforced, until time.Time }

// muteOnce has the person unmute, waits until that is heard, and has the moderator mute.
func muteOnce(t *testing.T, moderator *follower, talker *api.Client, room string, other *seated, ear *recording) muteRound {
	t.Helper()
	round := muteRound{unmuted: time.Now()}
	heard := other.count() + 15 + rand.IntN(20) // 300 to 700 ms
	done(t)(talker.Unmute(bounded(t), room))
	testkit.Eventually(t, 10*time.Second, func() error {
		if now := other.count(); now < heard {
			return fmt.Errorf("the other speaker heard %d packets, wanted %d", now, heard)
		}
		return nil
	})
	<-time.After(rand.N(audio.FrameDuration)) // so that the order comes at any moment between two packets
	round.ordered = time.Now()
	answer := moderator.ask(t, stage.Command{Do: stage.DoMute, User: talker.Tokens().User.ID})
	round.enforced = moderator.enforcement(t, answer.Position)
	ear.until(t, round.enforced.Add(2*afterEnforced))
	return round
}

// reportMutes measures and prints. A program may fall silent at a media time before that of the order: what was spoken then
// and not mixed yet is not heard any more.
func reportMutes(t *testing.T, mutes []muteRound, heard []heardPacket, ear *recording) {
	t.Helper()
	clock := newMediaClock(heard)
	sounds := ear.sounds(t, clock)
	var toSpeaker, toProgram, toListener, toEnforced []time.Duration
	for i, m := range mutes {
		packet := lastBetween(m.unmuted, m.until, heard, func(p heardPacket) time.Time { return p.at })
		sound := lastBetween(m.unmuted, m.until, sounds, func(s sound) time.Time { return s.spoken })
		if packet.at.IsZero() || sound.spoken.IsZero() {
			t.Errorf("mute %d: before it nothing was heard", i)
			continue
		}
		sent := clock.wall(packet.Timestamp) // how long it was on its way is a matter of this machine
		if sent.Sub(m.ordered) > silentWithin || sent.Sub(m.enforced) > afterEnforced {
			t.Errorf("mute %d: a packet was sent to the other speaker %v after the order, %v after it was told to be enforced", i, sent.Sub(m.ordered), sent.Sub(m.enforced))
		}
		if late := sound.spoken.Sub(m.ordered); late > silentWithin {
			t.Errorf("mute %d: the program sounds %v after the order", i, late)
		}
		toSpeaker, toProgram = append(toSpeaker, packet.at.Sub(m.ordered)), append(toProgram, sound.spoken.Sub(m.ordered))
		toListener, toEnforced = append(toListener, sound.received.Sub(m.ordered)), append(toEnforced, m.enforced.Sub(m.ordered))
	}
	result(t, map[string]any{
		"rounds": len(mutes), "last_packet_ms": percentiles(toSpeaker), "program_silent_media_ms": percentiles(toProgram),
		"last_sound_received_ms": percentiles(toListener), "enforced_ms": percentiles(toEnforced),
	})
}

// checkSilent wants the program to be silent from each mute that it tells of to the next unmute.
func checkSilent(t *testing.T, ear *recording, seat uint32, rounds int) {
	t.Helper()
	pcm, muted := ear.pcm(t), ear.mutes(seat)
	if len(muted) != rounds {
		t.Errorf("the program tells of %d mutes that end, wanted %d", len(muted), rounds)
	}
	for i, m := range muted {
		if from := min(m.from+settled, m.to); peak(pcm[from:m.to]) > audible {
			t.Errorf("within mute %d the program peaks at %.1f dBFS", i, peak(pcm[from:m.to]))
		}
	}
}

// lastBetween is the last thing between two moments; zero where there is none.
func lastBetween[T any](from, until time.Time, things []T, when func(T) time.Time) (last T) {
	for _, thing := range things {
		if at := when(thing); at.After(from) && at.Before(until) {
			last = thing
		}
	}
	return last
}

// mediaClock says when a media time was at the SFU, by the packets that were on their way for the shortest time.
type mediaClock struct {
	at   time.Time
	time uint32
}

func newMediaClock(heard []heardPacket) mediaClock {
	var c mediaClock
	for _, packet := range heard {
		if c.at.IsZero() || packet.at.Before(c.wall(packet.Timestamp)) {
			c = mediaClock{packet.at, packet.Timestamp}
		}
	}
	return c
}

func (c mediaClock) wall(ticks uint32) time.Time {
	return c.at.Add(time.Duration(int32(ticks-c.time)) * time.Second / audio.SampleRate)
}

// sound is 5 ms of a recording that can be heard: when they were spoken, and when the listener had them.
type sound struct{ spoken, received time.Time }

func (r *recording) sounds(t testing.TB, clock mediaClock) []sound {
	t.Helper()
	const window = audio.SampleRate / 200
	pcm, all := r.pcm(t), r.all()
	first := uint32(all[0].GetNumber() * audio.BatchTicks)
	var out []sound
	for end := window; end <= len(pcm); end += window {
		if rms(pcm[end-window:end]) > audible {
			out = append(out, sound{clock.wall(first + uint32(end)), all[(end-1)/audio.BatchTicks].Received})
		}
	}
	return out
}

// endless says a clip again and again.
func endless(c clip) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		for {
			for _, packet := range c.packets {
				if !yield(packet) {
					return
				}
			}
		}
	}
}

// number is what an environment variable says, or else.
func number(t testing.TB, variable string, otherwise int) int {
	t.Helper()
	text := os.Getenv(variable)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		t.Fatalf("%s is %q", variable, text)
	}
	return n
}

// percentiles are in milliseconds.
func percentiles(d []time.Duration) map[string]float64 {
	d = slices.Sorted(slices.Values(d))
	if len(d) == 0 {
		return nil
	}
	ms := func(i int) float64 { return float64(d[i].Round(100*time.Microsecond).Microseconds()) / 1000 }
	return map[string]float64{"p50": ms(len(d) / 2), "p99": ms(len(d) * 99 / 100), "max": ms(len(d) - 1)}
}

// result prints the figures of a test for readers and programs.
func result(t testing.TB, figures map[string]any) {
	t.Helper()
	figures["test"] = t.Name()
	text, err := json.Marshal(figures)
	must(t, err)
	t.Logf("%s", text)
	fmt.Printf("RESULT %s\n", text)
}

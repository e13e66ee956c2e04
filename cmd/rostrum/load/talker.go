package load

import (
	"context"
	"fmt"
	"iter"
	"net/http"
	"slices"
	"sync"
	"time"

	"rostrum/client/api"
	"rostrum/client/speaker"
)

const (
	// slots is how many others a speaker hears at once.
	slots = 4
	// leaveWithin bounds the end of a session.
	leaveWithin = 2 * time.Second
	// joinWithin bounds the opening of one.
	joinWithin = 10 * time.Second
	firstPause = 200 * time.Millisecond
	longPause  = 2 * time.Second
	frameTime  = 20 * time.Millisecond
)

// talker is one speaker: a guest on the stage who says a script without end, and takes the stage again when a session is lost.
type talker struct {
	// static
	person  *api.Client
	room    string
	calls   *http.Client
	script  script
	silence time.Duration                                   // hearing nobody for so long, a session is taken to be lost; 0: never
	spoken  func(begin time.Time)                           // is told of markers; may be nil
	note    func(now time.Time, format string, args ...any) // says what is worth a sentence

	// guarded by mu
	mu       sync.Mutex
	sessions int
	heard    time.Time // the newest packet of another speaker; zero: none yet
	longest  time.Duration
}

// run talks until ctx ends. The error is that of the first session; later ones are tried again.
func (t *talker) run(ctx context.Context, ready func(error)) {
	pause := firstPause
	var leaving sync.WaitGroup // of lost sessions: their node may not answer, and the stage waits for nobody
	defer leaving.Wait()
	for first := true; ctx.Err() == nil; first = false {
		session, err := t.join(ctx)
		if first {
			ready(err)
		}
		if err == nil {
			pause = firstPause
			err = t.talk(ctx, session)
			leaving.Go(func() { t.leave(ctx, session) })
		} else if first {
			return
		}
		if ctx.Err() != nil {
			return
		}
		t.note(time.Now(), "a speaker takes the stage again: %v", err)
		select {
		case <-time.After(pause):
			pause = min(2*pause, longPause)
		case <-ctx.Done():
		}
	}
}

// join takes a seat, or finds the one that is kept, and opens a session.
func (t *talker) join(ctx context.Context) (*speaker.Speaker, error) {
	ctx, cancel := context.WithTimeout(ctx, joinWithin)
	defer cancel()
	joined, err := t.person.Join(ctx, t.room, api.Join{Role: "speaker"})
	if err != nil {
		return nil, fmt.Errorf("take a seat: %w", err)
	}
	session, err := speaker.Join(ctx, speaker.Config{
		URL: joined.WHIPURL, Token: t.person.Token(), Slots: slots, HTTPClient: t.calls, Heard: t.hear,
	})
	if err != nil {
		return nil, fmt.Errorf("connect a speaker: %w", err)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.sessions++
	return session, nil
}

// talk says the script until the session is lost or ctx ends.
func (t *talker) talk(ctx context.Context, session *speaker.Speaker) error {
	ctx, cancel := context.WithCancelCause(ctx)
	var watching sync.WaitGroup
	defer watching.Wait()
	defer cancel(nil)
	if t.silence > 0 {
		watching.Go(func() { t.watch(ctx, cancel) })
	}
	if err := session.Play(ctx, t.packets()); ctx.Err() == nil {
		return err
	}
	return context.Cause(ctx)
}

// watch gives a session up in which nobody is heard any more: on a stage where others talk without end, it is lost.
func (t *talker) watch(ctx context.Context, giveUp context.CancelCauseFunc) {
	begun := time.Now()
	ticker := time.NewTicker(t.silence / 4)
	defer ticker.Stop()
	for {
		select {
		case now := <-ticker.C:
			if t.unheard(begun, now) > t.silence {
				giveUp(fmt.Errorf("nobody was heard for %v", t.silence))
			}
		case <-ctx.Done():
			return
		}
	}
}

// packets are the script over and over. A packet has been sent when the next one is asked for; its sound began 20 ms before.
func (t *talker) packets() iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		for {
			for i, packet := range t.script.packets {
				if !yield(packet) {
					return
				}
				if _, marked := slices.BinarySearch(t.script.marks, i); marked && t.spoken != nil {
					t.spoken(time.Now().Add(-frameTime))
				}
			}
		}
	}
}

func (t *talker) leave(ctx context.Context, session *speaker.Speaker) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), leaveWithin)
	defer cancel()
	_ = session.Close(ctx) // the node may be gone
}

// hear notes that another speaker was heard.
func (t *talker) hear(speaker.Packet) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := time.Now()
	if !t.heard.IsZero() {
		t.longest = max(t.longest, now.Sub(t.heard))
	}
	t.heard = now
}

// unheard is for how long nobody has been heard, at most since a session began.
func (t *talker) unheard(begun, now time.Time) time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.heard.After(begun) {
		return now.Sub(t.heard)
	}
	return now.Sub(begun)
}

// figures answers how many sessions there were, and the longest time without a word of the others.
func (t *talker) figures(now time.Time) (sessions int, longest time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.heard.IsZero() {
		t.longest = max(t.longest, now.Sub(t.heard))
	}
	return t.sessions, t.longest
}

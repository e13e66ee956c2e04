package test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"rostrum/client/api"
	"rostrum/client/listener"
	"rostrum/internal/id"
	"rostrum/internal/testkit"
	listenv1 "rostrum/proto/rostrum/listen/v1"
)

// recording is what one listener received, in order, until the test ends.
type recording struct {
	listener *listener.Listener

	mu      sync.Mutex
	batches []*listener.Batch
	gaps    []*listenv1.Gap
	lost    []listener.Lost
	cards   []*listenv1.RoomCard
	ended   error
	endedAt time.Time
}

// listen joins a room as a listener and records it.
func (s *system) listen(t testing.TB, person *api.Client, room, rendition string, cadence time.Duration) *recording {
	t.Helper()
	joined, err := person.Join(bounded(t), room, api.Join{Role: "listener"})
	must(t, err)
	var urls []string
	for _, e := range joined.Edges {
		urls = append(urls, e.URL)
	}
	return record(t, listener.Config{
		URLs: urls, Room: id.Room(room), Grant: joined.Grant, Rendition: rendition, Cadence: cadence,
	})
}

// record opens a listener and keeps what it hears.
func record(t testing.TB, cfg listener.Config) *recording {
	t.Helper()
	l, err := listener.Open(bounded(t), cfg)
	must(t, err)
	r := &recording{listener: l}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			item, err := l.Next(ctx)
			if r.keep(item, err) {
				return
			}
		}
	}()
	t.Cleanup(func() {
		cancel()
		l.Close()
		<-done
	})
	return r
}

func (r *recording) keep(item listener.Item, err error) (over bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case err != nil:
		r.ended, r.endedAt = err, time.Now()
		return true
	case item.Batch != nil:
		r.batches = append(r.batches, item.Batch)
	case item.Gap != nil:
		r.gaps = append(r.gaps, item.Gap)
	case item.Lost != nil:
		r.lost = append(r.lost, *item.Lost)
	case item.Card != nil:
		r.cards = append(r.cards, item.Card)
	}
	return false
}

func (r *recording) all() []*listener.Batch {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]*listener.Batch(nil), r.batches...)
}

func (r *recording) allGaps() []*listenv1.Gap {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]*listenv1.Gap(nil), r.gaps...)
}

// until waits until the recording has something that arrived after a moment.
func (r *recording) until(t testing.TB, moment time.Time) {
	t.Helper()
	testkit.Eventually(t, time.Until(moment)+patience, func() error {
		r.mu.Lock()
		defer r.mu.Unlock()
		if r.ended != nil {
			return fmt.Errorf("the recording ended: %w", r.ended)
		}
		if n := len(r.batches); n == 0 || r.batches[n-1].Received.Before(moment) {
			return fmt.Errorf("%d batches, none after the moment", n)
		}
		return nil
	})
}

// more waits until n more batches are there.
func (r *recording) more(t testing.TB, n int) {
	t.Helper()
	want := len(r.all()) + n
	testkit.Eventually(t, time.Duration(n)*200*time.Millisecond+patience, func() error {
		r.mu.Lock()
		defer r.mu.Unlock()
		if len(r.batches) < want {
			return fmt.Errorf("%d batches of %d; ended: %v", len(r.batches), want, r.ended)
		}
		return nil
	})
}

// pcm is how the recording sounds. Numbers that are missing fail the test.
func (r *recording) pcm(t testing.TB) []float32 {
	t.Helper()
	var packets [][]byte
	all := r.all()
	for i, b := range all {
		if i > 0 && b.GetNumber() != all[i-1].GetNumber()+1 {
			t.Errorf("batch %d follows %d", b.GetNumber(), all[i-1].GetNumber())
		}
		for _, frame := range b.GetFrames() {
			packets = append(packets, frame.GetOpus())
		}
	}
	return decode(t, packets)
}

package test

import (
	"testing"
	"time"

	"rostrum/client/listener"
	"rostrum/internal/token"
)

// TestResumeFromBeforeTheRing asks for a number that nobody holds any more: a second origin has begun minutes later in the
// program. Hello says where delivery begins, and the listener what is lost.
func TestResumeFromBeforeTheRing(t *testing.T) {
	t.Parallel()
	p := newPlane(t)
	_, stop := p.addSFU("sfu-1", time.Now)
	url := p.addEdge("edge-1")
	room, _ := p.openRoom()
	ear := p.hear(room, url)
	ear.more(t, 5)
	p.addSFU("sfu-2", func() time.Time { return time.Now().Add(5 * time.Minute) })
	stop()
	ear.more(t, 10)

	l, err := listener.Open(bounded(t), listener.Config{
		URLs: []string{url}, Room: room, Grant: p.grant(room, token.RightListen), From: 1, Cadence: 200 * time.Millisecond,
	})
	must(t, err)
	defer l.Close()
	hello, err := l.Next(bounded(t))
	must(t, err)
	lost, err := l.Next(bounded(t))
	must(t, err)
	first := hello.Hello.GetFirst()
	if first <= 1 || hello.Hello.GetOldest() != first || lost.Lost == nil || *lost.Lost != (listener.Lost{First: 1, Last: first - 1}) {
		t.Errorf("Hello says %v, then came %+v", hello.Hello, lost)
	}
	next := first
	for batches := 0; batches < 5; {
		item, err := l.Next(bounded(t))
		must(t, err)
		switch {
		case item.Gap != nil && item.Gap.GetFirst() == next:
			next = item.Gap.GetLast() + 1
		case item.Batch != nil && item.Batch.GetNumber() == next:
			next++
			batches++
		case item.Card == nil:
			t.Fatalf("after %d came %+v", next-1, item)
		}
	}
}

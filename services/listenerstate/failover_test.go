package listenerstate

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"rostrum/internal/fault"
	"rostrum/internal/testkit"
	"rostrum/services/listenerstate/chain"
)

// backWithin is how long rooms may be away whose shard lost its master; here it takes some 4 s.
const backWithin = 90 * time.Second

// lively is a room in which somebody mutes and unmutes all the time, and somebody watches.
type lively struct {
	key chain.Key

	mu       sync.Mutex
	answered map[chain.Position]chain.Hash
	last     time.Time
	silence  time.Duration
	heard    chain.Position
	wrong    error
}

// speak sends commands until ctx ends, each until it is answered.
func (l *lively) speak(ctx context.Context, s *Service) {
	for n := 0; ctx.Err() == nil; n++ {
		r := request(speaker, Unmute{speaker})
		if n%2 == 0 {
			r = request(speaker, Mute{speaker})
		}
		answer, err := s.Apply(ctx, l.key, r)
		for err != nil && passing(err) && ctx.Err() == nil {
			<-time.After(20 * time.Millisecond)
			answer, err = s.Apply(ctx, l.key, r)
		}
		if ctx.Err() != nil {
			return
		}
		l.note(answer, err)
	}
}

func (l *lively) note(answer Answer, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err != nil {
		l.wrong = fmt.Errorf("a command ended with %w", err)
		return
	}
	for _, entry := range answer.Entries {
		l.answered[entry.Event.Position] = chain.Sum(entry.Bytes)
	}
	now := time.Now()
	if !l.last.IsZero() {
		l.silence = max(l.silence, now.Sub(l.last))
	}
	l.last = now
}

// follow watches until ctx ends; a watch that breaks off is taken up at the position it came to.
func (l *lively) follow(ctx context.Context, s *Service) {
	for ctx.Err() == nil {
		w, err := s.Watch(ctx, l.key, l.come())
		for err == nil {
			var item Item
			if item, err = w.Next(ctx); err == nil {
				l.hear(item)
			}
		}
		if w != nil {
			w.Close(endLeft)
		}
		<-time.After(20 * time.Millisecond)
	}
}

func (l *lively) come() chain.Position {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.heard
}

func (l *lively) hear(item Item) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case item.Snapshot != nil:
		l.heard = item.Snapshot.Position
	case item.Entry != nil:
		at := item.Entry.Event.Position
		if at.Term != l.heard.Term || at.Offset != l.heard.Offset+1 {
			l.wrong = fmt.Errorf("after %s a watcher heard %s", l.heard, at)
		}
		l.heard = at
	}
}

func (l *lively) since(moment time.Time) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.wrong != nil || !l.last.After(moment) {
		return fmt.Errorf("%s: the last command was answered at %v, %v", l.key, l.last, l.wrong)
	}
	return nil
}

// A master is killed under commands to rooms on all shards, which two instances decide and a third's watchers hear: what
// was answered is in the archive, every watcher hears every event in order, and rooms go on.
func TestAMasterIsKilledUnderCommands(t *testing.T) {
	if testing.Short() {
		t.Skip("a failover takes seconds")
	}
	t.Parallel()
	for name, c := range map[string]struct {
		acknowledge Acknowledge
		meanwhile   func(t *testing.T, key, killed string, all func(after time.Time))
	}{
		"its replica takes over": {AcknowledgeArchive, func(_ *testing.T, _, _ string, all func(time.Time)) {
			all(time.Now().Add(5 * time.Second))
		}},
		// The archive stands in for the replica until the shard has two servers again.
		"its replica takes over, log first": {AcknowledgeLog, func(t *testing.T, key, killed string, all func(time.Time)) {
			cluster.Start(t).TakenOver(t, key, killed)
			all(time.Now().Add(5 * time.Second))
		}},
		"it comes back empty at once, log first": {AcknowledgeLog, func(*testing.T, string, string, func(time.Time)) {}},
	} {
		t.Run(name, func(t *testing.T) {
			h := newClusterHouse(t)
			h.acknowledge = c.acknowledge
			killUnderCommands(t, h, c.meanwhile)
		})
	}
}

func killUnderCommands(t *testing.T, h *house, meanwhile func(t *testing.T, key, killed string, all func(after time.Time))) {
	instances := []*Service{h.open(t), h.open(t), h.open(t)}
	ctx, stop := context.WithCancel(t.Context())
	var work sync.WaitGroup
	defer work.Wait()
	defer stop()
	rooms := make([]*lively, 6)
	for i := range rooms {
		l := &lively{key: openRoom(t, instances[i%2]), answered: map[chain.Position]chain.Hash{}}
		apply(t, instances[i%2], l.key, request(speaker, TakeSeat{Name: "Stella"}))
		rooms[i] = l
		work.Go(func() { l.speak(ctx, instances[i%2]) })
		work.Go(func() { l.follow(ctx, instances[2]) })
	}
	all := func(moment time.Time) {
		t.Helper()
		for _, l := range rooms {
			testkit.Eventually(t, backWithin, func() error { return l.since(moment) })
		}
	}
	all(time.Now())
	key := "{" + rooms[0].key.String() + "}"
	killed := cluster.Start(t).Kill(t, key)
	meanwhile(t, key, killed, all)
	cluster.Start(t).Revive(t, killed)
	all(time.Now().Add(time.Second))
	stop()
	work.Wait()
	for _, l := range rooms {
		l.check(t, h, instances[2])
	}
	t.Logf("without an answer for %v", rooms[0].silence)
}

// check compares what was answered and heard with the archive.
func (l *lively) check(t *testing.T, h *house, s *Service) {
	t.Helper()
	if l.wrong != nil {
		t.Errorf("%s: %v", l.key, l.wrong)
	}
	var stage Stage
	testkit.Eventually(t, backWithin, func() (err error) {
		if stage, err = s.Stage(t.Context(), l.key, chain.Position{}); err != nil {
			return err
		}
		head, _, err := h.archive.Load(t.Context(), l.key)
		if err == nil && head.Offset < stage.Position.Offset {
			err = fmt.Errorf("the archive ends at %s, the stage at %s", head.Position, stage.Position)
		}
		return err
	})
	found := map[chain.Position]chain.Hash{}
	for _, e := range h.verify(t, l.key) {
		bytes, err := encodeEvent(l.key, e)
		if err != nil {
			t.Fatal(err)
		}
		found[e.Position] = chain.Sum(bytes)
	}
	for at, hash := range l.answered {
		if found[at] != hash {
			t.Errorf("%s of %s was acknowledged and is lost", at, l.key)
		}
	}
	if len(l.answered) < 3 {
		t.Errorf("%s: %d events", l.key, len(l.answered))
	}
	if _, err := s.Watch(t.Context(), l.key, l.heard); err != nil && !fault.Is(err, fault.CodeUnavailable) {
		t.Errorf("%s: nobody can watch on after %s: %v", l.key, l.heard, err)
	}
}

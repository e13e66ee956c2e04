package listenerstate

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"reflect"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"rostrum/internal/fault"
	"rostrum/internal/id"
	"rostrum/services/listenerstate/chain"
)

// life is one room's: a stage that evolved as it went, the model beside it, and what was stored.
type life struct {
	random  *rand.Rand
	key     chain.Key
	users   []id.User
	pace    time.Duration // between commands, about
	now     time.Time
	stage   Stage
	model   *model
	head    chain.Head
	records []chain.Record
	raised  map[id.User]uint64

	middle Stage // as it was after half of the commands, and what it was stored as then
	stored []byte
	seen   map[deed]int
}

// deed is what came of a kind of command: an event or a code; both empty: nothing changed.
type deed struct {
	command, event string
	code           fault.Code
}

func newLife(seed uint64) *life {
	l := &life{random: rand.New(rand.NewPCG(seed, 1)), key: someRoom, now: noon, raised: map[id.User]uint64{}, seen: map[deed]int{}}
	l.model = &model{people: map[id.User]*person{}}
	for i := range 7 {
		l.users = append(l.users, id.User(fmt.Sprintf("us_%020d", i)))
	}
	l.pace = []time.Duration{50 * time.Millisecond, time.Second, 5 * time.Second, 20 * time.Second}[l.random.IntN(4)]
	return l
}

// step gives one random command to stage and model, and stores what comes of it.
func (l *life) step(n int) error {
	l.now = l.now.Add(l.upTo(2 * l.pace))
	r := Request{ID: id.Command(fmt.Sprintf("c%d", n)), Command: l.command()}
	r.Actor = l.actorFor(r.Command)
	due, waits := l.stage.due()
	switch {
	case l.stage.State == StateNone && l.random.IntN(10) > 0:
		r.Actor, r.Command = Actor{Service: ServiceRoom}, l.opening()
	case waits && !l.now.Before(due) && l.random.IntN(4) > 0:
		r = l.stage.expiry(due)
	}
	now := l.now
	if l.random.IntN(8) == 0 {
		now = now.Add(-l.upTo(2 * time.Second)) // another instance, another clock
	}
	if err := l.apply(r, now); err != nil {
		return fmt.Errorf("%s of %T %+v at %v: %w", r.Actor, r.Command, r.Command, now.Sub(noon), err)
	}
	return nil
}

func (l *life) apply(r Request, now time.Time) error {
	events, err := decide(l.stage, r, now)
	want, code := l.model.apply(r.Actor, r.Command, now.Truncate(time.Millisecond))
	if got := codeOf(err); got != code {
		return fmt.Errorf("%q, want %q", got, code)
	}
	if !slices.EqualFunc(events, want, func(e Event, c Change) bool { return reflect.DeepEqual(e.Change, c) }) {
		return fmt.Errorf("it did %+v, want %+v", events, want)
	}
	l.note(r.Command, events, code)
	t := turn{before: l.stage, events: events, raised: l.raised}
	for _, e := range events {
		if err := l.append(e); err != nil {
			return err
		}
	}
	t.after = l.stage
	if err := t.check(); err != nil {
		return err
	}
	if difference := l.model.agrees(l.stage); difference != "" {
		return fmt.Errorf("then %s", difference)
	}
	return nil
}

func codeOf(err error) fault.Code {
	if err == nil {
		return ""
	}
	return fault.From(err).Code
}

// append stores an event and takes it as happened.
func (l *life) append(e Event) error {
	e.Position, e.Prev, e.Change = chain.Position{Term: 1, Offset: l.head.Offset + 1}, l.head.Hash, closed(e)
	bytes, err := encodeEvent(l.key, e)
	if err != nil {
		return err
	}
	record := chain.Record{Position: e.Position, Bytes: bytes}
	l.records, l.head, l.stage = append(l.records, record), record.Head(), evolve(l.stage, e)
	if c, raised := e.Change.(HandRaised); raised {
		l.raised[c.User] = e.Position.Offset
	}
	return nil
}

func (l *life) note(command Command, events []Event, code fault.Code) {
	if len(events) == 0 {
		l.seen[deed{command: command.kind(), code: code}]++
	}
	for _, e := range events {
		l.seen[deed{command: command.kind(), event: reflect.TypeOf(e.Change).Name()}]++
	}
}

// remember keeps the stage of this moment, to see later that nothing wrote to it.
func (l *life) remember() (err error) {
	l.middle = l.stage
	l.stored, err = encodeSnapshot(l.key, l.stage, l.head)
	return err
}

// replayed checks that the stored events are one chain, and that their fold, also from the snapshot in the middle, is the
// stage that was lived.
func (l *life) replayed() error {
	lived, err := encodeSnapshot(l.key, l.stage, l.head)
	if err != nil {
		return err
	}
	whole, head, err := fold(l.key, Stage{}, chain.Head{}, l.records)
	if err != nil {
		return err
	}
	if folded, err := encodeSnapshot(l.key, whole, head); err != nil || !bytes.Equal(folded, lived) {
		return fmt.Errorf("the fold is %+v, lived was %+v, %w", whole, l.stage, err)
	}
	at, head, err := decodeSnapshot(l.key, l.stored)
	if err != nil {
		return err
	}
	if unchanged, err := encodeSnapshot(l.key, l.middle, head); err != nil || !bytes.Equal(unchanged, l.stored) {
		return fmt.Errorf("an older stage was written to: %+v, %w", l.middle, err)
	}
	rest, head, err := fold(l.key, at, head, l.records[head.Offset:])
	if err != nil {
		return err
	}
	if folded, err := encodeSnapshot(l.key, rest, head); err != nil || !bytes.Equal(folded, lived) {
		return fmt.Errorf("the fold of the snapshot is %+v, lived was %+v, %w", rest, l.stage, err)
	}
	return nil
}

// live lives a whole life.
func (l *life) live(commands int) error {
	half := l.random.IntN(commands)
	for n := range commands {
		if n == half {
			if err := l.remember(); err != nil {
				return err
			}
		}
		if err := l.step(n); err != nil {
			return fmt.Errorf("command %d: %w", n, err)
		}
	}
	return l.replayed()
}

func TestRandomLivesAgreeWithTheModel(t *testing.T) {
	const commands = 60
	lives := 100_000
	if testing.Short() || raceEnabled { // scripts/test runs all of them without the race detector
		lives = 1_000
	}
	start, seen, events := time.Now(), map[deed]int{}, 0
	var mu sync.Mutex
	var next atomic.Int64
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for seed := next.Add(1); seed <= int64(lives); seed = next.Add(1) {
				l := newLife(uint64(seed))
				err := l.live(commands)
				mu.Lock()
				if err != nil {
					t.Errorf("life %d: %v", seed, err)
					next.Store(int64(lives))
				}
				for what, n := range l.seen {
					seen[what] += n
				}
				events += len(l.records)
				mu.Unlock()
			}
		})
	}
	workers.Wait()
	t.Logf("%d lives of %d commands: %d events in %v", lives, commands, events, time.Since(start).Round(time.Millisecond))
	if events < lives*commands/4 {
		t.Errorf("only %d events: the lives are dull", events)
	}
	if !t.Failed() {
		compareWithTheProtocol(t, seen)
	}
}

func TestATamperedLogDoesNotFold(t *testing.T) {
	l := newLife(7)
	for n := range 60 {
		if err := l.step(n); err != nil {
			t.Fatal(err)
		}
	}
	for i := range l.records[:len(l.records)-1] {
		tampered := slices.Clone(l.records)
		e, err := decodeEvent(l.key, tampered[i].Bytes)
		if err != nil {
			t.Fatal(err)
		}
		e.Command += "x"
		if tampered[i].Bytes, err = encodeEvent(l.key, e); err != nil {
			t.Fatal(err)
		}
		if _, _, err := fold(l.key, Stage{}, chain.Head{}, tampered); err == nil {
			t.Errorf("a log with another event %d folds", i+1)
		}
		if _, _, err := fold(l.key, Stage{}, chain.Head{}, slices.Delete(slices.Clone(l.records), i, i+1)); err == nil {
			t.Errorf("a log without event %d folds", i+1)
		}
	}
}

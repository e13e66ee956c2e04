package listenerstate

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	dto "github.com/prometheus/client_model/go"

	"rostrum/internal/id"
	"rostrum/internal/testkit"
	"rostrum/services/listenerstate/chain"
)

// torment is a room that people change through instances, while what these stand on fails.
type torment struct {
	t     *testing.T
	h     *house
	key   chain.Key
	store func() Archive // what a process opens as the archive
	away  atomic.Bool

	mu        sync.RWMutex
	instances []*tormented

	acked sync.Map // chain.Position -> chain.Hash, of what was answered
	told  sync.Map // the same of what watchers heard
	done  atomic.Int64
}

// tormented is an instance and who watches through it.
type tormented struct {
	*Service
	archive *moody
	leave   context.CancelFunc
	watcher sync.WaitGroup
}

func newTorment(t *testing.T, h *house, instances int) *torment {
	return newTormentOn(t, h, instances, func() Archive { return h.archive })
}

func newTormentOn(t *testing.T, h *house, instances int, store func() Archive) *torment {
	w := &torment{t: t, h: h, store: store}
	for range instances {
		w.instances = append(w.instances, w.instance())
	}
	w.key = openRoom(t, w.instances[0].Service)
	for _, i := range w.instances {
		w.watch(i)
	}
	return w
}

func (w *torment) instance() *tormented {
	i := &tormented{archive: &moody{Archive: w.store(), away: &w.away, died: make(chan struct{})}}
	i.Service = w.h.open(w.t, func(c *Config) {
		c.Acknowledge, c.Archive = AcknowledgeLog, i.archive
	})
	return i
}

// kill ends an instance as a loss of power would: nothing that it has goes anywhere any more.
func (i *tormented) kill() {
	i.archive.dead.Store(true)
	close(i.archive.died)
	i.giveUp()
	i.leave()
	i.Close()
	i.archive.done.Wait()
	i.watcher.Wait()
}

// watch follows the room through an instance: in one term nothing is left out and nothing comes twice.
func (w *torment) watch(i *tormented) {
	ctx, leave := context.WithCancel(context.Background())
	i.leave = leave
	i.watcher.Go(func() {
		var watcher *Watcher
		for ctx.Err() == nil && watcher == nil {
			watcher, _ = i.Watch(ctx, w.key, chain.Position{})
		}
		if watcher == nil {
			return
		}
		defer watcher.Close(endLeft)
		at := chain.Position{}
		for {
			item, err := watcher.Next(ctx)
			switch {
			case ctx.Err() != nil || errors.Is(err, errLeaving):
				return
			case err != nil:
				w.t.Errorf("a watcher at %s heard %v", at, err)
				return
			case item.Snapshot != nil:
				if next := item.Snapshot.Position; next.Before(at) {
					w.t.Errorf("after %s came a snapshot of %s", at, next)
				}
				at = item.Snapshot.Position
			case item.Entry != nil:
				next := item.Entry.Event.Position
				if next != (chain.Position{Term: at.Term, Offset: at.Offset + 1}) {
					w.t.Errorf("after %s came %s", at, next)
				}
				at = next
				w.note(&w.told, next, item.Entry.Bytes)
			}
		}
	})
}

// note remembers what somebody was told; nobody is ever told anything else of the same position.
func (w *torment) note(in *sync.Map, at chain.Position, bytes []byte) {
	hash := chain.Sum(bytes)
	for _, all := range []*sync.Map{in, &w.acked, &w.told} {
		if was, again := all.LoadOrStore(at, hash); all == in && again && was != hash {
			w.t.Errorf("%s was told with two contents", at)
		}
		if all != in {
			if was, there := all.Load(at); there && was != hash {
				w.t.Errorf("%s was answered and told with two contents", at)
			}
		}
	}
}

// any answers an instance that runs.
func (w *torment) any() *tormented {
	w.mu.RLock()
	defer w.mu.RUnlock()
	return w.instances[rand.IntN(len(w.instances))]
}

// act sends a person's commands, each until it is answered, by whatever instance.
func (w *torment) act(ctx context.Context) {
	me := id.NewUser()
	for ctx.Err() == nil {
		for _, command := range []Command{TakeSeat{}, Mute{me}, LeaveSeat{me}} {
			r := request(me, command)
			answer, err := w.any().Apply(context.Background(), w.key, r)
			for err != nil && passing(err) {
				<-time.After(10 * time.Millisecond)
				answer, err = w.any().Apply(context.Background(), w.key, r)
			}
			if err != nil {
				w.t.Errorf("%+v: %v", command, err)
				return
			}
			for _, entry := range answer.Entries {
				w.note(&w.acked, entry.Event.Position, entry.Bytes)
			}
			w.done.Add(1)
		}
	}
}

// progress waits until some more commands are answered.
func (w *torment) progress(commands int64) {
	w.t.Helper()
	from := w.done.Load()
	testkit.Eventually(w.t, 2*time.Minute, func() error {
		if n := w.done.Load() - from; n < commands {
			return fmt.Errorf("%d commands were answered of %d", n, commands)
		}
		return nil
	})
}

// spread has every instance read the room, so that each has what it acknowledges.
func (w *torment) spread() {
	w.t.Helper()
	for _, i := range w.instances {
		testkit.Eventually(w.t, time.Minute, func() error {
			_, err := i.View(context.Background(), w.key, chain.Position{})
			return err
		})
	}
}

// replace kills an instance and starts another. Redis still has what it acknowledged; the others read it.
func (w *torment) replace() {
	w.t.Helper()
	w.exchange(rand.IntN(len(w.instances)))
	w.spread()
}

func (w *torment) exchange(n int) {
	killed, started := w.instances[n], w.instance()
	w.mu.Lock()
	w.instances[n] = started
	w.mu.Unlock()
	killed.kill()
	w.watch(started)
}

// exchangeAll kills all instances: what they acknowledged is in Redis alone.
func (w *torment) exchangeAll() {
	for n := range w.instances {
		w.exchange(n)
	}
}

// run has people act while steps happen, and then compares what was told with what is archived.
func (w *torment) run(people int, steps ...func()) {
	ctx, stop := context.WithCancel(context.Background())
	var acting sync.WaitGroup
	for range people {
		acting.Go(func() { w.act(ctx) })
	}
	for _, step := range steps {
		w.progress(int64(4 * people))
		step()
	}
	w.progress(int64(4 * people))
	stop()
	acting.Wait()
	w.spread()
	w.h.settled(w.t, w.key)
	lost := 0.0
	for _, i := range w.instances {
		i.leave()
		i.watcher.Wait()
		var m dto.Metric
		if err := i.metrics.lost.Write(&m); err != nil {
			w.t.Error(err)
		}
		lost += m.GetCounter().GetValue()
	}
	if lost > 0 {
		w.t.Errorf("instances say that %v events were lost", lost)
	}
	w.compare()
}

func (w *torment) compare() {
	hashes, terms := make(map[chain.Position]chain.Hash), make(map[uint64]bool)
	for _, e := range w.h.verify(w.t, w.key) {
		bytes, err := encodeEvent(w.key, e)
		if err != nil {
			w.t.Fatal(err)
		}
		hashes[e.Position], terms[e.Position.Term] = chain.Sum(bytes), true
	}
	n := 0
	for _, told := range []*sync.Map{&w.acked, &w.told} {
		told.Range(func(position, hash any) bool {
			n++
			if hashes[position.(chain.Position)] != hash.(chain.Hash) {
				w.t.Errorf("%s was told and is not in the archive", position)
			}
			return true
		})
	}
	w.t.Logf("%d commands, %d events in %d terms, %d told", w.done.Load(), len(hashes), len(terms), n)
}

// archiveAway has the archive be away while something happens.
func (w *torment) archiveAway(meanwhile ...func()) func() {
	return func() {
		w.away.Store(true)
		for _, step := range meanwhile {
			step()
		}
		w.away.Store(false)
	}
}

func (w *torment) wipe() { w.h.wipe(w.t) }

// people is how many act at once.
const tormentedPeople = 6

func TestTormentOnWipedRedis(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	t.Parallel()
	servers := map[string]func(*testing.T) string{
		"miniredis":    func(t *testing.T) string { return miniredis.RunT(t).Addr() },
		"redis-server": func(t *testing.T) string { return testkit.Redis(t) },
	}
	for name, start := range servers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, start(t))
			h.acknowledge = AcknowledgeLog
			w := newTorment(t, h, 3)
			more := func() { w.progress(40) }
			w.run(tormentedPeople,
				w.wipe, w.replace, w.archiveAway(more, w.replace, more), w.archiveAway(more, w.wipe), w.archiveAway(more, w.exchangeAll, more), w.wipe,
				w.archiveAway(more, w.replace, w.wipe), w.wipe,
			)
		})
	}
}

// TestTormentOnOlderRedis: Redis comes back with what it had a while ago.
func TestTormentOnOlderRedis(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	t.Parallel()
	server := testkit.RedisServer(t)
	h := newHouse(t, server.Address)
	h.acknowledge = AcknowledgeLog
	w := newTorment(t, h, 3)
	save := func() {
		if err := server.Client.Save(context.Background()).Err(); err != nil {
			t.Fatal(err)
		}
	}
	older := func() {
		w.spread()
		server.Kill()
		server.Start(t)
	}
	more := func() { w.progress(40) }
	w.run(tormentedPeople,
		save, older, older, save, w.archiveAway(more, older), w.replace, save, w.replace, w.archiveAway(more, w.replace, older), older,
	)
}

// TestTormentOnAPair: the replica is cut off and takes the master's place.
func TestTormentOnAPair(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	t.Parallel()
	pair := testkit.RedisPair(t)
	h := houseOf(t, pair)
	w := newTorment(t, h, 3)
	promote := func() {
		pair.Cut(t)
		<-time.After(50 * time.Millisecond) // what is appended now is acknowledged by nobody
		pair.Promote(t)
		pair.Join(t)
	}
	killed := func() {
		pair.Cut(t)
		pair.Master.Kill()
		pair.Promote(t)
		pair.Replica.Start(t)
		pair.Join(t)
	}
	more := func() { w.progress(40) }
	replicaAlone := func() {
		pair.Cut(t)
		<-time.After(50 * time.Millisecond)
		w.exchangeAll()
		pair.Promote(t)
		pair.Join(t)
	}
	w.run(tormentedPeople, w.archiveAway(more, replicaAlone), promote, w.replace, w.archiveAway(more, promote), killed, w.wipe, w.archiveAway(more, w.replace, killed), promote)
}

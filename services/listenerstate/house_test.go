package listenerstate

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"
	"go.etcd.io/bbolt"

	"rostrum/internal/fault"
	"rostrum/internal/id"
	"rostrum/internal/redisdb"
	"rostrum/internal/testkit"
	"rostrum/services/listenerstate/chain"
	"rostrum/services/listenerstate/stagearchive/bolt"
	"rostrum/services/listenerstate/stagelog"
)

// house is what services stand on: one Redis, one archive, one keyring.
type house struct {
	client  redis.UniversalClient
	archive Archive
	keys    *bolt.Keyring
	// acknowledge is what services do unless a test says otherwise.
	acknowledge Acknowledge
	replicaWait time.Duration // 0: the default

	mu  sync.Mutex
	now time.Time
}

// everyHouse runs a test on the embedded Redis, a real one and a cluster, and where a log with a replica acknowledges. In short
// only one server at a time is started.
func everyHouse(t *testing.T, run func(*testing.T, *house)) {
	everyArchiveHouse(t, run)
	if testing.Short() {
		return
	}
	t.Run("log-first", func(t *testing.T) {
		t.Parallel()
		run(t, newPairHouse(t))
	})
}

// everyArchiveHouse runs a test of what holds where the archive acknowledges.
func everyArchiveHouse(t *testing.T, run func(*testing.T, *house)) {
	t.Parallel()
	t.Run("miniredis", func(t *testing.T) {
		t.Parallel()
		run(t, newHouse(t, miniredis.RunT(t).Addr()))
	})
	t.Run("redis-server", func(t *testing.T) {
		t.Parallel()
		run(t, newHouse(t, testkit.Redis(t)))
	})
	if testing.Short() {
		return
	}
	t.Run("cluster", func(t *testing.T) {
		t.Parallel()
		run(t, newClusterHouse(t))
	})
}

func newHouse(t testing.TB, addresses ...string) *house {
	t.Helper()
	client, err := redisdb.Open(redisdb.Config{Addresses: addresses, Cluster: len(addresses) > 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	h := &house{client: client, now: noon}
	h.archive, h.keys = newArchive(t)
	return h
}

// newArchive makes what is held beside Redis.
func newArchive(t testing.TB) (*bolt.Archive, *bolt.Keyring) {
	t.Helper()
	db, err := bbolt.Open(filepath.Join(t.TempDir(), "stage.db"), 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	archive, err := bolt.NewArchive(db, bolt.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(archive.Close)
	keys, err := bolt.NewKeyring(db)
	if err != nil {
		t.Fatal(err)
	}
	return archive, keys
}

// open starts an instance of the service.
func (h *house) open(t testing.TB, change ...func(*Config)) *Service {
	t.Helper()
	config := Config{Redis: h.client, Archive: h.archive, Keys: h.keys, Now: h.clock, Log: slog.New(slog.DiscardHandler), Metrics: prometheus.NewRegistry()}
	config.Behind.ReplicaWait = h.replicaWait
	if config.Acknowledge = h.acknowledge; h.acknowledge == AcknowledgeLog {
		config.KeysFresh = time.Nanosecond
	}
	for _, c := range change {
		c(&config)
	}
	s, err := New(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// clock goes on by a millisecond with every look.
func (h *house) clock() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.now = h.now.Add(time.Millisecond)
	return h.now
}

// wait lets time go by.
func (h *house) wait(d time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.now = h.now.Add(d)
}

// wipe makes Redis forget everything, as one that was started again empty.
func (h *house) wipe(t testing.TB) {
	t.Helper()
	empty := func(ctx context.Context, server *redis.Client) error { return server.FlushAll(ctx).Err() }
	var err error
	switch client := h.client.(type) {
	case *redis.Client:
		err = empty(context.Background(), client)
	case *redis.ClusterClient:
		err = client.ForEachMaster(context.Background(), empty)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// settled waits until the archive has what Redis has of a room.
func (h *house) settled(t testing.TB, key chain.Key) {
	t.Helper()
	if h.acknowledge != AcknowledgeLog {
		return
	}
	testkit.Eventually(t, time.Minute, func() error {
		page, err := stagelog.New(h.client).Head(context.Background(), key)
		if err != nil {
			return err
		}
		if head, _, err := h.archive.Load(context.Background(), key); err != nil || head != page.Head {
			return fmt.Errorf("the archive is at %s, the log at %s, %w", head.Position, page.Head.Position, err)
		}
		return nil
	})
}

// verify folds a room from its first archived event on and answers the events.
func (h *house) verify(t testing.TB, key chain.Key) []Event {
	t.Helper()
	h.settled(t, key)
	head, _, err := h.archive.Load(context.Background(), key)
	if err != nil {
		t.Fatal(err)
	}
	records, err := h.archive.Read(context.Background(), key, 1, int(head.Offset)+1)
	if err != nil {
		t.Fatal(err)
	}
	_, last, err := fold(key, Stage{}, chain.Head{}, records)
	if err != nil || last.Offset != head.Offset || last.Hash != head.Hash {
		t.Fatalf("the archive folds to %+v, %v; its head is %+v", last, err, head)
	}
	var events []Event
	for _, record := range records {
		e, err := decodeEvent(key, record.Bytes)
		if err != nil {
			t.Fatal(err)
		}
		events = append(events, e)
	}
	return events
}

// request makes a request with an id of its own.
func request(by id.User, command Command) Request {
	r := Request{Actor: Actor{User: by}, ID: id.NewCommand(), Command: command}
	r.Payload = chain.Sum(fmt.Appendf(nil, "%s %T %+v", by, command, command))
	return r
}

func apply(t testing.TB, s *Service, key chain.Key, r Request) Answer {
	t.Helper()
	answer, err := s.Apply(context.Background(), key, r)
	if err != nil {
		t.Fatalf("%s of %+v: %v", r.Actor, r.Command, err)
	}
	return answer
}

// openRoom makes a live room with an open stage.
func openRoom(t testing.TB, s *Service) chain.Key {
	t.Helper()
	key := chain.Key{App: id.Main, Room: id.NewRoom()}
	apply(t, s, key, request(host, OpenRoom{Host: host, Title: "Morning", MaxSeats: MostSeats, OpenStage: true}))
	return key
}

func watch(t testing.TB, s *Service, key chain.Key, from chain.Position) *Watcher {
	t.Helper()
	w, err := s.Watch(context.Background(), key, from)
	if err != nil {
		t.Fatal(err)
	}
	var once sync.Once
	t.Cleanup(func() { once.Do(func() { w.Close(endLeft) }) })
	return w
}

// next answers the next item that is not a Still.
func next(t testing.TB, w *Watcher) Item {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	for {
		item, err := w.Next(ctx)
		if err != nil {
			t.Fatalf("watch after %s: %v", w.at, err)
		}
		if item.Still == nil {
			return item
		}
	}
}

func wantFault(t testing.TB, what string, err error, code fault.Code) {
	t.Helper()
	if !fault.Is(err, code) {
		t.Errorf("%s: %v, want %s", what, err, code)
	}
}

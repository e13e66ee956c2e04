package dynamo

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"rostrum/internal/dynamo"
	"rostrum/internal/id"
	"rostrum/internal/testkit"
	"rostrum/services/listenerstate/chain"
	"rostrum/services/listenerstate/stagearchive"
)

// patience is for a call on a machine that is busy with other things.
const patience = time.Minute

// database opens the tables of an installation, which it makes where they are missing.
func database(t testing.TB, endpoint, prefix string) *dynamo.DB {
	t.Helper()
	db := openDatabase(t, endpoint, prefix, patience)
	if err := db.CreateTables(t.Context()); err != nil {
		t.Fatal(err)
	}
	return db
}

func openDatabase(t testing.TB, endpoint, prefix string, timeout time.Duration) *dynamo.DB {
	t.Helper()
	db, err := dynamo.Open(t.Context(), dynamo.Config{
		Endpoint: endpoint, Prefix: prefix, Credentials: dynamo.CredentialsStatic, Timeout: timeout,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func openArchive(t testing.TB, config Config) *Archive {
	t.Helper()
	if config.Metrics == nil {
		config.Metrics = prometheus.NewRegistry()
	}
	a, err := New(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(a.Close)
	return a
}

// figure answers the value of a metric, over all its labels.
func figure(t testing.TB, registry *prometheus.Registry, name string) (sum float64) {
	t.Helper()
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range families {
		for _, m := range family.GetMetric() {
			if family.GetName() == "rostrum_stagearchive_"+name {
				sum += m.GetCounter().GetValue() + m.GetGauge().GetValue() + float64(m.GetHistogram().GetSampleCount())
			}
		}
	}
	return sum
}

func newKey() chain.Key { return chain.Key{App: id.Main, Room: id.NewRoom()} }

func TestContract(t *testing.T) {
	endpoint, stores := testkit.Dynalite(t), 0
	stagearchive.Test(t, func(t *testing.T) func() stagearchive.Archive {
		stores++
		db := database(t, endpoint, fmt.Sprintf("test%d-", stores))
		return func() stagearchive.Archive { return openArchive(t, Config{DB: db, Every: 5 * time.Millisecond}) }
	})
}

func TestKeyringContract(t *testing.T) {
	endpoint, stores := testkit.Dynalite(t), 0
	stagearchive.TestKeyring(t, func(t *testing.T) func() stagearchive.Keyring {
		stores++
		db := database(t, endpoint, fmt.Sprintf("test%d-", stores))
		return func() stagearchive.Keyring {
			ring, err := NewKeyring(KeyringConfig{DB: db})
			if err != nil {
				t.Fatal(err)
			}
			return ring
		}
	})
}

// items answers the sort keys of what stands in a log's partition from one key to another.
func items(t *testing.T, db *dynamo.DB, key chain.Key, from, to string) (keys []string) {
	t.Helper()
	for item, err := range db.Items(t.Context(), between(key, from, to)) {
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, dynamo.Read(item).Text("sk"))
	}
	return keys
}

func TestWhatComesTogetherIsOneItem(t *testing.T) {
	db, registry := database(t, testkit.Dynalite(t), ""), prometheus.NewRegistry()
	a, r := openArchive(t, Config{DB: db, Every: time.Hour, Metrics: registry}), &room{key: newKey()}
	for range 100 {
		r.grow(a, 3)
	}
	if waiting := figure(t, registry, "unarchived_events"); waiting != 300 {
		t.Errorf("%v events wait", waiting)
	}
	if err := a.Flush(t.Context(), r.key); err != nil {
		t.Fatal(err)
	}
	if n := r.finished(t); n != 300 {
		t.Errorf("%d events are durable after Flush", n)
	}
	if links := items(t, db, r.key, linkPrefix, linkPrefix+"~"); len(links) != 1 {
		t.Errorf("they are in %q", links)
	}
	if err := a.Flush(t.Context(), newKey()); err != nil {
		t.Errorf("flush of nothing: %v", err)
	}
	for name, want := range map[string]float64{
		"unarchived_events": 0, "unarchived_bytes": 0, "unarchived_age_seconds": 0, "commit_appends": 1, "commit_seconds": 1, "refusals_total": 0,
	} {
		if got := figure(t, registry, name); got != want {
			t.Errorf("%s is %v, want %v", name, got, want)
		}
	}
	if bytes := figure(t, registry, "written_bytes_total"); bytes < float64(300*recordBytes) {
		t.Errorf("%v bytes were written", bytes)
	}
}

func TestAFullItemDoesNotWait(t *testing.T) {
	a, r := openArchive(t, Config{DB: database(t, testkit.Dynalite(t), ""), Every: time.Hour}), &room{key: newKey()}
	added := stagearchive.Records(chain.Head{}, 4)
	for i := range added {
		added[i].Bytes = make([]byte, itemMost/4)
	}
	if err := a.Append(r.key, chain.Head{}, added, nil).Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	added[0].Bytes = make([]byte, itemMost)
	added[1].Bytes = nil
	for _, record := range added[:2] {
		if err := a.Append(newKey(), chain.Head{}, []chain.Record{record}, nil).Wait(t.Context()); err == nil {
			t.Errorf("an event of %d bytes was archived", len(record.Bytes))
		}
	}
}

// nowhere is a database that nobody can reach.
func nowhere(t *testing.T) *dynamo.DB {
	return openDatabase(t, "http://"+testkit.FreePort(t), "", 200*time.Millisecond)
}

func TestWhatWaitsIsBounded(t *testing.T) {
	registry := prometheus.NewRegistry()
	a := openArchive(t, Config{
		DB: nowhere(t), Every: time.Millisecond, BytesMost: 10_000, RoomsMost: 3, CloseWithin: 10 * time.Millisecond, Metrics: registry,
	})
	key, one := newKey(), stagearchive.Records(chain.Head{}, 1)
	one[0].Bytes = make([]byte, 3000)
	first, second := a.Append(key, chain.Head{}, one, nil), a.Append(newKey(), chain.Head{}, one, one[0].Bytes)
	third := a.Append(key, one[0].Head(), stagearchive.Records(one[0].Head(), 100), nil)
	if err := third.Wait(t.Context()); !errors.Is(err, chain.ErrFull) {
		t.Errorf("more bytes than may wait: %v", err)
	}
	small := stagearchive.Records(chain.Head{}, 1)
	fourth, fifth := a.Append(newKey(), chain.Head{}, small, nil), a.Append(newKey(), chain.Head{}, small, nil)
	if err := fifth.Wait(t.Context()); !errors.Is(err, chain.ErrFull) {
		t.Errorf("more rooms than may wait: %v", err)
	}
	gone, leave := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer leave()
	if _, err := a.Claim(gone, key); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a claim that cannot be made: %v", err)
	}
	a.Close()
	for _, write := range []*chain.Write{first, second, fourth} {
		if err := write.Wait(t.Context()); !errors.Is(err, chain.ErrClosed) {
			t.Errorf("what waited when the archive was closed: %v", err)
		}
	}
	if refusals := figure(t, registry, "refusals_total"); refusals < 5 || figure(t, registry, "unarchived_bytes") != 0 {
		t.Errorf("%v refusals; %v bytes still wait", refusals, figure(t, registry, "unarchived_bytes"))
	}
}

// TestManyRoomsThroughFewLines has more rooms than lines: those of which nothing waits make room.
func TestManyRoomsThroughFewLines(t *testing.T) {
	const most = 4
	a := openArchive(t, Config{DB: database(t, testkit.Dynalite(t), ""), Every: time.Millisecond, RoomsMost: most})
	rooms := make([]*room, 3*most)
	for i := range rooms {
		rooms[i] = &room{key: newKey()}
	}
	for range 3 {
		for _, r := range rooms {
			testkit.Eventually(t, patience, func() error { // the line before may not be idle for a moment
				before := *r
				r.grow(a, 2)
				err := r.writes[len(r.writes)-1].Wait(t.Context())
				if errors.Is(err, chain.ErrFull) {
					*r = before
				}
				return err
			})
		}
	}
	for i, r := range rooms {
		if got, err := a.Read(t.Context(), r.key, 1, 10); err != nil || !equal(got, r.records) || len(got) != 6 {
			t.Errorf("room %d: %d events, %v", i, len(got), err)
		}
	}
	a.Close()
	if len(a.lines.all) > most {
		t.Errorf("%d lines", len(a.lines.all))
	}
}

func TestConfig(t *testing.T) {
	if _, err := New(Config{}); err == nil {
		t.Error("an archive without a database was made")
	}
	err := Config{Every: -1, RoomsMost: -1}.Validate()
	if err == nil || !strings.Contains(err.Error(), "DB") || !strings.Contains(err.Error(), "negative") {
		t.Errorf("%v", err)
	}
	if err := (KeyringConfig{}).Validate(); err == nil {
		t.Error("a keyring without a database was taken")
	}
}

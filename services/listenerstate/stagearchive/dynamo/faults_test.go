package dynamo

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"rostrum/internal/testkit"
	"rostrum/services/listenerstate/chain"
	"rostrum/services/listenerstate/stagearchive"
)

// troubled is a database between whom and us writes get lost: on their way there, or their answers on the way back.
type troubled struct {
	proxy *httputil.ReverseProxy
	lost  atomic.Int64 // answers

	mu     sync.Mutex
	random *rand.Rand
	fates  map[[32]byte]*fate // by request: the client sends the same again
}

// fate is what happens to a request and its repetitions.
type fate struct{ luck, times int }

const (
	neverComes  = iota
	answerLost  // once: the client tries again
	answersLost // as often as the client tries: the archive does not know what came of it
	throttled
	fates = 60 // the others are good
)

// clientTries is how often a call is tried before it fails.
const clientTries = 4

func newTroubled(t *testing.T, endpoint string) (*troubled, string) {
	target, err := url.Parse(endpoint)
	if err != nil {
		t.Fatal(err)
	}
	d := &troubled{random: rand.New(rand.NewPCG(5, 6)), fates: map[[32]byte]*fate{}, proxy: &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target) },
	}}
	server := httptest.NewServer(d)
	t.Cleanup(server.Close)
	return d, server.URL
}

func (d *troubled) luck(body []byte) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	request := sha256.Sum256(body)
	f := d.fates[request]
	if f == nil {
		f = &fate{luck: d.random.IntN(fates), times: 1}
		if f.luck == answersLost || f.luck == throttled {
			f.times = clientTries
		}
		d.fates[request] = f
	}
	if f.times--; f.times < 0 {
		return fates
	}
	return f.luck
}

func (d *troubled) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	luck := fates
	if err == nil && strings.HasSuffix(r.Header.Get("X-Amz-Target"), ".PutItem") {
		luck = d.luck(body)
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	switch luck {
	case neverComes:
		panic(http.ErrAbortHandler)
	case answerLost, answersLost:
		d.lost.Add(1)
		d.proxy.ServeHTTP(httptest.NewRecorder(), r)
		panic(http.ErrAbortHandler)
	case throttled:
		w.Header().Set("Content-Type", "application/x-amz-json-1.0")
		w.WriteHeader(http.StatusBadRequest)
		_, _ = io.WriteString(w, `{"__type":"com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException","message":"slower"}`)
	default:
		d.proxy.ServeHTTP(w, r)
	}
}

// TestContractWithLostAnswers checks that a write whose outcome is unknown is neither lost nor done twice, and that its
// own trace is not taken for another's.
func TestContractWithLostAnswers(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	endpoint, stores := testkit.Dynalite(t), 0
	d, through := newTroubled(t, endpoint)
	registries := []*prometheus.Registry(nil)
	stagearchive.Test(t, func(t *testing.T) func() stagearchive.Archive {
		stores++
		prefix := fmt.Sprintf("test%d-", stores)
		database(t, endpoint, prefix) // makes the tables
		db := database(t, through, prefix)
		return func() stagearchive.Archive {
			registry := prometheus.NewRegistry()
			registries = append(registries, registry)
			return openArchive(t, Config{DB: db, Every: 5 * time.Millisecond, Metrics: registry})
		}
	})
	retries := 0.0
	for _, registry := range registries {
		retries += figure(t, registry, "retries_total")
	}
	if d.lost.Load() < 20 || retries < 5 {
		t.Errorf("only %d answers were lost, and %v writes tried again", d.lost.Load(), retries)
	}
}

// room is a log that grows and what came of it.
type room struct {
	key     chain.Key
	records []chain.Record
	writes  []*chain.Write
	ends    []int // of each write: how many records there are with it
}

// grow appends some events, with a snapshot now and then.
func (r *room) grow(a *Archive, n int) {
	head := chain.Head{}
	if last := len(r.records); last > 0 {
		head = r.records[last-1].Head()
	}
	added := stagearchive.Records(head, n)
	var snapshot []byte
	if len(r.writes)%5 == 4 {
		snapshot = []byte("of " + added[n-1].Position.String())
	}
	r.records, r.writes = append(r.records, added...), append(r.writes, a.Append(r.key, head, added, snapshot))
	r.ends = append(r.ends, len(r.records))
}

// finished answers how many events are durable, as their writes say: all before the last of them are, too.
func (r *room) finished(t *testing.T) int {
	t.Helper()
	durable := 0
	for i, write := range slices.Backward(r.writes) { // more may become durable meanwhile
		select {
		case <-write.Done():
			if write.Err() != nil {
				t.Fatalf("write %d: %v", i, write.Err())
			}
			durable = max(durable, r.ends[i])
		default:
			if durable > 0 {
				t.Fatalf("write %d waits, and a later one does not", i)
			}
		}
	}
	return durable
}

// TestNothingIsLostWhenTheStoreIs stops the store in the middle of appends to many rooms. What is finished then can be
// read when it is back, what is not waits, and in the end everything stands in order.
func TestNothingIsLostWhenTheStoreIs(t *testing.T) {
	server := testkit.DynaliteOnDisk(t, t.TempDir())
	db := database(t, server.Endpoint, "")
	impatient := openDatabase(t, server.Endpoint, "", 2*time.Second)
	registry := prometheus.NewRegistry()
	a := openArchive(t, Config{DB: impatient, Metrics: registry, Every: 20 * time.Millisecond, CloseWithin: 60 * time.Second})
	rooms := make([]*room, 20)
	for i := range rooms {
		rooms[i] = &room{key: newKey()}
	}
	growAll := func(times int) {
		for range times {
			for _, r := range rooms {
				r.grow(a, 2)
			}
			<-time.After(3 * time.Millisecond)
		}
	}
	growAll(20)
	if err := rooms[0].writes[0].Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		server.Stop()
	}()
	growAll(100)
	<-stopped
	finished := make([]int, len(rooms))
	durable := 0
	for i, r := range rooms {
		finished[i] = r.finished(t)
		durable += finished[i]
	}
	testkit.Eventually(t, 60*time.Second, func() error {
		if figure(t, registry, "retries_total") < 5 {
			return fmt.Errorf("nothing is tried again")
		}
		return nil
	})
	growAll(5)
	waiting, age := figure(t, registry, "unarchived_events"), figure(t, registry, "unarchived_age_seconds")
	if durable == 0 || waiting == 0 || age < 0.001 || figure(t, registry, "unarchived_bytes") < waiting {
		t.Errorf("%d events are durable, %v wait for %v s", durable, waiting, age)
	}
	server.Start()
	for i, r := range rooms {
		got, err := (table{db}).read(t.Context(), r.key, 1, len(r.records))
		if err != nil || len(got) < finished[i] || !equal(got, r.records[:len(got)]) {
			t.Errorf("room %d: %d events, %v, %d were finished", i, len(got), err, finished[i])
		}
	}
	growAll(5)
	a.Close()
	for i, r := range rooms {
		got, err := (table{db}).read(t.Context(), r.key, 1, len(r.records)+1)
		if n := r.finished(t); err != nil || n != len(r.records) || !equal(got, r.records) {
			t.Errorf("room %d: %d of %d events are finished, %d are there, %v", i, n, len(r.records), len(got), err)
		}
		if snapshot, err := (table{db}).snapshot(t.Context(), r.key); err != nil || string(snapshot) != "of 1-260" {
			t.Errorf("room %d: the snapshot is %q, %v", i, snapshot, err)
		}
	}
	t.Logf("%d of %d events were durable when the store stopped, %v tries failed", durable, 20*260, figure(t, registry, "retries_total"))
}

func equal(a, b []chain.Record) bool {
	for i := range min(len(a), len(b)) {
		if !same(a[i], b[i]) {
			return false
		}
	}
	return len(a) == len(b)
}

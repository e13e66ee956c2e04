package dynamo

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"rostrum/internal/fault"
	"rostrum/internal/testkit"
)

func version(n uint64, said string) Item {
	item := Item{}
	item.SetNumber("version", n)
	item.SetText("said", said)
	return item
}

func TestConditionalWrites(t *testing.T) {
	db, ctx, key := withTables(t, testkit.Dynalite(t)), t.Context(), Key{PK: "main#a"}
	if stands, err := db.Put(ctx, Rooms, key, version(2, "two"), VersionBefore(2)); !fault.Is(err, fault.CodeConflict) || stands != nil {
		t.Errorf("version 2 of nothing: %v, %v", stands, err)
	}
	if _, err := db.Load(ctx, Rooms, key); !fault.Is(err, fault.CodeNotFound) {
		t.Errorf("nothing: %v", err)
	}
	if stands, err := db.Put(ctx, Rooms, key, version(1, "one"), VersionBefore(1)); err != nil || stands != nil {
		t.Errorf("version 1: %v, %v", stands, err)
	}
	stands, err := db.Put(ctx, Rooms, key, version(1, "else"), VersionBefore(1))
	if !fault.Is(err, fault.CodeConflict) || Read(stands).Text("said") != "one" {
		t.Errorf("version 1 again: %v, %v", stands, err)
	}
	if _, err := db.Put(ctx, Rooms, key, version(2, "two"), VersionBefore(2)); err != nil {
		t.Error(err)
	}
	if stands, err := db.Delete(ctx, Rooms, key, VersionBefore(2)); !fault.Is(err, fault.CodeConflict) || Read(stands).Text("said") != "two" {
		t.Errorf("deleted an older version: %v, %v", stands, err)
	}
	if _, err := db.Delete(ctx, Rooms, key, VersionBefore(3)); err != nil {
		t.Error(err)
	}
	if _, err := db.Delete(ctx, Rooms, key, VersionBefore(3)); err != nil {
		t.Errorf("deleted already: %v", err)
	}
	if _, err := db.Load(ctx, Rooms, key); !fault.Is(err, fault.CodeNotFound) {
		t.Errorf("deleted: %v", err)
	}
}

func TestItemsAreBounded(t *testing.T) {
	db, ctx := withTables(t, testkit.Dynalite(t)), t.Context()
	for size, want := range map[int]fault.Code{maxItem - 100: "", maxItem: fault.CodeTooLarge} {
		_, err := db.Put(ctx, Rooms, Key{PK: fmt.Sprint("main#", size)}, version(1, strings.Repeat("x", size)), Absent())
		if want == "" && err != nil || want != "" && !fault.Is(err, want) {
			t.Errorf("%d bytes: %v", size, err)
		}
	}
}

func TestItemsComeInOrderOverPages(t *testing.T) {
	db, ctx := withTables(t, testkit.Dynalite(t)), t.Context()
	const items = 12
	wide := strings.Repeat("x", 200_000) // 2.4 MB: DynamoDB ends a page at 1 MiB
	for n := range uint64(items) {
		for _, room := range []string{"main#a", "main#b"} {
			if _, err := db.Put(ctx, Stage, Key{room, "e#" + Ordered(n)}, version(n+1, wide), Absent()); err != nil {
				t.Fatal(err)
			}
		}
	}
	range3to9 := Item{}
	range3to9.SetText("room", "main#a")
	range3to9.SetText("from", "e#"+Ordered(3))
	range3to9.SetText("to", "e#"+Ordered(9))
	for _, backward := range []bool{false, true} {
		for _, page := range []int32{0, 1, 4} {
			want := []uint64{4, 5, 6, 7, 8, 9, 10}
			if backward {
				slices.Reverse(want)
			}
			q := Query{Table: Stage, Where: Holds("#pk = :room AND #sk BETWEEN :from AND :to", range3to9), Backward: backward, Page: page}
			var got []uint64
			for item, err := range db.Items(ctx, q) {
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, Read(item).Number("version"))
			}
			if !slices.Equal(got, want) {
				t.Errorf("backward %v, pages of %d: %v, want %v", backward, page, got, want)
			}
			for range db.Items(ctx, q) { // whoever has enough leaves
				break
			}
		}
	}
}

// between stands between a client and its database and lets a test decide about each call.
func between(t *testing.T, endpoint string, serve func(w http.ResponseWriter, r *http.Request, forward http.Handler)) string {
	t.Helper()
	target, err := url.Parse(endpoint)
	if err != nil {
		t.Fatal(err)
	}
	forward := httputil.NewSingleHostReverseProxy(target)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { serve(w, r, forward) }))
	t.Cleanup(server.Close)
	return server.URL
}

func counted(t *testing.T, c prometheus.Counter) float64 {
	t.Helper()
	var written dto.Metric
	if err := c.Write(&written); err != nil {
		t.Fatal(err)
	}
	return written.GetCounter().GetValue()
}

// The first answer to each kind of write is lost after the database has done what was asked.
func TestAWriteWhoseAnswerWasLostIsNoConflict(t *testing.T) {
	endpoint, lost := testkit.Dynalite(t), map[string]*atomic.Bool{"PutItem": {}, "DeleteItem": {}}
	withTables(t, endpoint)
	db := open(t, Config{Timeout: patient, Endpoint: between(t, endpoint, func(w http.ResponseWriter, r *http.Request, forward http.Handler) {
		_, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
		if first := lost[operation]; first != nil && first.CompareAndSwap(false, true) {
			forward.ServeHTTP(httptest.NewRecorder(), r)
			panic(http.ErrAbortHandler)
		}
		forward.ServeHTTP(w, r)
	})})
	ctx, key := t.Context(), Key{PK: "main#a"}
	if stands, err := db.Put(ctx, Rooms, key, version(1, "one"), VersionBefore(1)); err != nil || stands != nil {
		t.Errorf("put: %v, %v", stands, err)
	}
	if item, err := db.Load(ctx, Rooms, key); err != nil || Read(item).Text("said") != "one" {
		t.Errorf("loaded %v, %v", item, err)
	}
	if stands, err := db.Delete(ctx, Rooms, key, VersionBefore(2)); err != nil || stands != nil {
		t.Errorf("delete: %v, %v", stands, err)
	}
	for operation, happened := range lost {
		if !happened.Load() {
			t.Errorf("no answer to %s was lost", operation)
		}
	}
	if retries := counted(t, db.metrics.retries.WithLabelValues("connection")); retries != 2 {
		t.Errorf("%v retries are counted", retries)
	}
}

func TestThrottledCallsAreTriedAgainAndThenUnavailable(t *testing.T) {
	endpoint := testkit.Dynalite(t)
	withTables(t, endpoint)
	var refuse, calls atomic.Int64
	db := open(t, Config{Timeout: patient, Endpoint: between(t, endpoint, func(w http.ResponseWriter, r *http.Request, forward http.Handler) {
		if calls.Add(1); refuse.Add(-1) < 0 {
			forward.ServeHTTP(w, r)
			return
		}
		w.Header().Set("Content-Type", "application/x-amz-json-1.0")
		w.WriteHeader(http.StatusBadRequest)
		io.WriteString(w, `{"__type":"com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException","message":"slower"}`)
	})})
	refuse.Store(tries - 1)
	if _, err := db.Put(t.Context(), Rooms, Key{PK: "main#a"}, version(1, "one"), Absent()); err != nil {
		t.Errorf("throttled %d times: %v", tries-1, err)
	}
	if retries := counted(t, db.metrics.retries.WithLabelValues("throttled")); retries != tries-1 {
		t.Errorf("%v retries are counted", retries)
	}
	refuse.Store(100)
	calls.Store(0)
	if _, err := db.Load(t.Context(), Rooms, Key{PK: "main#a"}); !fault.Is(err, fault.CodeUnavailable) {
		t.Errorf("throttled: %v", err)
	}
	if calls.Load() != tries {
		t.Errorf("tried %d times, want %d", calls.Load(), tries)
	}
}

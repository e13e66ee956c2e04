package load

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"rostrum/client/api"
)

// A process without anything to listen to ends by itself, and whoever started it is told.
func TestAProcessThatEndsBeforeItsTimeIsAnError(t *testing.T) {
	p, err := startProcess("listeners", job{Count: 1}, io.Discard, func(*process, news) { t.Error("it has news") })
	must(t, err)
	select {
	case <-p.ended:
	case <-time.After(time.Minute):
		t.Error("it goes on")
	}
	if err := p.stop(); err == nil || !strings.Contains(err.Error(), "ended before its time") {
		t.Errorf("it ended with %v", err)
	}
}

func TestBadJobs(t *testing.T) {
	for _, text := range []string{"", "x\n", "{}\n", `{"rooms":[{"room":"rm_0"}]}` + "\n"} {
		if err := work(t.Context(), strings.NewReader(text), io.Discard); err == nil {
			t.Errorf("%q is a job", text)
		}
	}
}

// Nobody answers: the listeners go on trying, and that is told.
func TestListenersThatReachNobodySaySo(t *testing.T) {
	in, orders, err := os.Pipe()
	must(t, err)
	defer in.Close()
	must(t, json.NewEncoder(orders).Encode(job{
		URL: "http://127.0.0.1:1", Rooms: []jobRoom{{Room: "rm_00000000000000000000", Rights: []right{{Grant: "x", URLs: []string{"http://127.0.0.1:1"}}}}},
		Count: 3, Joins: 1000, Rendition: "voice-32", CadenceMS: 1000, SilenceMS: 1000,
	}))
	told, out, err := os.Pipe()
	must(t, err)
	ended := make(chan error, 1)
	go func() {
		ended <- work(context.Background(), in, out)
		out.Close()
	}()
	decoder, last := json.NewDecoder(told), news{}
	for last.Closes["not reached"] < 3 {
		last = news{}
		must(t, decoder.Decode(&last))
	}
	if last.Counts != (counts{Started: 3}) {
		t.Errorf("%+v", last)
	}
	must(t, orders.Close())
	for !last.Last {
		last = news{}
		must(t, decoder.Decode(&last))
	}
	must(t, <-ended)
}

func TestARenewalIsSharedByAllThatAsk(t *testing.T) {
	calls := 0
	gateway := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		calls++
		if r.Header.Get("Authorization") != "Bearer who" || r.URL.Path != "/v1/rooms/rm_0/join" {
			t.Errorf("%s asks for %s", r.Header.Get("Authorization"), r.URL)
		}
		must(t, json.NewEncoder(w).Encode(api.Joined{Grant: "new", Edges: []api.Edge{{URL: "http://a"}, {URL: "http://b"}}}))
	}))
	defer gateway.Close()
	r := newRenewal(gateway.URL, "rm_0", right{Grant: "old", Access: "who"}, http.DefaultClient)
	for range 3 {
		got, err := r.renew(t.Context())
		if err != nil || got.Token != "new" || len(got.URLs) != 2 {
			t.Errorf("%+v, %v", got, err)
		}
	}
	if calls != 1 {
		t.Errorf("%d calls", calls)
	}
	if got := turned([]string{"a", "b", "c"}, 4); strings.Join(got, "") != "bca" || turned(nil, 3) != nil {
		t.Errorf("%v", got)
	}
}

func TestNewsGoOverALine(t *testing.T) {
	h := newHearing()
	h.batch(10, 5, 30)
	h.batch(11, 5, 300)
	h.batch(12, 5, 500)
	h.gap(13, 14, 6)
	told := h.t.tell()
	var line bytes.Buffer
	must(t, json.NewEncoder(&line).Encode(told))
	var read news
	must(t, json.Unmarshal(line.Bytes(), &read))
	again, err := json.Marshal(read)
	must(t, err)
	if string(again) != strings.TrimSpace(line.String()) || bytes.Count(line.Bytes(), []byte("\n")) != 1 {
		t.Errorf("%s\nwas\n%s", again, line.String())
	}
}

package mobileapi

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"rostrum/internal/fault"
	"rostrum/internal/obs"
	"rostrum/internal/testkit"
)

// What strangers say of traces is not heeded: neither whether one is recorded nor which.
func TestEachCallIsATraceOfItsOwn(t *testing.T) {
	collector := testkit.StartCollector(t)
	stop, err := obs.Trace(t.Context(), obs.TraceConfig{Endpoint: collector.Address, Sample: 1})
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(t)
	theirs := strings.Repeat("ab", 16)
	w.do(t, call{method: "GET", path: "/v1/rooms/{room}", header: map[string]string{
		"Traceparent": "00-" + theirs + "-" + strings.Repeat("cd", 8) + "-00", "X-Request-Id": "request-1",
	}})
	w.fail("GetRoom", http.ErrBodyNotAllowed)
	w.do(t, call{method: "GET", path: "/v1/rooms/{room}"}).want(t, http.StatusInternalServerError, fault.CodeInternal)
	var traces []testkit.Trace
	testkit.Eventually(t, time.Minute, func() error {
		if traces = collector.Traces("GET /v1/rooms/{room}"); len(traces) != 2 {
			return fmt.Errorf("%d traces", len(traces))
		}
		return nil
	})
	if err := stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	first, second := traces[0][0], traces[1][0]
	if first.Trace == theirs || first.Attributes["rostrum.request_id"] != "request-1" || first.Attributes["http.response.status_code"] != "200" || first.Failed {
		t.Errorf("the first call is %+v", first)
	}
	if second.Trace == first.Trace || !second.Failed || second.Attributes["rostrum.code"] != "internal" {
		t.Errorf("the second call is %+v", second)
	}
	log := w.log.String()
	for _, want := range []string{"trace_id=" + first.Trace, "trace_id=" + second.Trace, "request_id=request-1"} {
		if !strings.Contains(log, want) {
			t.Errorf("the log lacks %s:\n%s", want, log)
		}
	}
}

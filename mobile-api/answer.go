package mobileapi

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"rostrum/internal/fault"
	"rostrum/mobile-api/view"
)

// answer is what a handler wants said.
type answer struct {
	status int
	header map[string]string
	media  string // empty: no body
	body   []byte
	socket http.HandlerFunc // answers instead, out of the bounds of calls
}

// inJSON answers a value; every answer is about one moment and one caller, so none is kept by caches.
func inJSON(status int, value any) (answer, error) {
	body, err := json.Marshal(value)
	if err != nil {
		return answer{}, fmt.Errorf("encode answer: %w", err)
	}
	return answer{
		status: status, media: "application/json; charset=utf-8", body: append(body, '\n'),
		header: map[string]string{"Cache-Control": "no-store"},
	}, nil
}

func (a answer) write(w http.ResponseWriter) {
	for name, value := range a.header {
		w.Header().Set(name, value)
	}
	if a.media != "" {
		w.Header().Set("Content-Type", a.media)
	}
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body) // who left is not told
}

// timeFrom is nil, null in JSON, where there is no time.
func timeFrom(t *timestamppb.Timestamp) *time.Time {
	if t == nil {
		return nil
	}
	at := view.TimeFrom(t)
	return &at
}

// fail answers an error as its fault, and notes it for the access log.
func fail(w http.ResponseWriter, err error) {
	f := fault.From(err)
	switch f.Code {
	case fault.CodeUnavailable, fault.CodeTimeout, fault.CodeRateLimited:
		if f.RetryAfter == 0 {
			f = f.In(time.Second)
		}
	}
	n := notes(w)
	n.code, n.err = string(f.Code), err
	if f.Code == fault.CodeUnauthenticated || f.Code == fault.CodeExpired {
		w.Header().Set("WWW-Authenticate", `Bearer realm="rostrum"`)
	}
	fault.WriteHTTP(w, f)
}

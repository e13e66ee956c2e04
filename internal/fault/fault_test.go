package fault

import (
	"errors"
	"fmt"
	"net/http/httptest"
	"testing"
	"time"
)

func TestEveryCodeHasOneMeaningEverywhere(t *testing.T) {
	if len(statuses) != len(grpcCodes) {
		t.Fatalf("%d codes have an HTTP status, %d a gRPC code", len(statuses), len(grpcCodes))
	}
	for code := range statuses {
		sent := New(code, "what is wrong").With("field", "title").In(1500 * time.Millisecond)
		over := From(fmt.Errorf("call: %w", Status(fmt.Errorf("inside: %w", sent))))
		if over.Code != code || over.Message != sent.Message || over.Details["field"] != "title" || over.RetryAfter != sent.RetryAfter {
			t.Errorf("%s over gRPC became %+v", code, over)
		}
		w := httptest.NewRecorder()
		WriteHTTP(w, sent)
		back := ReadHTTP(w.Code, w.Body.Bytes())
		if back.Code != code || back.Message != sent.Message || back.RetryAfter != sent.RetryAfter {
			t.Errorf("%s over HTTP became %+v", code, back)
		}
		if got := CloseCode(code); got < 4400 || got > 4599 {
			t.Errorf("%s closes with %d", code, got)
		}
		if !Is(over, code) {
			t.Errorf("Is(%v, %s) is false", over, code)
		}
	}
}

func TestInsideStaysInside(t *testing.T) {
	secret := errors.New("dial tcp 10.0.0.7: secret")
	w := httptest.NewRecorder()
	WriteHTTP(w, fmt.Errorf("load room: %w", secret))
	if got := w.Body.String(); w.Code != 500 || got != `{"error":{"code":"internal","message":"something went wrong on our side"}}`+"\n" {
		t.Errorf("told %d %s", w.Code, got)
	}
	if over := From(Status(Unavailable(secret, "the store cannot be reached"))); over.Error() != "unavailable: the store cannot be reached" {
		t.Errorf("gRPC told %q", over)
	}
}

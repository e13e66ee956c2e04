package fault

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"os"
	"regexp"
	"strconv"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
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

// A fault whose cause is the end of a context must still be told as what it is: a caller goes elsewhere for it.
func TestACancelledCauseDoesNotHideItsFault(t *testing.T) {
	leaving := Unavailable(context.Canceled, "this node is leaving")
	if over := From(Status(fmt.Errorf("place: %w", leaving))); over.Code != CodeUnavailable || over.RetryAfter != time.Second {
		t.Errorf("told as %+v", over)
	}
	if over := Status(fmt.Errorf("wait: %w", context.Canceled)); status.Code(over) != codes.Canceled {
		t.Errorf("a call that was given up is told as %v", over)
	}
}

func TestWhatMayPass(t *testing.T) {
	for err, want := range map[error]bool{
		New(CodeUnavailable, ""): true, New(CodeRateLimited, ""): true, errors.New("a bug, or a lost store"): true,
		New(CodeForbidden, ""): false, New(CodeInvalid, ""): false, fmt.Errorf("join: %w", New(CodeEnded, "")): false,
	} {
		if MayPass(err) != want {
			t.Errorf("%v may pass: %v", err, !want)
		}
	}
}

// The list in docs/protocol.md is part of the protocol.
func TestEveryCodeIsDocumented(t *testing.T) {
	page, err := os.ReadFile("../../docs/protocol.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := regexp.MustCompile("(?m)^\\| `([a-z_]+)` \\| (\\d{3}) \\|").FindAllStringSubmatch(string(page), -1)
	documented := map[Code]string{}
	for _, row := range rows {
		documented[Code(row[1])] = row[2]
	}
	for code, status := range statuses {
		if documented[code] != strconv.Itoa(status) {
			t.Errorf("%s has HTTP status %d, docs/protocol.md section 4 says %q", code, status, documented[code])
		}
		delete(documented, code)
	}
	for code := range documented {
		t.Errorf("docs/protocol.md section 4 has %s, which does not exist", code)
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

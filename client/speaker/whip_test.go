package speaker

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// service answers each request with the next answer and keeps what was asked.
type service struct {
	answers []func(http.ResponseWriter)
	asked   []string
}

func (s *service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	s.asked = append(s.asked, strings.Join([]string{
		r.Method, r.URL.Path, r.Header.Get("Authorization"), r.Header.Get("Content-Type"), r.Header.Get("If-Match"), string(body),
	}, "|"))
	s.answers[0](w)
	s.answers = s.answers[1:]
}

func answer(status int, body string, headers ...string) func(http.ResponseWriter) {
	return func(w http.ResponseWriter) {
		for i := 0; i < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

func TestASessionOverHTTP(t *testing.T) {
	s := &service{answers: []func(http.ResponseWriter){
		answer(201, "answer", "Location", "whip/s1", "ETag", `"one"`),
		answer(200, "a=x", "ETag", `"two"`), answer(204, ""), answer(412, `{"error":{"code":"precondition_failed"}}`), answer(404, ""),
	}}
	server := httptest.NewServer(s)
	defer server.Close()
	w := &whip{client: server.Client(), token: "secret", endpoint: server.URL + "/v1/rooms/rm_1/whip"}
	ctx := t.Context()
	if got, err := w.post(ctx, "offer"); err != nil || got != "answer" {
		t.Fatalf("post: %q, %v", got, err)
	}
	if got, err := w.patch(ctx, "f1"); err != nil || got != "a=x" {
		t.Fatalf("patch: %q, %v", got, err)
	}
	if got, err := w.patch(ctx, "f2"); err != nil || got != "" {
		t.Fatalf("patch: %q, %v", got, err)
	}
	var refusal *Error
	if _, err := w.patch(ctx, "f3"); !errors.As(err, &refusal) || refusal.Code != "precondition_failed" || refusal.Status != 412 {
		t.Fatalf("patch: %v", err)
	}
	if err := w.remove(ctx); err != nil {
		t.Fatalf("delete of what is gone: %v", err)
	}
	if err := w.remove(ctx); err != nil {
		t.Fatalf("second delete: %v", err)
	}
	const resource = "/v1/rooms/rm_1/whip/s1|Bearer secret|"
	want := []string{
		"POST|/v1/rooms/rm_1/whip|Bearer secret|application/sdp||offer",
		"PATCH|" + resource + `application/trickle-ice-sdpfrag|"one"|f1`,
		"PATCH|" + resource + `application/trickle-ice-sdpfrag|"two"|f2`,
		"PATCH|" + resource + `application/trickle-ice-sdpfrag|"two"|f3`,
		"DELETE|" + resource + "||",
	}
	if strings.Join(s.asked, "\n") != strings.Join(want, "\n") {
		t.Errorf("asked\n%s\nwant\n%s", strings.Join(s.asked, "\n"), strings.Join(want, "\n"))
	}
}

func TestRefusalsAreTold(t *testing.T) {
	for body, want := range map[string]Error{
		`{"error":{"code":"not_seated","message":"ask for a seat","retry_after_ms":1500}}`: {403, "not_seated", "ask for a seat", 1500 * time.Millisecond},
		`<html>bad gateway</html>`: {403, "", "", 0},
		``:                         {403, "", "", 0},
	} {
		server := httptest.NewServer(&service{answers: []func(http.ResponseWriter){answer(403, body)}})
		_, err := Join(t.Context(), Config{URL: server.URL, HTTPClient: server.Client()})
		server.Close()
		var refusal *Error
		if !errors.As(err, &refusal) || *refusal != want {
			t.Errorf("%q: %v", body, err)
		}
	}
}

func TestASenselessConfiguration(t *testing.T) {
	for _, c := range []Config{{}, {URL: "rooms.example/whip"}, {URL: "ftp://rooms.example"}, {URL: "http://x", Slots: -1}, {URL: "http://x", Slots: MaxSlots + 1}} {
		if _, err := Join(context.Background(), c); err == nil {
			t.Errorf("%+v was accepted", c)
		}
	}
}

func TestAnAnswerThatIsNoneEndsTheSession(t *testing.T) {
	s := &service{answers: []func(http.ResponseWriter){answer(201, "nonsense", "Location", "/s1"), answer(200, "")}}
	server := httptest.NewServer(s)
	defer server.Close()
	if _, err := Join(t.Context(), Config{URL: server.URL, HTTPClient: server.Client()}); err == nil {
		t.Error("joined")
	}
	if len(s.asked) != 2 || !strings.HasPrefix(s.asked[1], "DELETE|/s1") {
		t.Errorf("asked %q: the session is left open", s.asked)
	}
}

func TestTransportsAreExchanged(t *testing.T) {
	description := "v=0\r\nm=audio 9 x 111\r\na=ice-ufrag:a\r\na=ice-pwd:b\r\na=mid:0\r\na=candidate:1\r\na=end-of-candidates\r\n" +
		"m=audio 9 x 111\r\na=ice-ufrag:a\r\na=ice-pwd:b\r\na=mid:1\r\n"
	if got := transportOf(description); got != "m=audio 9 x 111\r\na=ice-ufrag:a\r\na=ice-pwd:b\r\na=mid:0\r\na=candidate:1\r\na=end-of-candidates\r\n" {
		t.Errorf("transport %q", got)
	}
	fragment := "a=ice-ufrag:c\r\na=ice-pwd:d\r\nm=audio 9 x 0\r\na=mid:0\r\na=candidate:2\r\n"
	want := "v=0\r\nm=audio 9 x 111\r\na=mid:0\r\na=ice-ufrag:c\r\na=ice-pwd:d\r\na=candidate:2\r\n" +
		"m=audio 9 x 111\r\na=mid:1\r\na=ice-ufrag:c\r\na=ice-pwd:d\r\na=candidate:2\r\n"
	if got := withTransport(description, fragment); got != want {
		t.Errorf("with transport\n%q\nwant\n%q", got, want)
	}
}

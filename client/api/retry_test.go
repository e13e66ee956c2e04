package api

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// through answers calls without a network.
type through func(*http.Request) (*http.Response, error)

func (f through) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func newThrough(f through) *Client {
	return New("http://gateway", WithHTTPClient(&http.Client{Transport: f}), WithToken("t"))
}

func answer(status int, body string) *http.Response {
	return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body))}
}

const unavailable = `{"error":{"code":"unavailable","message":"soon","retry_after_ms":1000}}`

func TestWhatPassesIsRepeatedUnderOneKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var keys []string
		c := newThrough(func(r *http.Request) (*http.Response, error) {
			body, _ := io.ReadAll(r.Body)
			keys = append(keys, r.Header.Get("Idempotency-Key")+string(body))
			switch len(keys) {
			case 1:
				return nil, errors.New("connection refused")
			case 2:
				return answer(503, unavailable), nil
			case 3:
				return answer(502, "<html>"), nil
			}
			return answer(201, `{"id":"rm_1"}`), nil
		})
		began := time.Now()
		made, err := c.CreateRoom(t.Context(), CreateRoom{Title: "Tides"})
		if err != nil || made.ID != "rm_1" {
			t.Fatalf("%+v, %v", made, err)
		}
		if len(keys) != 4 || keys[0] != keys[1] || keys[0] != keys[3] || !strings.Contains(keys[3], "Tides") {
			t.Errorf("sent %q", keys)
		}
		if took := time.Since(began); took < time.Second || took > 2*time.Second {
			t.Errorf("took %v, and the gateway asked for 1 s", took)
		}
	})
}

func TestWhatDoesNotPassIsNotRepeated(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for name, c := range map[string]struct {
			status int
			body   string
			code   string
			call   func(*Client) error
		}{
			"refused":  {409, `{"error":{"code":"stage_full","message":"full","details":{"seats":"20"}}}`, "stage_full", start},
			"limited":  {429, `{"error":{"code":"rate_limited","message":"wait","retry_after_ms":100}}`, "rate_limited", start},
			"broken":   {500, `oops`, "internal", start},
			"too long": {503, `{"error":{"code":"unavailable","message":"later","retry_after_ms":60000}}`, "unavailable", start},
			"guest": {503, unavailable, "unavailable", func(c *Client) error {
				_, err := c.Guest(context.Background(), "Ada")
				return err
			}},
		} {
			tries := 0
			err := c.call(newThrough(func(*http.Request) (*http.Response, error) { tries++; return answer(c.status, c.body), nil }))
			if e := (*Error)(nil); tries != 1 || CodeOf(err) != c.code || !errors.As(err, &e) || e.Status != c.status || e.Message == "" {
				t.Errorf("%s: %d tries, %v", name, tries, err)
			}
		}
	})
}

func start(c *Client) error {
	_, err := c.Start(context.Background(), "rm_1")
	return err
}

func TestRepeatsAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tries, down := 0, true
		c := newThrough(func(*http.Request) (*http.Response, error) {
			tries++
			if down {
				return nil, errors.New("connection refused")
			}
			return answer(200, `{}`), nil
		})
		if err := start(c); err == nil || tries != maxTries {
			t.Errorf("%d tries, %v", tries, err)
		}
		for range 100 {
			_ = start(c)
		}
		if want := 101 + int(fullBudget); tries != want {
			t.Errorf("101 failing calls made %d tries, want %d", tries, want)
		}
		down = false
		for range 25 {
			if err := start(c); err != nil {
				t.Fatal(err)
			}
		}
		down, tries = true, 0
		if _ = start(c); tries != 3 {
			t.Errorf("25 good calls earned %d tries, want 3", tries)
		}
	})
}

func TestTriesAndCallsEndInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tries := 0
		c := newThrough(func(r *http.Request) (*http.Response, error) {
			tries++
			<-r.Context().Done()
			return nil, r.Context().Err()
		})
		began := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), 15*time.Second)
		defer cancel()
		if _, err := c.Start(ctx, "rm_1"); !errors.Is(err, context.DeadlineExceeded) || time.Since(began) != 15*time.Second || tries != 2 {
			t.Errorf("%d tries in %v: %v", tries, time.Since(began), err)
		}
	})
}

func TestAURLThatIsNoneFailsTheCall(t *testing.T) {
	if err := start(New("http://bad host")); err == nil {
		t.Error("no error")
	}
}

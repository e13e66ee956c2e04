package mobileapi

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/grpc"

	"rostrum/internal/fault"
	"rostrum/internal/id"
	"rostrum/internal/token"
	accountv1 "rostrum/proto/rostrum/account/v1"
	listenerstatev1 "rostrum/proto/rostrum/listenerstate/v1"
	roomv1 "rostrum/proto/rostrum/room/v1"
	signalingv1 "rostrum/proto/rostrum/signaling/v1"
)

func TestConfigSaysAllThatIsWrong(t *testing.T) {
	err := Config{App: "No App", PublicURL: "rooms.example/path"}.Validate()
	for _, want := range []string{"four services", "access tokens", "app must be", "public_url"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q is missing in: %v", want, err)
		}
	}
	if _, err := New(Config{}); err == nil {
		t.Error("a gateway without anything was made")
	}
}

// lone is a catalogue without a network, for tests in virtual time.
type lone struct {
	roomv1.RoomsClient
	list func(context.Context) error
}

func (l lone) ListRooms(ctx context.Context, _ *roomv1.ListRoomsRequest, _ ...grpc.CallOption) (*roomv1.ListRoomsResponse, error) {
	return &roomv1.ListRoomsResponse{}, l.list(ctx)
}

func newLone(t *testing.T, list func(context.Context) error) (*Gateway, *buffer) {
	t.Helper()
	log := &buffer{}
	g, err := New(Config{
		Rooms: lone{list: list}, Accounts: accountv1.NewAccountsClient(nil), Stage: listenerstatev1.NewListenerStateClient(nil),
		Signaling: signalingv1.NewSignalingClient(nil), Tokens: token.AccessKeys{token.NewAccessKey()},
		Grants: token.NewVerifier(), Log: slog.New(slog.NewTextHandler(log, nil)), Metrics: prometheus.NewRegistry(), App: id.Main,
	})
	if err != nil {
		t.Fatal(err)
	}
	return g, log
}

func (g *Gateway) list(ctx context.Context) (int, fault.Code) {
	w := httptest.NewRecorder()
	g.Handler().ServeHTTP(w, httptest.NewRequestWithContext(ctx, "GET", "/v1/rooms", nil))
	if w.Code == http.StatusOK {
		return w.Code, ""
	}
	return w.Code, fault.ReadHTTP(w.Code, w.Body.Bytes()).Code
}

func untilDone(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }

func TestACallEndsInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g, _ := newLone(t, untilDone)
		began := time.Now()
		if status, code := g.list(t.Context()); status != 504 || code != fault.CodeTimeout || time.Since(began) != callTimeout {
			t.Errorf("answered %d %s after %v", status, code, time.Since(began))
		}
		g.Close()
	})
}

func TestWhoLeavesIsNoError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g, log := newLone(t, untilDone)
		gone, leave := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, leave)
		g.list(gone)
		if text := log.String(); !strings.Contains(text, "code=canceled") || strings.Contains(text, "level=ERROR") {
			t.Errorf("logged %s", text)
		}
		g.Close()
	})
}

func TestAPanicCostsOnlyItsCall(t *testing.T) {
	first := true
	g, log := newLone(t, func(context.Context) error {
		if first {
			first = false
			panic("broken")
		}
		return nil
	})
	if status, code := g.list(t.Context()); status != 500 || code != fault.CodeInternal {
		t.Errorf("answered %d %s", status, code)
	}
	if status, _ := g.list(t.Context()); status != 200 {
		t.Errorf("the next call answered %d", status)
	}
	if !strings.Contains(log.String(), "panic=broken") || !strings.Contains(log.String(), "stack=") {
		t.Errorf("logged %s", log.String())
	}
	g.Close()
}

func TestCloseEndsCallsAndWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g, _ := newLone(t, untilDone)
		answered := make(chan fault.Code, 1)
		go func() {
			_, code := g.list(t.Context())
			answered <- code
		}()
		synctest.Wait()
		g.Close()
		synctest.Wait()
		select {
		case code := <-answered:
			if code != fault.CodeUnavailable {
				t.Errorf("the call in flight ended as %s", code)
			}
		default:
			t.Error("Close did not wait for the call in flight")
		}
		if _, code := g.list(t.Context()); code != fault.CodeUnavailable {
			t.Errorf("a later call ended as %s", code)
		}
	})
}

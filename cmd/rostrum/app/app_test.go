package app

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"testing"
	"time"

	"go.uber.org/goleak"

	"rostrum/cmd/rostrum/config"
)

func testConfig(t *testing.T, address string) Config {
	return Config{
		Config: config.Config{
			Listen: config.Listen{HTTP: address}, Store: config.StoreBolt, Folder: t.TempDir(), Node: "test", Region: "local",
		},
		Roles: allRoles(), Embedded: true, Logger: slog.New(slog.DiscardHandler),
	}
}

func within(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

func TestAllRolesStartAndLeaveNothingBehind(t *testing.T) {
	defer goleak.VerifyNone(t)
	a, err := Start(t.Context(), testConfig(t, "127.0.0.1:0"))
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Ready(within(t)); err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Timeout: time.Minute, Transport: &http.Transport{DisableKeepAlives: true}}
	for path, status := range map[string]int{"/healthz": http.StatusOK, "/readyz": http.StatusOK, "/v1/rooms": http.StatusOK, "/v1/nothing": http.StatusNotFound} {
		answer, err := client.Get(a.LocalURL() + path)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, answer.Body)
		answer.Body.Close()
		if answer.StatusCode != status {
			t.Errorf("%s answers %s", path, answer.Status)
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), leaveTimeout)
	defer cancel()
	if err := a.Close(ctx); err != nil {
		t.Error(err)
	}
}

func TestAStartThatFailsLeavesNothingBehind(t *testing.T) {
	defer goleak.VerifyNone(t)
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	if a, err := Start(t.Context(), testConfig(t, taken.Addr().String())); err == nil {
		t.Errorf("started %v on an address that is in use", a.URL())
	}
}

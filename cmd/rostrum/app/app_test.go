package app

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
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
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
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
	client := &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
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

func TestKeysOutliveARestart(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "keys.json")
	if err := MakeKeys(path, ""); err != nil {
		t.Fatal(err)
	}
	made, err := loadKeys(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := MakeKeys(path, ""); !errors.Is(err, fs.ErrExist) {
		t.Errorf("keys were made over others: %v", err)
	}
	read, err := loadKeys(path)
	if err != nil || read.signer.Text() != made.signer.Text() || string(read.cursor) != string(made.cursor) || read.access[0].Text() != made.access[0].Text() {
		t.Errorf("the keys changed: %v", err)
	}
	if file, err := os.Stat(path); err != nil || file.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", file.Mode(), err)
	}
	if err := os.WriteFile(path, []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := loadKeys(path); err == nil {
		t.Error("a file without keys was read")
	}
}

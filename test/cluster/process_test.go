package cluster

import (
	"net"
	"path/filepath"
	"testing"

	"rostrum/internal/testkit"
)

// Whoever starts a process again right after it was killed needs its port.
func TestAProcessThatHasEndedHasGivenUpItsPort(t *testing.T) {
	address, folder := testkit.FreePort(t), t.TempDir()
	_, port, _ := net.SplitHostPort(address)
	p := &Process{Name: "redis", Probe: address, Log: filepath.Join(folder, "log"), Command: []string{
		"redis-server", "--port", port, "--bind", "127.0.0.1", "--dir", folder, "--save", "", "--set-proc-title", "no",
	}}
	t.Cleanup(func() {
		if err := p.Kill(); err != nil {
			t.Error(err)
		}
	})
	for i := range 20 {
		if err := p.Start(); err != nil {
			t.Fatal(err)
		}
		if err := p.Ready(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := p.Kill(); err != nil {
			t.Fatal(err)
		}
		taken, err := net.Listen("tcp", address)
		if err != nil {
			t.Fatalf("after life %d: %v", i, err)
		}
		taken.Close()
	}
}

package web

import (
	"context"
	"os"
	"os/exec"
	"testing"
	"time"
)

func TestChromiumListens(t *testing.T) {
	h := newHouse(t)
	t.Log(drive(t, "listen.mjs", h.URL))
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.acks == 0 {
		t.Error("nothing was acknowledged")
	}
}

func TestChromiumSpeaks(t *testing.T) { drive(t, "speak.mjs", newHouse(t).URL) }

func TestChromiumIsRehomed(t *testing.T) { drive(t, "rehomed.mjs", newHouse(t).URL) }

func TestChromiumRaisesAHand(t *testing.T) { t.Log(drive(t, "raise.mjs", newHouse(t).URL)) }

func TestChromiumModerates(t *testing.T) { drive(t, "moderate.mjs", newHouse(t).URL) }

func TestChromiumWithoutHTTPS(t *testing.T) { drive(t, "plain.mjs", newHouse(t).URL) }

func TestPagesAreReadable(t *testing.T) { drive(t, "pages.mjs", newHouse(t).URL) }

// TestShots takes pictures of every page for people to look at, where ROSTRUM_SHOTS names a folder.
func TestShots(t *testing.T) {
	if os.Getenv("ROSTRUM_SHOTS") == "" {
		t.Skip("ROSTRUM_SHOTS names no folder")
	}
	t.Log(drive(t, "shots.mjs", newHouse(t).URL), drive(t, "raised_shots.mjs", newHouse(t).URL))
}

// drive runs a script of test/browser with Chromium and answers what it printed.
func drive(t *testing.T, script string, arguments ...string) string {
	t.Helper()
	if testing.Short() {
		t.Skip("Chromium takes its time")
	}
	if _, err := os.Stat("node_modules/playwright-core"); err != nil {
		t.Skip("there is no playwright-core here: make deps installs it")
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	out, err := exec.CommandContext(ctx, "node", append([]string{"test/browser/" + script}, arguments...)...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", script, err, out)
	}
	return string(out)
}

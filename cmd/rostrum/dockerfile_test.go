package main

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"rostrum/cmd/rostrum/config"
)

// found is what a pattern's group finds in a file of the repository, each time.
func found(t *testing.T, file, pattern string) (all []string) {
	t.Helper()
	text, err := os.ReadFile("../../" + file)
	if err != nil {
		t.Fatal(err)
	}
	for _, match := range regexp.MustCompile(pattern).FindAllStringSubmatch(string(text), -1) {
		all = append(all, match[1])
	}
	if all == nil {
		t.Fatalf("%s has no %s", file, pattern)
	}
	return all
}

func TestTheImageIsBuiltWithTheGoOfTheModule(t *testing.T) {
	image, module := found(t, "Dockerfile", `FROM golang:([0-9.]+)-`)[0], found(t, "go.mod", `(?m)^go ([0-9]+\.[0-9]+)`)[0]
	if image != module {
		t.Errorf("Go %s, the module wants %s", image, module)
	}
}

func TestTheImageRunsAsItsUser(t *testing.T) {
	user := found(t, "Dockerfile", `(?m)^USER (.*)$`)[0]
	if owner := found(t, "Dockerfile", `--chown=(\S+)`)[0]; owner != user || strings.HasPrefix(user, "0") {
		t.Errorf("user %s, what is the process's belongs to %s", user, owner)
	}
	if named := found(t, "scripts/image", `'rostrum:x:(\d+:\d+):`)[0]; named != user {
		t.Errorf("user %s, /etc/passwd names %s", user, named)
	}
}

func TestTheImageSaysItsPorts(t *testing.T) {
	t.Setenv("ROSTRUM_CONFIG", "")
	c, err := config.Load(config.Source{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	said := strings.Fields(found(t, "Dockerfile", `(?m)^EXPOSE (.*)$`)[0])
	for _, address := range []string{c.Listen.HTTP, c.Listen.SFU} {
		if !slices.Contains(said, strings.TrimPrefix(address, ":")) {
			t.Errorf("%s is not among %q", address, said)
		}
	}
	for i, address := range []string{c.Listen.Room, c.Listen.ListenerState, c.Listen.Signaling, c.Listen.Account} {
		if want := []string{":7001", ":7002", ":7003", ":7004"}[i]; address != want || !slices.Contains(said, "7001-7004") {
			t.Errorf("%s is not among %q", address, said)
		}
	}
	if c.Listen.Media != 7881 || !slices.Contains(said, "7881/udp") || !slices.Contains(said, "7881/tcp") {
		t.Errorf("media %d is not among %q", c.Listen.Media, said)
	}
}

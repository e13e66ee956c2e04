package test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// made is the program that tests of processes run.
var made program

// program is ROSTRUM_BINARY where that names one; otherwise it is built once, into a folder that goes with the tests.
type program struct {
	once   sync.Once
	folder string // "": nothing was built
	path   string
	err    error
}

// TestMain removes the program that was built.
func TestMain(m *testing.M) {
	status := m.Run()
	if made.folder != "" {
		os.RemoveAll(made.folder)
	}
	os.Exit(status)
}

// rostrum answers the path of the program.
func rostrum(t testing.TB) string {
	t.Helper()
	if testing.Short() {
		t.Skip("starts processes; not with -short")
	}
	made.once.Do(func() {
		if made.path = os.Getenv("ROSTRUM_BINARY"); made.path != "" {
			made.path, made.err = filepath.Abs(made.path)
			return
		}
		made.err = made.build()
	})
	must(t, made.err)
	return made.path
}

// build does what `make build` does.
func (p *program) build() (err error) {
	if p.folder, err = os.MkdirTemp("", "rostrum-test-"); err != nil {
		return err
	}
	p.path = filepath.Join(p.folder, "rostrum")
	root, err := filepath.Abs("..")
	if err != nil {
		return err
	}
	command := exec.Command("go", "build", "-trimpath", "-o", p.path, "./cmd/rostrum")
	command.Dir = root
	command.Env = append(os.Environ(), "GOFLAGS=-tags=nolibopusfile", "PKG_CONFIG_PATH="+filepath.Join(root, "build/pkgconfig"), "CGO_ENABLED=1")
	if said, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("build the program: %w: %s", err, said)
	}
	return nil
}

// plainEnvironment is this process's, without what the program would take for its configuration, and with more.
func plainEnvironment(more ...string) []string {
	var all []string
	for _, entry := range os.Environ() {
		if !strings.HasPrefix(entry, "ROSTRUM_") {
			all = append(all, entry)
		}
	}
	return append(all, more...)
}

// outcome is what a program that ended has said, and how it ended.
type outcome struct {
	out, err string
	status   int // of its exit; -1: a signal ended it, also after patience
}

// run runs the program to its end.
func run(t testing.TB, environment []string, arguments ...string) outcome {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	command := exec.CommandContext(ctx, rostrum(t), arguments...)
	var out, err bytes.Buffer
	command.Env, command.Stdout, command.Stderr = environment, &out, &err
	_ = command.Run() // how it ended stands in its state
	if command.ProcessState == nil {
		t.Fatalf("rostrum %v was not started", arguments)
	}
	return outcome{out.String(), err.String(), command.ProcessState.ExitCode()}
}

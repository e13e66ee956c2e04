package load

import (
	"bufio"
	"context"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/alecthomas/kong"

	"rostrum/cmd/rostrum/app"
	"rostrum/internal/testkit"
)

// verbs are what the test's binary is when it is started as another process: the system, and a process that listens.
type verbs struct {
	Dev    app.Dev `cmd:""`
	Worker Worker  `cmd:"" name:"load-worker"`
}

func TestMain(m *testing.M) {
	if len(os.Args) < 2 || os.Args[1] != workerVerb && os.Args[1] != "dev" {
		os.Exit(m.Run())
	}
	var v verbs
	line := kong.Parse(&v)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	line.BindTo(ctx, (*context.Context)(nil))
	line.FatalIfErrorf(line.Run())
}

// startSystem starts the whole system in a process of its own and answers its URL.
func startSystem(t *testing.T) string {
	t.Helper()
	binary, err := os.Executable()
	must(t, err)
	command := exec.Command(binary, "dev", "--http", "127.0.0.1:0", "--udp", "0", "--no-demo", "--log", "error")
	command.Stderr = os.Stderr
	out, err := command.StdoutPipe()
	must(t, err)
	testkit.Start(t, command)
	ready := make(chan string, 1)
	go func() {
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			if url, found := strings.CutPrefix(lines.Text(), "ready "); found {
				ready <- url
			}
		}
		_, _ = io.Copy(io.Discard, out)
	}()
	select {
	case url := <-ready:
		return url
	case <-time.After(time.Minute):
		t.Fatal("the system is not ready after a minute")
	}
	return ""
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

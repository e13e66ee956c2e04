package app

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"rostrum/cmd/rostrum/config"
)

// saysEnv makes this test the process that says something. It is none of ours: unknown ones are refused.
const saysEnv = "SAYS_AS_PROCESS"

// TestEveryLineIsInTheConfiguredFormat runs an edge whose signaling is away, as a process: what libraries have to say to that
// comes out as what the edge says.
func TestEveryLineIsInTheConfiguredFormat(t *testing.T) {
	if os.Getenv(saysEnv) != "" {
		run := Run{Roles: []string{"edge"}, Flags: config.Flags{Set: []string{
			"log.format=json", "log.level=debug", "node=edge-1", "public_url=http://edge.test", "peers.signaling=127.0.0.1:1",
			"listen.http=127.0.0.1:0", "listen.operator=127.0.0.1:0",
		}}}
		if err := run.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		return
	}
	process := exec.CommandContext(within(t), os.Args[0], "-test.run=^"+t.Name()+"$", "-test.timeout=1m")
	for _, variable := range os.Environ() {
		if !strings.HasPrefix(variable, "ROSTRUM_") && !strings.HasPrefix(variable, "GRPC_") {
			process.Env = append(process.Env, variable)
		}
	}
	process.Env = append(process.Env, saysEnv+"=1")
	var failed bytes.Buffer // what the test says in that process
	process.Stdout, process.WaitDelay = &failed, 5*time.Second
	said, err := process.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := process.Start(); err != nil {
		t.Fatal(err)
	}
	end := func() {
		_ = process.Process.Kill()
		_ = process.Wait()
	}
	defer end()
	for lines := bufio.NewScanner(said); lines.Scan(); {
		var line struct{ Time, Level, Msg, Said string }
		if err := json.Unmarshal(lines.Bytes(), &line); err != nil || line.Time == "" {
			t.Fatalf("said in another form: %s", lines.Text())
		}
		if line.Msg == "grpc" && strings.Contains(line.Said, "failed to connect") {
			return
		}
	}
	end()
	t.Errorf("the process ended without saying that it could not connect: %s", &failed)
}

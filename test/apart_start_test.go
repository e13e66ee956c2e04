package test

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"rostrum/internal/testkit"
	processes "rostrum/test/cluster"
)

// TestEveryErrorOfAConfigurationIsSaid: a process with a bad configuration does not start, and says all that is wrong with it.
func TestEveryErrorOfAConfigurationIsSaid(t *testing.T) {
	file := filepath.Join(t.TempDir(), "rostrum.yaml")
	must(t, os.WriteFile(file, []byte(`region: Europe West
public_url: http://127.0.0.1:1
listen:
  http: 80
  metrics: ":9"
peers: {signaling: ["127.0.0.1:1"]}
log: {level: loud}
`), 0o600))
	for _, verb := range [][]string{{"run"}, {"config", "check"}} {
		arguments := append(verb, "edge", "--config", file, "--set", "limits.listeners=-1")
		ran := run(t, plainEnvironment(), arguments...)
		lines := strings.Split(strings.TrimSuffix(ran.err, "\n"), "\n")
		if ran.status != 1 || len(lines) != 6 || ran.out != "" || lines[0] != "rostrum: the configuration has 5 errors:" {
			t.Errorf("rostrum %v ends with %d and says %q and\n%s", arguments, ran.status, ran.out, ran.err)
			continue
		}
		for i, begin := range []string{file + ":1: region: ", file + ":4: listen.http: ", file + ":5: ", file + ":7: log.level: ", "--set limits.listeners: "} {
			if !strings.HasPrefix(lines[i+1], begin) {
				t.Errorf("rostrum %v says\n%s\nwhere it should begin with\n%s", arguments, lines[i+1], begin)
			}
		}
	}
	if ran := run(t, plainEnvironment(), "run", "edge", "--config", file+".missing"); ran.status != 1 || !strings.Contains(ran.err, file+".missing") {
		t.Errorf("without its file it ends with %d and says %q", ran.status, ran.err)
	}
}

// TestAPortInUseIsSaid: a process whose port another has ends, whichever port it is, and says what to do.
func TestAPortInUseIsSaid(t *testing.T) {
	t.Parallel()
	stream, err := net.Listen("tcp", ":0")
	must(t, err)
	t.Cleanup(func() { stream.Close() })
	packets, err := net.ListenPacket("udp", ":0")
	must(t, err)
	t.Cleanup(func() { packets.Close() })
	_, tcp, _ := net.SplitHostPort(stream.Addr().String())
	_, udp, _ := net.SplitHostPort(packets.LocalAddr().String())
	keys := filepath.Join(t.TempDir(), "keys.json")
	if ran := run(t, plainEnvironment(), "setup", "keys", keys); ran.status != 0 {
		t.Fatal(ran.err)
	}
	for _, c := range []struct{ name, port, arguments string }{
		{"the public door", tcp, "run edge public_url=http://127.0.0.1:1 peers.signaling=127.0.0.1:1 listen.http=127.0.0.1:" + tcp},
		{"the operator's door", tcp, "run edge public_url=http://127.0.0.1:1 peers.signaling=127.0.0.1:1 listen.http=127.0.0.1:0 listen.operator=127.0.0.1:" + tcp},
		{"gRPC", tcp, "run room store=bolt folder=" + t.TempDir() + " keys.file=" + keys + " peers.listenerstate=127.0.0.1:1 listen.room=127.0.0.1:" + tcp},
		{"media, UDP", udp, "run sfu peers.listenerstate=127.0.0.1:1 peers.signaling=127.0.0.1:1 listen.sfu=127.0.0.1:0 listen.media=" + udp},
		{"media, TCP", tcp, "run sfu peers.listenerstate=127.0.0.1:1 peers.signaling=127.0.0.1:1 listen.sfu=127.0.0.1:0 listen.media=" + tcp},
		{"all roles, public door", tcp, "dev --no-demo --udp 0 --http 127.0.0.1:" + tcp},
		{"all roles, media", udp, "dev --no-demo --http 127.0.0.1:0 --udp " + udp},
	} {
		t.Run(c.name, func(t *testing.T) {
			var arguments []string
			for i, word := range strings.Fields(c.arguments) {
				if strings.HasPrefix(c.arguments, "run") && i >= 2 {
					arguments = append(arguments, "--set")
				}
				arguments = append(arguments, word)
			}
			if arguments[0] == "run" && !strings.Contains(c.arguments, "listen.operator") {
				arguments = append(arguments, "--set", "listen.operator=127.0.0.1:0")
			}
			ran := run(t, plainEnvironment(), arguments...)
			said := lastLine(ran.err)
			if ran.status != 1 || !strings.HasPrefix(said, "rostrum: ") || !strings.Contains(said, ":"+c.port) || !strings.Contains(said, "another process has the port") {
				t.Errorf("it ends with %d and says\n%s", ran.status, ran.err)
			}
			if strings.Contains(ran.out, "ready") {
				t.Errorf("it said %q", ran.out)
			}
		})
	}
}

func lastLine(text string) string {
	text = strings.TrimSuffix(text, "\n")
	return text[strings.LastIndexByte(text, '\n')+1:]
}

// TestStoresMayComeLater starts control roles before their stores are there: they say what they wait for, and are ready
// once they have it.
func TestStoresMayComeLater(t *testing.T) {
	t.Parallel()
	redis, dynalite := testkit.RedisServer(t), testkit.DynaliteOnDisk(t, t.TempDir())
	redis.Kill()
	dynalite.Stop()
	folder, ports := t.TempDir(), portsOf(t)
	keys := filepath.Join(folder, "keys.json")
	if ran := run(t, plainEnvironment(), "setup", "keys", keys); ran.status != 0 {
		t.Fatal(ran.err)
	}
	tables := []string{
		"--set", "dynamo.endpoint=" + dynalite.Endpoint, "--set", "dynamo.region=local", "--set", "dynamo.access_key=x", "--set", "dynamo.secret_key=x",
	}
	p := &processes.Process{Name: "control", Operator: ports("operator"), Log: filepath.Join(folder, "control.log")}
	p.Command = append([]string{rostrum(t), "run", "room,listenerstate,account,signaling", "--set", "keys.file=" + keys, "--set", "redis.addresses=" + redis.Address}, tables...)
	for _, of := range []string{"room", "listenerstate", "account", "signaling", "operator"} {
		p.Command = append(p.Command, "--set", "listen."+of+"="+ports(of))
	}
	startProcess(t, p)

	waits(t, p, "redis: ", "dynamo: ")
	redis.Start(t)
	waits(t, p, "dynamo: ")
	dynalite.Start()
	waits(t, p, "dynamo: ", "rostrum setup tables")
	if log := logOf(p); strings.Contains(log, "ready ") {
		t.Errorf("it says that it is ready:\n%s", log)
	}
	if ran := run(t, plainEnvironment(), append([]string{"setup", "tables"}, tables...)...); ran.status != 0 {
		t.Fatal(ran.err)
	}
	came := time.Now()
	must(t, p.Ready(bounded(t)))
	var log string
	for _, line := range []string{
		`msg="waiting for what is needed" need=redis`, `msg="waiting for what is needed" need=dynamo`,
		`msg="what was waited for is there" need=redis`, `msg="what was waited for is there" need=dynamo`, "ready room+listenerstate+account+signaling",
	} {
		testkit.Eventually(t, patience, func() error { // it logs that it is ready when it is
			if log = logOf(p); !strings.Contains(log, line) {
				return fmt.Errorf("its log lacks %q:\n%s", line, log)
			}
			return nil
		})
	}
	report(t, "stores that come later", map[string]any{"ready_after_ms": time.Since(came).Milliseconds(), "log_lines": strings.Count(log, "\n")})
}

// startProcess starts a process beside a system, and stops it after the test.
func startProcess(t *testing.T, p *processes.Process) {
	t.Helper()
	must(t, p.Start())
	t.Cleanup(func() {
		if err := p.Leave(patience); err != nil {
			t.Error(err)
		}
		if t.Failed() {
			t.Logf("%s logged\n%s", p.Name, lastLines(p.Log, 30))
		}
	})
}

// waits waits until a process says just what it waits for: a line each that holds the text, further ones within them.
func waits(t *testing.T, p *processes.Process, texts ...string) {
	t.Helper()
	testkit.Eventually(t, patience, func() error {
		if !p.Lives() {
			t.Fatalf("%s has ended", p.Name)
		}
		said, status, err := asked(p.Operator, "/readyz")
		if err != nil {
			return err
		}
		lines := 0
		for _, text := range texts {
			if strings.HasSuffix(text, ": ") {
				lines++
			}
			if !strings.Contains(said, text) {
				return fmt.Errorf("it waits for\n%s\nwithout %q", said, text)
			}
		}
		if status != http.StatusServiceUnavailable || strings.Count(said, "\n") != lines {
			return fmt.Errorf("it answers %d and waits for\n%s", status, said)
		}
		return nil
	})
}

package load

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kong"
)

// asked reads a command line.
func asked(t *testing.T, line ...string) (*Load, error) {
	t.Helper()
	var l Load
	parser, err := kong.New(&l)
	must(t, err)
	_, err = parser.Parse(line)
	return &l, err
}

func TestThePlanOfACommandLine(t *testing.T) {
	l, err := asked(t, "--listeners", "17000", "--ledger", "http://127.0.0.1:7090/,http://127.0.0.1:7091", "--pid", "sfu-1=12,edge-1=34,edge-1=35")
	must(t, err)
	p, err := l.plan()
	must(t, err)
	if p.processes != 3 || p.identities != 50 || len(p.sources) != 16 || p.duration != time.Minute || p.speakers != 3 || p.joins != 200 ||
		fmt.Sprint(p.ledgers) != "[http://127.0.0.1:7090 http://127.0.0.1:7091]" || fmt.Sprint(p.pids) != "map[edge-1:[34 35] sfu-1:[12]]" {
		t.Errorf("%+v", p)
	}
}

func TestEverythingThatIsWrongIsSaid(t *testing.T) {
	l, err := asked(t, "--url", "ftp://x", "--room", "rm_x", "--rooms", "0", "--speakers=-1", "--listeners", "0", "--duration", "0s",
		"--joins", "0", "--processes=-1", "--sources", "127.0.0.9-127.0.0.1", "--cadence", "1", "--silence", "1ms", "--sample=-1",
		"--ledger", "x", "--pid", "sfu", "--pids", "/nowhere")
	must(t, err)
	_, err = l.plan()
	for _, word := range []string{
		"ftp://x", "--room", "--rooms", "--speakers", "--listeners", "--duration", "--joins", "--processes", "--sources", "--cadence",
		"--silence", "--sample", `"x" is not`, `"sfu" is not`, "/nowhere",
	} {
		if err == nil || !strings.Contains(err.Error(), word) {
			t.Errorf("nothing is said of %s: %v", word, err)
		}
	}
}

func TestSources(t *testing.T) {
	for _, c := range []struct{ text, target, want string }{
		{"", "http://127.0.0.1:1", "16 127.0.0.1 127.0.0.16"},
		{"", "http://rooms.example", "0"},
		{"", "http://[::1]:1", "0"},
		{"10.0.0.254-10.0.1.1", "http://rooms.example", "4 10.0.0.254 10.0.1.1"},
		{"10.0.0.3", "http://rooms.example", "1 10.0.0.3 10.0.0.3"},
		{"x", "http://rooms.example", "error"},
		{"10.0.0.3-x", "http://rooms.example", "error"},
		{"10.0.0.3-::1", "http://rooms.example", "error"},
		{"10.0.0.0-10.1.0.0", "http://rooms.example", "error"},
	} {
		target, err := url.Parse(c.target)
		must(t, err)
		got, err := readSources(c.text, target)
		text := fmt.Sprint(len(got))
		if err != nil {
			text = "error"
		} else if len(got) > 0 {
			text = fmt.Sprint(len(got), " ", got[0], " ", got[len(got)-1])
		}
		if text != c.want {
			t.Errorf("%q to %s: %s, want %s", c.text, c.target, text, c.want)
		}
	}
}

func TestProcessesByName(t *testing.T) {
	got, err := readPIDs("sfu-1=12\n edge-1 34 # the first\n\n# none\nedge-1\t35\r\n")
	if err != nil || fmt.Sprint(got) != "map[edge-1:[34 35] sfu-1:[12]]" {
		t.Errorf("%v, %v", got, err)
	}
	for _, bad := range []string{"sfu", "sfu=x", "sfu=0", "a=1=2"} {
		if _, err := readPIDs(bad); err == nil {
			t.Errorf("%q is read", bad)
		}
	}
}

// A server that is killed and started again goes on under its name; what it had used before the run does not count.
func TestCostsFollowAServerOverItsLives(t *testing.T) {
	root, file := t.TempDir(), filepath.Join(t.TempDir(), "pids")
	write := func(pid int, ticks, kilobytes int) {
		must(t, os.MkdirAll(filepath.Join(root, fmt.Sprint(pid)), 0o755))
		stat := fmt.Sprintf("%d (a) b) S 1 1 1 0 -1 0 0 0 0 0 %d %d 0 0 20 0 9 0 1 1 1\n", pid, ticks, ticks)
		must(t, os.WriteFile(filepath.Join(root, fmt.Sprint(pid), "stat"), []byte(stat), 0o644))
		status := fmt.Sprintf("Name:\ta\nVmHWM:\t %d kB\nVmRSS:\t %d kB\n", 2*kilobytes, kilobytes)
		must(t, os.WriteFile(filepath.Join(root, fmt.Sprint(pid), "status"), []byte(status), 0o644))
	}
	c := newCosts(map[string][]int{"gone": {99}}, file)
	c.root = root
	must(t, os.WriteFile(file, []byte("sfu-1=7\n"), 0o644))
	write(7, 100, 1000)
	c.look()
	if u := c.now["sfu-1"]; u.cpu != 0 || u.rss != 1000<<10 || u.peak != 2000<<10 {
		t.Errorf("%+v", u)
	}
	write(7, 150, 500)
	c.look()
	must(t, os.RemoveAll(filepath.Join(root, "7")))
	must(t, os.WriteFile(file, []byte("sfu-1=8\n"), 0o644))
	write(8, 25, 100)
	c.look()
	if u := c.now["sfu-1"]; u.cpu != 1500*time.Millisecond || u.rss != 100<<10 || u.peak != 2000<<10 {
		t.Errorf("%+v", u)
	}
	must(t, os.WriteFile(file, []byte("half a li"), 0o644))
	c.look()
	if u := c.now["gone"]; u.cpu != 0 {
		t.Errorf("%+v", u)
	}
}

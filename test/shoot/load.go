package shoot

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"rostrum/cmd/rostrum/report"
)

// heard is what `rostrum load` found, as far as it matters here.
type heard struct {
	Listeners   int                `json:"listeners_that_heard"`
	Expected    uint64             `json:"batches_expected"`
	Lost        uint64             `json:"lost"`
	Corrupt     uint64             `json:"corrupt"`
	Repeated    uint64             `json:"repeated"`
	TwoContents uint64             `json:"two_contents"`
	Reconnected uint64             `json:"listeners_reconnected"`
	SentAway    uint64             `json:"listeners_sent_away"`
	GapNumbers  uint64             `json:"gap_numbers_made"`
	GapSeconds  map[string]float64 `json:"gap_seconds"`
	Lateness    report.Quantiles   `json:"lateness_seconds"`
	JoinToAudio report.Quantiles   `json:"join_to_audio_seconds"`
	Silence     float64            `json:"speaker_longest_silence_seconds"`
	Costs       []cost             `json:"costs"`
	Broken      []string           `json:"broken"`
}

// cost is what a process used.
type cost struct {
	Name  string  `json:"name"`
	CPU   float64 `json:"cpu_seconds"`
	Cores float64 `json:"cores"`
	Peak  uint64  `json:"peak_rss_bytes"`
}

// load is a running `rostrum load`.
type load struct {
	command *exec.Cmd
	steady  chan struct{} // closed when every listener has set out
	result  chan heard    // holds the outcome once it has ended
	ended   chan error
}

// startLoad begins to listen and speak; it goes on until end.
func startLoad(ctx context.Context, cfg Config, ledgers []string, progress io.Writer) (*load, error) {
	l := &load{steady: make(chan struct{}), result: make(chan heard, 1), ended: make(chan error, 1)}
	l.command = exec.CommandContext(ctx, cfg.Binary, "load", "--url", cfg.Cluster.URL, "--listeners", fmt.Sprint(cfg.Listeners),
		"--speakers", fmt.Sprint(cfg.Speakers), "--joins", fmt.Sprint(max(50, cfg.Listeners/10)), "--duration", "30m",
		"--ledger", strings.Join(ledgers, ","), "--silence", "10s", "--pids", cfg.Cluster.PIDs(), "--cadence", fmt.Sprint(cfg.Cadence.Milliseconds()))
	l.command.Cancel = func() error { return l.command.Process.Signal(syscall.SIGINT) }
	l.command.WaitDelay = 30 * time.Second
	for _, entry := range os.Environ() {
		if !strings.HasPrefix(entry, "ROSTRUM_") {
			l.command.Env = append(l.command.Env, entry)
		}
	}
	out, err := l.command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	said, err := l.command.StderrPipe()
	if err != nil {
		return nil, err
	}
	if err := l.command.Start(); err != nil {
		return nil, fmt.Errorf("start the load: %w", err)
	}
	finished := make(chan struct{}, 2)
	go func() { l.readProgress(said, cfg.Listeners, progress); finished <- struct{}{} }()
	go func() { l.readResult(out); finished <- struct{}{} }()
	go func() {
		<-finished
		<-finished
		l.ended <- l.command.Wait()
	}()
	return l, nil
}

// readProgress passes on what is said, and notices when all listen.
func (l *load) readProgress(from io.Reader, listeners int, to io.Writer) {
	all := fmt.Sprintf("listeners %d/%d", listeners, listeners)
	lines, steady := bufio.NewScanner(from), false
	for lines.Scan() {
		fmt.Fprintln(to, lines.Text())
		if !steady && strings.Contains(lines.Text(), all) {
			steady = true
			close(l.steady)
		}
	}
}

func (l *load) readResult(from io.Reader) {
	lines := bufio.NewScanner(from)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		text, found := strings.CutPrefix(lines.Text(), report.Mark)
		if !found {
			continue
		}
		var h heard
		if err := json.Unmarshal([]byte(text), &h); err == nil {
			l.result <- h
		}
	}
}

// wait waits until every listener listens.
func (l *load) wait(ctx context.Context) error {
	select {
	case <-l.steady:
		return nil
	case err := <-l.ended:
		return fmt.Errorf("the load ended early: %w", err)
	case <-ctx.Done():
		return ctx.Err()
	}
}

// end stops the load and answers what it found.
func (l *load) end() (heard, error) {
	if err := l.command.Process.Signal(syscall.SIGINT); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return heard{}, fmt.Errorf("stop the load: %w", err)
	}
	select {
	case err := <-l.ended:
		select {
		case h := <-l.result:
			return h, nil // that it broke an invariant stands in it
		default:
			return heard{}, fmt.Errorf("the load said nothing: %w", err)
		}
	case <-time.After(time.Minute):
		_ = l.command.Process.Kill()
		return heard{}, errors.New("the load does not end")
	}
}

package load

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"time"
)

// stopWithin is how long a process may take to tell its last news.
const stopWithin = 15 * time.Second

// process is another process of this program, that listens.
type process struct {
	name    string
	command *exec.Cmd
	in      io.WriteCloser
	told    func(*process, news)
	running sync.WaitGroup
	ended   chan struct{} // closed when it has told its last news, or failed
	err     error         // after ended
}

// startProcess gives a job to a new process. told is called with its news, from one goroutine.
func startProcess(name string, j job, stderr io.Writer, told func(*process, news)) (*process, error) {
	binary, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find this program: %w", err)
	}
	command := exec.Command(binary, workerVerb)
	command.Stderr = stderr
	command.SysProcAttr = apart()
	in, err := command.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("start a process: %w", err)
	}
	out, err := command.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("start a process: %w", err)
	}
	if err := command.Start(); err != nil {
		return nil, fmt.Errorf("start a process: %w", err)
	}
	p := &process{name: name, command: command, in: in, told: told, ended: make(chan struct{})}
	p.running.Go(func() {
		defer close(p.ended)
		p.err = errors.Join(p.read(out), command.Wait())
	})
	if err := json.NewEncoder(in).Encode(j); err != nil {
		return nil, errors.Join(fmt.Errorf("give a process its job: %w", err), p.kill())
	}
	return p, nil
}

// read passes news on until the last.
func (p *process) read(out io.Reader) error {
	lines := bufio.NewScanner(out)
	lines.Buffer(make([]byte, 0, 64<<10), maxLine)
	last := false
	for lines.Scan() {
		var n news
		if err := json.Unmarshal(lines.Bytes(), &n); err != nil {
			return fmt.Errorf("%s: read its news: %w", p.name, err)
		}
		last = n.Last
		p.told(p, n)
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("%s: read its news: %w", p.name, err)
	}
	if !last {
		return fmt.Errorf("%s ended before its time", p.name)
	}
	return nil
}

func (p *process) pid() int { return p.command.Process.Pid }

// stop asks for the last news and waits for it.
func (p *process) stop() error {
	_ = p.in.Close() // fails where the process has ended
	select {
	case <-p.ended:
		p.running.Wait()
		return p.err
	case <-time.After(stopWithin):
		return errors.Join(fmt.Errorf("%s did not end in %v", p.name, stopWithin), p.kill())
	}
}

func (p *process) kill() error {
	err := p.command.Process.Kill()
	if errors.Is(err, os.ErrProcessDone) {
		err = nil
	}
	p.running.Wait()
	return err
}

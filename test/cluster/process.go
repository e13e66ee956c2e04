package cluster

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// Process is one of a system's processes. It outlives the one that started it.
type Process struct {
	Name     string   `json:"name"`
	PID      int      `json:"pid"`
	Command  []string `json:"command"`
	Log      string   `json:"log"`
	Operator string   `json:"operator,omitempty"` // host:port of a role's operator's door
	Probe    string   `json:"probe,omitempty"`    // host:port that a store answers on
	// Namespace is the network namespace that the process is in; "": that of whoever starts it.
	Namespace string `json:"namespace,omitempty"`
	ReadyMS   int64  `json:"ready_ms"` // from start to ready, the last time

	began time.Time
}

// Start starts the process, also after it was killed: with the same command, to the end of the same log.
func (p *Process) Start() error {
	log, err := os.OpenFile(p.Log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("open the log of %s: %w", p.Name, err)
	}
	defer log.Close()
	words := p.Command
	if p.Namespace != "" { // which then becomes the command itself
		words = append([]string{"ip", "netns", "exec", p.Namespace}, words...)
	}
	command := exec.Command(words[0], words[1:]...)
	command.Stdout, command.Stderr = log, log
	command.Env = environment()
	command.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	p.began = time.Now()
	if err := command.Start(); err != nil {
		return fmt.Errorf("start %s: %w", p.Name, err)
	}
	p.PID = command.Process.Pid
	go command.Wait() // so that it is gone when it has ended, while this process lives
	return nil
}

// environment is this process's, without what would be taken for configuration.
func environment() (all []string) {
	for _, entry := range os.Environ() {
		if !strings.HasPrefix(entry, "ROSTRUM_") {
			all = append(all, entry)
		}
	}
	return all
}

// Ready waits until the process has all that it needs.
func (p *Process) Ready(ctx context.Context) error {
	for {
		err := p.look(ctx)
		if err == nil {
			p.ReadyMS = time.Since(p.began).Milliseconds()
			return nil
		}
		if !p.Lives() {
			return fmt.Errorf("%s has ended; its log is %s", p.Name, p.Log)
		}
		select {
		case <-time.After(5 * time.Millisecond):
		case <-ctx.Done():
			return fmt.Errorf("%s is not ready: %w; its log is %s", p.Name, err, p.Log)
		}
	}
}

func (p *Process) look(ctx context.Context) error {
	if p.Operator == "" {
		conn, err := (&net.Dialer{Timeout: time.Second}).DialContext(ctx, "tcp", p.Probe)
		if err == nil {
			conn.Close()
		}
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+p.Operator+"/readyz", nil)
	if err != nil {
		return err
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(io.LimitReader(answer.Body, 4096))
	if err == nil && answer.StatusCode != http.StatusOK {
		err = errors.New(strings.TrimSpace(string(text)))
	}
	return err
}

// Lives says whether the process runs, and is still the one that was started.
func (p *Process) Lives() bool {
	if p.PID <= 0 {
		return false
	}
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", p.PID))
	if err == nil && len(text) == 0 { // it is a zombie, or about to become the command
		return !p.isZombie()
	}
	return err == nil && strings.HasSuffix(string(text), strings.Join(p.Command, "\x00")+"\x00") // behind `ip netns exec` at first
}

func (p *Process) isZombie() bool {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.PID))
	if err != nil {
		return true
	}
	_, state, _ := strings.Cut(string(text), ") ") // proc(5)
	return strings.HasPrefix(state, "Z") || strings.HasPrefix(state, "X")
}

// Kill ends the process at once (SIGKILL).
func (p *Process) Kill() error { return p.end(syscall.SIGKILL, leaveWithin) }

// Freeze stops the process where it is (SIGSTOP), Thaw lets it go on.
func (p *Process) Freeze() error { return p.signal(syscall.SIGSTOP) }

// Thaw lets a frozen process go on (SIGCONT).
func (p *Process) Thaw() error { return p.signal(syscall.SIGCONT) }

// Leave asks the process to leave (SIGTERM); after a time it is made to. One that is gone is no error.
func (p *Process) Leave(within time.Duration) error {
	if err := p.end(syscall.SIGTERM, within); err != nil {
		return errors.Join(err, p.Kill())
	}
	return nil
}

func (p *Process) end(how syscall.Signal, within time.Duration) error {
	if err := p.signal(how); err != nil {
		return err
	}
	for deadline := time.Now().Add(within); p.Lives() || leaving(p.PID); {
		if time.Now().After(deadline) {
			return fmt.Errorf("%s did not end within %v of %v", p.Name, within, how)
		}
		time.Sleep(5 * time.Millisecond)
	}
	return nil
}

// leaving says whether a process has given up its memory, and with it what /proc says of its command, but perhaps not its
// ports yet: these it keeps until its last thread has ended.
func leaving(pid int) bool {
	of := fmt.Sprintf("/proc/%d/", pid)
	command, err := os.ReadFile(of + "cmdline")
	if err != nil || len(command) > 0 { // gone, or another process by now
		return false
	}
	threads, _ := os.ReadDir(of + "task")
	state, _ := os.ReadFile(of + "stat")
	_, state, _ = bytes.Cut(state, []byte(") "))
	return len(threads) > 1 || len(threads) == 1 && !bytes.HasPrefix(state, []byte("Z"))
}

func (p *Process) signal(s syscall.Signal) error {
	if !p.Lives() {
		return nil
	}
	if err := syscall.Kill(p.PID, s); err != nil && !errors.Is(err, syscall.ESRCH) {
		return fmt.Errorf("signal %s: %w", p.Name, err)
	}
	return nil
}

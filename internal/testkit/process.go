package testkit

import (
	"errors"
	"fmt"
	"os/exec"
	"syscall"
	"testing"
	"time"
)

const leaveWithin = 30 * time.Second

// Process is a program that a test runs.
type Process struct {
	command *exec.Cmd
	ended   chan struct{} // closed when it has
	err     error         // how; after ended
}

// errStayed says that a program had to be made to leave.
var errStayed = errors.New("it did not leave in time")

// Start runs a program until the test is over: first asked to leave, after a while made to.
func Start(t testing.TB, command *exec.Cmd) *Process {
	t.Helper()
	p, err := launch(command)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Leave(leaveWithin); errors.Is(err, errStayed) {
			t.Errorf("stop %s: %v", command.Path, err)
		}
	})
	return p
}

func launch(command *exec.Cmd) (*Process, error) {
	if err := command.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", command.Path, err)
	}
	p := &Process{command: command, ended: make(chan struct{})}
	go func() {
		defer close(p.ended)
		p.err = command.Wait()
	}()
	return p, nil
}

// Kill ends the program with SIGKILL, as a loss of power would, and waits until it is gone.
func (p *Process) Kill() {
	_ = p.command.Process.Kill() // fails where it has left already
	<-p.ended
}

// Leave asks the program to leave with SIGTERM and waits; after the time given it is made to. The error is that of its exit
// status. A program that has left already answers the same again.
func (p *Process) Leave(within time.Duration) error {
	_ = p.command.Process.Signal(syscall.SIGTERM) // fails where it has left already
	select {
	case <-p.ended:
		return p.err
	case <-time.After(within):
		err := p.command.Process.Kill()
		<-p.ended
		return errors.Join(fmt.Errorf("%w: %v after SIGTERM", errStayed, within), err)
	}
}

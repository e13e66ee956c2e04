package test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os/exec"
	"testing"
	"time"
)

// performance is a script of test/browser that prints JSON and waits for lines.
type performance struct {
	t          *testing.T
	in         io.Writer
	out        *json.Decoder
	complaints bytes.Buffer
	command    *exec.Cmd
}

func perform(t *testing.T, within time.Duration, script string, arguments ...string) *performance {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), within)
	p := &performance{t: t, command: exec.CommandContext(ctx, "node", append([]string{"browser/" + script}, arguments...)...)}
	p.command.Stderr = &p.complaints
	in, err := p.command.StdinPipe()
	must(t, err)
	out, err := p.command.StdoutPipe()
	must(t, err)
	p.in, p.out = in, json.NewDecoder(out)
	must(t, p.command.Start())
	t.Cleanup(func() {
		in.Close()
		_ = p.command.Wait() // what went wrong was told by hear
		cancel()
	})
	return p
}

// hear reads what the script prints next.
func (p *performance) hear(into any) {
	p.t.Helper()
	if err := p.out.Decode(into); err != nil {
		_ = p.command.Wait()
		p.t.Fatalf("the script: %v\n%s", err, &p.complaints)
	}
}

func (p *performance) say(line string) {
	p.t.Helper()
	_, err := fmt.Fprintln(p.in, line)
	must(p.t, err)
}

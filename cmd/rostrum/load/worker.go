package load

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"
)

const (
	// workerVerb is the command of a process that listens.
	workerVerb = "load-worker"
	// newsEvery is how often a process says what it met.
	newsEvery = time.Second
	// maxLine bounds a line between processes.
	maxLine = 64 << 20
)

// Worker is the hidden command of a process that listens for `rostrum load`.
type Worker struct{}

// Run does the job on standard input and answers on standard output.
func (*Worker) Run(ctx context.Context) error { return work(ctx, os.Stdin, os.Stdout) }

// work listens until in says that it is over, ends, or ctx does.
func work(ctx context.Context, in io.Reader, out io.Writer) error {
	lines := bufio.NewScanner(in)
	lines.Buffer(make([]byte, 0, 64<<10), maxLine)
	if !lines.Scan() {
		return errors.Join(errors.New("no job came"), lines.Err())
	}
	var j job
	if err := json.Unmarshal(lines.Bytes(), &j); err != nil {
		return fmt.Errorf("read the job: %w", err)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() { // ends with the process that gave the job
		lines.Scan()
		cancel()
	}()
	t, told := newTally(), json.NewEncoder(out)
	crowd, err := newCrowd(j, t)
	if err != nil {
		return err
	}
	var running sync.WaitGroup
	running.Go(func() { crowd.run(ctx) })
	ticker := time.NewTicker(newsEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			if err := told.Encode(t.tell()); err != nil {
				cancel()
				running.Wait()
				return fmt.Errorf("tell the news: %w", err)
			}
		case <-ctx.Done():
			running.Wait()
			last := t.tell()
			last.Last = true
			return told.Encode(last)
		}
	}
}

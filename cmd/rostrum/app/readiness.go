package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// readinessTimeout bounds the question and its answer.
const readinessTimeout = 2 * time.Second

// Readiness asks a process whether it is ready, for those that start it and have no other means: an image with nothing
// else in it.
type Readiness struct {
	Operator string `arg:"" optional:"" default:"127.0.0.1:7090" help:"Its operator's door, host:port."`
}

// Run prints the answer of /readyz, or fails with what is waited for.
func (r *Readiness) Run(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, readinessTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+r.Operator+"/readyz", nil)
	if err != nil {
		return err
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return fmt.Errorf("ask the operator's door: %w", err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(io.LimitReader(answer.Body, 64<<10))
	if err != nil {
		return fmt.Errorf("read the answer of the operator's door: %w", err)
	}
	said := strings.TrimSpace(string(text))
	if answer.StatusCode != http.StatusOK {
		return errors.New("not ready: " + said)
	}
	fmt.Println(said)
	return nil
}

package app

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"rostrum/internal/dynamo"
	"rostrum/internal/obs"
)

// readyz is what the operator's door says: what is waited for, and the status.
func (a *App) readyz() (string, int) {
	answer := httptest.NewRecorder()
	obs.Handler(a.about(), a.registry, &a.ready).ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/readyz", nil))
	return answer.Body.String(), answer.Code
}

func TestWhatIsMissingIsSaidOnceForEachReason(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		a := newApp(Config{Logger: slog.New(slog.NewTextHandler(&log, nil))})
		answers := []error{errors.New("it sleeps"), errors.New("it sleeps"), errors.New("it dreams"), errors.New("it dreams"), nil}
		asked := make(chan int)
		tries := 0
		a.need("store", func(context.Context) error {
			asked <- tries
			tries++
			return answers[tries-1]
		})
		for range 4 {
			<-asked
		}
		synctest.Wait()
		if said, status := a.readyz(); status != http.StatusServiceUnavailable || said != "store: it dreams\n" {
			t.Errorf("it answers %d, %q", status, said)
		}
		<-asked
		if err := a.Ready(t.Context()); err != nil {
			t.Error(err)
		}
		if said, status := a.readyz(); status != http.StatusOK || said != "ready\n" {
			t.Errorf("then it answers %d, %q", status, said)
		}
		for text, times := range map[string]int{"it sleeps": 1, "it dreams": 1, "what was waited for is there": 1} {
			if n := strings.Count(log.String(), text); n != times {
				t.Errorf("%q is said %d times:\n%s", text, n, &log)
			}
		}
		if err := a.Close(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// A process that is stopped while it waits does not wait on, and is not ready.
func TestWaitingEndsWithTheProcess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newApp(Config{Logger: slog.New(slog.DiscardHandler)})
		a.need("store", func(ctx context.Context) error {
			<-ctx.Done()
			return ctx.Err()
		})
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if err := a.Ready(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("ready: %v", err)
		}
		begun := time.Now()
		if err := a.Close(t.Context()); err != nil || time.Since(begun) > needTimeout {
			t.Errorf("closing took %v, %v", time.Since(begun), err)
		}
	})
}

func TestMissingTablesAreToldInOneLineWithAdvice(t *testing.T) {
	err := advised(fmt.Errorf("%w:\ntable a is missing\ntable b is missing", dynamo.ErrTables))
	if text := err.Error(); strings.Contains(text, "\n") || !strings.Contains(text, "table a is missing; table b is missing") || !strings.Contains(text, "rostrum setup tables") {
		t.Errorf("it says %q", text)
	}
	if other := errors.New("refused"); advised(other) != other || advised(nil) != nil {
		t.Error("another error was changed")
	}
}

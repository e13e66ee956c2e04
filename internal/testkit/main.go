package testkit

import (
	"fmt"
	"os"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// endWithin is how long goroutines may take to end after the last test.
const endWithin = 30 * time.Second

// Main runs a package's tests, lets go of what they share, and exits. It fails where they leave goroutines behind.
func Main(m *testing.M, release ...func()) {
	code := m.Run()
	for _, each := range release {
		each()
	}
	if code == 0 {
		if err := leaks(time.Now().Add(endWithin)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	os.Exit(code)
}

// leaks answers which goroutines are left. One look is not enough: it waits for half a second, which a busy machine may
// have no part of for those that are ending.
func leaks(deadline time.Time) error {
	for {
		err := goleak.Find()
		if err == nil || time.Now().After(deadline) {
			return err
		}
	}
}

// Package testkit owns what tests of several packages need: waiting for a condition, real servers on free ports, and
// measures of sound.
package testkit

import (
	"testing"
	"time"
)

// Eventually calls try until it answers nil, and fails the test with its last error after the time given.
func Eventually(t testing.TB, within time.Duration, try func() error) {
	t.Helper()
	deadline := time.Now().Add(within)
	for {
		err := try()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("not within %v: %v", within, err)
		}
		<-time.After(20 * time.Millisecond)
	}
}

package obs

import (
	"testing"
	"time"
)

func TestHowBusyTheProcessIs(t *testing.T) {
	var c CPU
	if share := c.Share(); share != 0 {
		t.Errorf("the first look answers %v", share)
	}
	for begun := time.Now(); time.Since(begun) < 100*time.Millisecond; { // busy on one core
	}
	if share := c.Share(); share != 0 {
		t.Errorf("a moment counts for %v", share)
	}
	c.at = c.at.Add(-leastLook)
	if share := c.Share(); share <= 0 || share > 1 {
		t.Errorf("a process at work has a share of %v", share)
	}
}

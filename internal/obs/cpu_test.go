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
	work := func() {
		for begun := time.Now(); time.Since(begun) < 300*time.Millisecond; { // busy on one core
		}
	}
	work()
	c.at = c.at.Add(-leastLook)
	share := c.Share()
	if share <= 0 || share > 1 {
		t.Errorf("a process at work has a share of %v", share)
	}
	work()
	c.at = c.at.Add(time.Hour) // no machine is so slow
	if again := c.Share(); again != share {
		t.Errorf("a moment changes %v to %v", share, again)
	}
}

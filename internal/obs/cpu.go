package obs

import (
	"runtime"
	"sync"
	"syscall"
	"time"
)

// CPU measures how busy this process keeps the machine. Its zero value begins with the first look. Safe for concurrent use.
type CPU struct {
	mu   sync.Mutex
	at   time.Time
	used time.Duration
	last float64
}

// leastLook is the least time between two measurements, so that a moment's work does not count: what is asked in between is
// answered as before.
const leastLook = 2 * time.Second

// Share answers the share of all cores, 0 to 1, that the process has used since the look before.
func (c *CPU) Share() float64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return c.last
	}
	now, used := time.Now(), time.Duration(usage.Utime.Nano()+usage.Stime.Nano())
	passed := now.Sub(c.at)
	if !c.at.IsZero() && passed < leastLook {
		return c.last
	}
	if !c.at.IsZero() {
		c.last = min(max((used-c.used).Seconds()/passed.Seconds()/float64(runtime.GOMAXPROCS(0)), 0), 1)
	}
	c.at, c.used = now, used
	return c.last
}

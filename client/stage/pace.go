package stage

import "time"

// A gateway takes 20 messages a second and 40 at once of a connection; a follower stays below.
const (
	paceBurst  = 32
	pacePerSec = 16
)

// pace spreads what is sent.
type pace struct {
	left float64
	last time.Time
}

// take answers how long to wait before the next message may be sent, and counts it.
func (p *pace) take(now time.Time) time.Duration {
	if p.last.IsZero() {
		p.left = paceBurst
	} else {
		p.left = min(paceBurst, p.left+now.Sub(p.last).Seconds()*pacePerSec)
	}
	p.last = now
	p.left--
	if p.left >= 0 {
		return 0
	}
	return time.Duration(-p.left / pacePerSec * float64(time.Second))
}

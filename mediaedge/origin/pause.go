package origin

import (
	"context"
	"math/rand/v2"
	"time"
)

// pause is the time between tries: doubling from 100 ms to 2 s, with jitter.
type pause struct{ tries int }

// sleep waits and says whether to go on.
func (p *pause) sleep(ctx context.Context) bool {
	wait := min(100*time.Millisecond<<min(p.tries, 5), 2*time.Second)
	p.tries++
	timer := time.NewTimer(wait/2 + rand.N(wait))
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

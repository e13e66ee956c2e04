package origin

import (
	"context"
	"math/rand/v2"
	"time"
)

// pause is the time between tries: doubling from 100 ms to 2 s or what is the most, with jitter.
type pause struct {
	tries int
	most  time.Duration // 0: 2 s
}

// sleep waits and says whether to go on.
func (p *pause) sleep(ctx context.Context) bool {
	most := p.most
	if most == 0 {
		most = 2 * time.Second
	}
	wait := min(100*time.Millisecond<<min(p.tries, 5), most)
	p.tries++
	return sleep(ctx, wait/2+rand.N(wait))
}

// sleep waits, or answers false when ctx ends first.
func sleep(ctx context.Context, wait time.Duration) bool {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

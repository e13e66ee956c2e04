package load

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"rostrum/client/listener"
	"rostrum/internal/id"
)

// crowd is the listeners of one process.
type crowd struct {
	job    job
	tally  *tally
	source *source
	rights [][]*renewal // by room
	ears   []*ear
}

func newCrowd(j job, t *tally) (*crowd, error) {
	c := &crowd{job: j, tally: t, source: &source{addresses: j.Sources, insecure: j.Insecure}}
	calls := c.source.client()
	for _, room := range j.Rooms {
		var rights []*renewal
		for _, r := range room.Rights {
			rights = append(rights, newRenewal(j.URL, room.Room, r, calls))
		}
		if rights == nil {
			return nil, fmt.Errorf("there is no right to hear %s", room.Room)
		}
		c.rights = append(c.rights, rights)
	}
	if len(c.rights) == 0 {
		return nil, errors.New("there is no room")
	}
	known, dialer := listener.NewBatches(), c.source.websockets()
	for i := range j.Count {
		n := j.First + i
		room := n % len(c.rights)
		r := c.rights[room][n/len(c.rights)%len(c.rights[room])]
		e := &ear{tally: t, room: room, config: listener.Config{
			URLs: turned(r.first.URLs, n/len(c.rights)), Room: id.Room(j.Rooms[room].Room), Grant: r.first.Grant, GrantExpiresAt: r.first.ExpiresAt,
			Renew: r.renew, Rendition: j.Rendition, Cadence: time.Duration(j.CadenceMS) * time.Millisecond,
			Silence: time.Duration(j.SilenceMS) * time.Millisecond, Dialer: dialer, Batches: known,
		}}
		if i < j.Sample {
			var err error
			if e.finder, err = newFinder(); err != nil {
				return nil, err
			}
		}
		c.ears = append(c.ears, e)
	}
	return c, nil
}

// run has the listeners set out one after the other and waits for all of them.
func (c *crowd) run(ctx context.Context) {
	var running sync.WaitGroup
	defer running.Wait()
	begun := time.Now()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for i, e := range c.ears {
		timer.Reset(time.Until(begun.Add(time.Duration(float64(i) / c.job.Joins * float64(time.Second)))))
		select {
		case <-timer.C:
			running.Go(func() { e.run(ctx) })
		case <-ctx.Done():
			return
		}
	}
}

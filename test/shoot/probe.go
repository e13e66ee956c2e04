package shoot

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"rostrum/client/api"
	"rostrum/client/stage"
	"rostrum/internal/id"
)

const (
	// commandEvery is how often the host gives a command.
	commandEvery = 50 * time.Millisecond
	callTimeout  = 2 * time.Second
)

// probe is the host of a room of its own, who gives commands all the time and follows what comes of them.
type probe struct {
	client   *api.Client
	room     id.Room
	follower *stage.Follower

	mu        sync.Mutex
	answered  []moment       // commands, in order of their answers
	told      []api.Position // events, as the follower was told
	snapshots []snapshot
	refusals  map[string]int // by code
}

type moment struct {
	at       time.Time
	position api.Position
}

// snapshot is a whole stage that took the place of events.
type snapshot struct {
	after int // how many events were told before
	at    api.Position
}

func newProbe(ctx context.Context, url string) (*probe, error) {
	client := api.New(url, api.WithTimeout(callTimeout))
	if _, err := client.Guest(ctx, "Quartermaster"); err != nil {
		return nil, fmt.Errorf("be a guest: %w", err)
	}
	made, err := client.CreateRoom(ctx, api.CreateRoom{Title: "Roll call", Language: "en"})
	if err != nil {
		return nil, fmt.Errorf("create the probe's room: %w", err)
	}
	if _, err := client.Start(ctx, made.ID); err != nil {
		return nil, fmt.Errorf("start the probe's room: %w", err)
	}
	follower, err := stage.Follow(ctx, stage.Config{URL: url, Room: id.Room(made.ID), Token: client.AccessToken, Waiting: 1 << 16})
	if err != nil {
		return nil, fmt.Errorf("follow the probe's room: %w", err)
	}
	return &probe{client: client, room: id.Room(made.ID), follower: follower, refusals: map[string]int{}}, nil
}

// run gives commands and notes events until ctx ends, then until the follower has heard of the last command.
func (p *probe) run(ctx context.Context) error {
	var working sync.WaitGroup
	listening, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	heard := make(chan error, 1)
	working.Go(func() { heard <- p.listen(listening) })
	defer working.Wait()
	p.command(ctx)
	deadline := time.After(time.Minute)
	for !p.caughtUp() {
		select {
		case err := <-heard:
			return fmt.Errorf("the follower ended: %w", err)
		case <-deadline:
			return nil // judge says what is missing
		case <-time.After(20 * time.Millisecond):
		}
	}
	stop()
	return nil
}

func (p *probe) command(ctx context.Context) {
	modes := [2]api.HandMode{api.HandsInvited, api.HandsOpen}
	ticker := time.NewTicker(commandEvery)
	defer ticker.Stop()
	for i := 0; ; i++ {
		bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), callTimeout)
		done, err := p.client.SetHandMode(bounded, string(p.room), modes[i%2])
		cancel()
		p.mu.Lock()
		if err == nil {
			p.answered = append(p.answered, moment{time.Now(), done.Position})
		} else {
			p.refusals[api.CodeOf(err)]++
			i-- // the same again, under another id
		}
		p.mu.Unlock()
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
	}
}

func (p *probe) listen(ctx context.Context) error {
	for {
		item, err := p.follower.Next(ctx)
		if err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return err
		}
		p.mu.Lock()
		switch {
		case item.Event != nil:
			p.told = append(p.told, item.Event.Position)
		case item.Snapshot != nil:
			p.snapshots = append(p.snapshots, snapshot{len(p.told), item.Snapshot.Position})
		}
		p.mu.Unlock()
	}
}

func (p *probe) caughtUp() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.answered) == 0 {
		return true
	}
	last, newest := p.answered[len(p.answered)-1].position, api.Position{}
	if n := len(p.told); n > 0 {
		newest = p.told[n-1]
	}
	if n := len(p.snapshots); n > 0 && p.snapshots[n-1].at.After(newest) {
		newest = p.snapshots[n-1].at
	}
	return !last.After(newest)
}

// pause is the longest time without an answered command between two moments.
func (p *probe) pause(from, to time.Time) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	longest, last := time.Duration(0), from
	for _, m := range p.answered {
		if m.at.Before(from) {
			continue
		}
		if m.at.After(to) {
			break
		}
		longest, last = max(longest, m.at.Sub(last)), m.at
	}
	return max(longest, to.Sub(last))
}

// judge counts the events that the follower was never told, and those that it was told twice. What a snapshot covers
// counts as told: one takes the place of events only over the end of a term, or where they were too many.
func (p *probe) judge() (lost, repeated, snapshots int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	seen := map[api.Position]bool{}
	for _, at := range p.told {
		if seen[at] {
			repeated++
		}
		seen[at] = true
	}
	for _, m := range p.answered {
		if !seen[m.position] && !p.covered(m.position) {
			lost++
		}
	}
	return lost, repeated, len(p.snapshots) - 1
}

// covered says whether a snapshot stands for a position: the events told before it end below, and it is not below.
func (p *probe) covered(at api.Position) bool {
	for _, s := range p.snapshots {
		before := api.Position{}
		if s.after > 0 {
			before = p.told[s.after-1]
		}
		if at.After(before) && !at.After(s.at) {
			return true
		}
	}
	return false
}

func (p *probe) close(ctx context.Context) error {
	p.follower.Close()
	_, err := p.client.End(ctx, string(p.room))
	if api.CodeOf(err) == "ended" {
		err = nil
	}
	return errors.Join(err)
}

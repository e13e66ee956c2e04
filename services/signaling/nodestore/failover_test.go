package nodestore

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"rostrum/internal/fault"
	"rostrum/internal/id"
	"rostrum/internal/testkit"
	"rostrum/services/signaling"
)

// backWithin is how long a registry may be away whose shard lost its master; here it takes some 3 s.
const backWithin = 60 * time.Second

// reached says when something worked last and what was the longest time without it.
type reached struct {
	mu      sync.Mutex
	last    time.Time
	silence time.Duration
	wrong   error
}

func (r *reached) note(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err != nil {
		if !fault.Is(err, fault.CodeUnavailable) && !errors.Is(err, context.DeadlineExceeded) {
			r.wrong = err
		}
		return
	}
	now := time.Now()
	if !r.last.IsZero() {
		r.silence = max(r.silence, now.Sub(r.last))
	}
	r.last = now
}

func (r *reached) since(moment time.Time) func() error {
	return func() error {
		r.mu.Lock()
		defer r.mu.Unlock()
		if r.wrong != nil || !r.last.After(moment) {
			return fmt.Errorf("it worked last at %v, %v", r.last, r.wrong)
		}
		return nil
	}
}

// again does something until ctx ends.
func (r *reached) again(ctx context.Context, what func(context.Context) error) {
	pause := time.NewTicker(40 * time.Millisecond)
	defer pause.Stop()
	for {
		call, cancel := context.WithTimeout(ctx, time.Second)
		err := what(call)
		cancel()
		if ctx.Err() != nil {
			return
		}
		r.note(err)
		<-pause.C
	}
}

// The master of the shard with all nodes is killed while they announce themselves and rooms are placed. Programs keep
// their homes and their epochs; the numbers that are reserved do not fall.
func TestARegistryLosesItsMaster(t *testing.T) {
	if testing.Short() {
		t.Skip("a failover takes seconds")
	}
	nodes := cluster.Start(t)
	s := connect(t, nodes.Addresses...)
	ctx, stop := context.WithCancel(t.Context())
	var work sync.WaitGroup
	defer work.Wait()
	defer stop()
	var announced, placed reached
	run := func(r *reached, what func(context.Context) error) { work.Go(func() { r.again(ctx, what) }) }
	for _, node := range []id.Node{"failover-a", "failover-b"} {
		run(&announced, func(ctx context.Context) error { return s.AnnounceNode(ctx, signaling.Node{ID: node, Address: "a:1"}) })
	}
	run(&placed, func(ctx context.Context) error {
		_, err := s.Nodes(ctx)
		return err
	})
	programs := make([]*program, 12)
	for i := range programs {
		p := &program{key: newKey()}
		first, err := s.AcquireProgram(ctx, bid(p.key, "failover-a", 0))
		if err != nil {
			t.Fatal(err)
		}
		p.epoch = first.Epoch
		programs[i] = p
		run(&p.renewed, func(ctx context.Context) error { return p.renew(ctx, s) })
	}
	all := func(moment time.Time) {
		t.Helper()
		testkit.Eventually(t, backWithin, announced.since(moment))
		testkit.Eventually(t, backWithin, placed.since(moment))
		for _, p := range programs {
			testkit.Eventually(t, backWithin, p.renewed.since(moment))
		}
	}
	all(time.Now())
	killed := nodes.Kill(t, sfuIndex)
	all(time.Now().Add(signaling.LeaseTime))
	nodes.Revive(t, killed)
	stop()
	work.Wait()
	t.Logf("longest without: announcing %v, placing %v", announced.silence, placed.silence)
	for i, p := range programs {
		found, err := s.Programs(t.Context(), p.key)
		if err != nil || found[0].Epoch != p.epoch || found[0].Reserved < p.reserved || found[0].Node.ID != "failover-a" {
			t.Errorf("program %d: %+v, %v; want epoch %d, reserved %d", i, found, err, p.epoch, p.reserved)
		}
	}
}

// program is one that a node renews, each time reserving further.
type program struct {
	key      signaling.RoomKey
	epoch    uint64
	reserved uint64 // that was answered; owned by renew while that runs
	renewed  reached
}

func (p *program) renew(ctx context.Context, s *Store) error {
	told, err := s.RenewProgram(ctx, bid(p.key, "failover-a", p.epoch), p.reserved+10)
	if err == nil && told.Reserved < p.reserved {
		return fmt.Errorf("reserved fell from %d to %d", p.reserved, told.Reserved)
	}
	if err == nil {
		p.reserved = told.Reserved
	}
	return err
}

package test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"rostrum/client/api"
	"rostrum/client/stage"
	"rostrum/internal/id"
	"rostrum/internal/testkit"
)

const (
	cutWatchers = 5
	cutsInAll   = 1000
	handRaisers = 6
)

// TestWatcherCut cuts watchers of a stage 1,000 times, five of them 200 times each or as often as ROSTRUM_CUTS says, while
// people raise and lower hands and the watchers themselves give commands. Beside them is one that is never cut: all are told
// the same, once.
func TestWatcherCut(t *testing.T) { // not beside tests that listen: it takes all of a small machine
	cuts := number(t, "ROSTRUM_CUTS", cutsInAll/cutWatchers)
	s := startSystem(t, "--no-demo")
	host := s.person(t, "Host")
	room := s.liveRoom(t, host, api.CreateRoom{Title: "Cut"}).ID
	whole := s.follow(t, host, room)
	var ways []*cutter
	var watching []*follower
	for i := range cutWatchers {
		way, url := newCutter(t, s.url, cuts, uint64(i))
		ways = append(ways, way)
		watching = append(watching, follow(t, stage.Config{URL: url, Room: id.Room(room), Token: host.AccessToken}))
	}
	begun := time.Now()
	stop := s.commotion(t, room)
	given := inviteWhileCut(t, s, watching, ways)
	testkit.Eventually(t, time.Duration(cuts)*time.Second, func() error {
		for i, way := range ways {
			if left := way.remaining(); left > 0 {
				return fmt.Errorf("watcher %d is to be cut %d times more", i, left)
			}
		}
		return nil
	})
	took, invites := time.Since(begun), <-given
	stop()
	final := done(t)(host.SetHandMode(bounded(t), room, api.HandsClosed)).Position
	all := whole.until(t, final)
	connections := uint64(0)
	for i, f := range watching {
		connections += checkUncut(t, i, f, all, final)
	}
	checkInvites(t, all, invites)
	result(t, map[string]any{
		"cuts": cuts * cutWatchers, "watchers": cutWatchers, "connections_that_said_hello": connections, "events": len(all),
		"seconds": round(took.Seconds()),
	})
	s.checkLog(t)
}

// commotion has people raise and lower their hands until it is stopped.
func (s *system) commotion(t *testing.T, room string) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var people sync.WaitGroup
	for i := range handRaisers {
		person := s.person(t, fmt.Sprint("Raiser ", i+1))
		people.Go(func() {
			for ctx.Err() == nil {
				if _, err := person.RaiseHand(bounded(t), room, "once more"); err != nil {
					t.Errorf("raise: %v", err)
				}
				<-time.After(rand.N(100 * time.Millisecond))
				if _, err := person.LowerHand(bounded(t), room); err != nil {
					t.Errorf("lower: %v", err)
				}
				<-time.After(rand.N(100 * time.Millisecond))
			}
		})
	}
	return func() {
		cancel()
		people.Wait()
	}
}

// inviteWhileCut has each watcher invite a person and withdraw the invite until it is not cut any more. The answer is how
// many invites were acknowledged.
func inviteWhileCut(t *testing.T, s *system, watching []*follower, ways []*cutter) <-chan int {
	t.Helper()
	given := make(chan int, 1)
	var mu sync.Mutex
	var inviting sync.WaitGroup
	invites := 0
	for i, f := range watching {
		user := s.person(t, fmt.Sprint("Invitee ", i+1)).Tokens().User.ID
		inviting.Go(func() {
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute) // nothing is answered while every connection dies young
			defer cancel()
			for ways[i].remaining() > 0 {
				for _, do := range []stage.Verb{stage.DoInvite, stage.DoWithdraw} {
					if _, err := f.Do(ctx, stage.Command{Do: do, User: user}); err != nil {
						t.Errorf("watcher %d: %v", i, err)
						return
					}
				}
				mu.Lock()
				invites++
				mu.Unlock()
			}
		})
	}
	go func() {
		inviting.Wait()
		given <- invites
	}()
	return given
}

// checkUncut wants a follower that was cut to have been told what one was told that was not. The answer is how many
// connections it had.
func checkUncut(t *testing.T, who int, f *follower, all []told[stage.Event], final api.Position) uint64 {
	t.Helper()
	got := f.until(t, final)
	stats := f.Stats()
	for at := range max(len(got), len(all)) {
		if at >= len(got) || at >= len(all) || text(t, got[at].what) != text(t, all[at].what) {
			t.Errorf("watcher %d was told %d events, the one that was not cut %d; the first other one is %d", who, len(got), len(all), at)
			break
		}
	}
	if stats.Repeats+stats.Corrupt+stats.Overruns > 0 || stats.Snapshots != 1 {
		t.Errorf("watcher %d met %+v", who, stats)
	}
	return stats.Connections
}

// checkInvites wants each acknowledged invite to have happened once.
func checkInvites(t *testing.T, all []told[stage.Event], acknowledged int) {
	t.Helper()
	invited, closed := 0, 0
	for _, e := range all {
		switch e.what.Kind {
		case stage.Invited:
			invited++
		case stage.InviteClosed:
			closed++
		}
	}
	if invited != acknowledged || closed != acknowledged || acknowledged == 0 {
		t.Errorf("%d invites were acknowledged, %d happened, %d were withdrawn", acknowledged, invited, closed)
	}
}

// text is how something looks as JSON.
func text(t testing.TB, what any) string {
	t.Helper()
	out, err := json.Marshal(what)
	must(t, err)
	return string(out)
}

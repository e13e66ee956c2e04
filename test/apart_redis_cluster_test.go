package test

import (
	"testing"
	"time"

	"rostrum/client/api"
	"rostrum/internal/testkit"
	processes "rostrum/test/cluster"
)

// TestASystemOnARedisCluster gives a room its life on a Redis cluster, and then takes away the master that holds the stage of a
// second room. Commands wait until its replica has taken over, and go on without another. Nothing that was said to have happened
// is lost, no room moves, and nobody hears of it.
func TestASystemOnARedisCluster(t *testing.T) {
	t.Parallel()
	redis := testkit.RedisCluster(t)
	a := startApart(t, func(cfg *processes.Config) { cfg.Redis = redis.Addresses })
	if seen := script(t, a.system); len(seen) < 40 {
		t.Errorf("a life of %d lines", len(seen))
	}
	h := a.lively(t)
	for _, ear := range h.ears {
		ear.more(t, 5)
	}
	before, err := h.host.Stage(bounded(t), h.room)
	must(t, err)
	key := "{main:" + h.room + "}:head"
	killed := redis.Kill(t, key)
	at := time.Now()
	redis.TakenOver(t, key, killed)
	taken := time.Since(at)
	commands := h.commandsWork(t).Sub(at)
	began := time.Now()
	done(t)(h.host.Release(bounded(t), h.room, h.held.user)) // the archive stands in for the replica
	stoodIn := time.Since(began)
	h.host.stage.event(t, api.Position{}, "released", h.held.user)
	done(t)(h.host.Hold(bounded(t), h.room, h.held.user))
	after, err := h.host.Stage(bounded(t), h.room)
	must(t, err)
	if was, is := still(t, before), still(t, after); was != is {
		t.Errorf("the stage was\n%s\nand is\n%s", was, is)
	}
	redis.Revive(t, killed)
	for i, ear := range h.ears {
		ear.until(t, time.Now())
		if s := ear.listener.Stats(); ear.moves() > 0 || s.Lost+s.Holes > 0 || s.Connections != 1 {
			t.Errorf("listener %d was told the gaps %v and met %+v", i, ear.allGaps(), s)
		}
	}
	report(t, "redis master lost", map[string]any{"taken_over_s": seconds(taken), "commands_s": seconds(commands), "a_command_without_replica_ms": stoodIn.Milliseconds()})
	a.checkNothingPanicked()
}

package test

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"rostrum/test/shoot"
)

// TestEachLossUnderLoad loses one process after the other while people listen, speak and give commands.
func TestEachLossUnderLoad(t *testing.T) {
	a := startApart(t)
	var shots []shoot.Shot
	for _, name := range []string{"edge-1", "listenerstate", "mobile-api", "redis"} {
		shots = append(shots, shoot.Kill(a.Cluster, a.process(name)))
	}
	shots = append(shots, a.longer(shoot.Home(a.Cluster, shoot.Kill)), a.longer(shoot.Home(a.Cluster, shoot.Freeze)))
	result := a.shoot(shots...)
	for i, shot := range result.Shots {
		rehomed := 0
		if i >= len(shots)-2 {
			rehomed = roomsUnderLoad
		}
		if shot.Homes != rehomed {
			t.Errorf("%s: %d origins began, wanted %d", shot.Name, shot.Homes, rehomed)
		}
	}
	if result.Heard.Silence > 40 { // it takes some 4 s
		t.Errorf("a speaker heard none of the others for %.1f s", result.Heard.Silence)
	}
	checkHeardAll(t, result)
	a.checkNothingPanicked()
}

// TestRedisEmptied loses all that Redis holds while people listen, speak and give commands: once it is emptied, once it is
// killed and comes back without its files.
func TestRedisEmptied(t *testing.T) {
	a := startApart(t)
	server := a.process("redis")
	client := redis.NewClient(&redis.Options{Addr: server.Probe, DisableIdentity: true})
	t.Cleanup(func() { client.Close() })
	result := a.shoot(shoot.Shot{
		Name: "empty redis",
		Do:   func(ctx context.Context) error { return client.FlushAll(ctx).Err() },
		Undo: func(context.Context) error { return nil },
	}, shoot.Shot{
		Name: "kill -9 redis, without its files",
		Do: func(context.Context) error {
			if err := server.Kill(); err != nil {
				return err
			}
			a.forgetRedis()
			return nil
		},
		Undo: func(ctx context.Context) error { return a.Restart(ctx, server) },
	})
	for _, shot := range result.Shots {
		if shot.Homes != 0 {
			t.Errorf("%s: %d origins began, wanted none", shot.Name, shot.Homes)
		}
	}
	heard := result.Heard
	delete(heard.GapSeconds, "origin_stalled") // a busy machine does that
	if len(heard.GapSeconds) > 0 || heard.GapNumbers > 0 || heard.Reconnected > 0 {
		t.Errorf("there were the gaps %v, %d numbers in them had been made; %d listeners connected again", heard.GapSeconds, heard.GapNumbers, heard.Reconnected)
	}
	if result.Snapshots < 2 {
		t.Errorf("who follows a stage was told of %d new terms, wanted 2", result.Snapshots)
	}
	checkHeardAll(t, result)
	a.checkNothingPanicked()
}

// roomsUnderLoad are the rooms that exist while there is load: that of the load; the probe's has nobody in it and no home.
const roomsUnderLoad = 1

// shoot has a hundred people listen to two, and takes away for a time what the shots say.
func (a *apart) shoot(shots ...shoot.Shot) shoot.Result {
	a.t.Helper()
	progress := &tail{}
	ctx, cancel := context.WithTimeout(context.Background(), 6*time.Minute)
	defer cancel()
	result, err := shoot.Run(ctx, shoot.Config{
		Cluster: a.Cluster, Binary: rostrum(a.t), Listeners: 100, Speakers: 2, Cadence: 200 * time.Millisecond,
		Down: away, Between: 4 * time.Second, Shots: shots, Progress: progress,
	})
	if err != nil {
		a.t.Fatalf("%v; it said\n%s", err, progress)
	}
	if len(result.Shots) != len(shots) {
		a.t.Fatalf("%d shots of %d; it said\n%s", len(result.Shots), len(shots), progress)
	}
	var table bytes.Buffer
	if err := result.Write(&table); err != nil {
		a.t.Errorf("%v; it said\n%s", err, progress)
	}
	a.t.Logf("\n%s", &table)
	return result
}

// checkHeardAll wants nothing to be lost, twice or wrong, and commands to work again after each shot.
func checkHeardAll(t *testing.T, result shoot.Result) {
	t.Helper()
	heard := result.Heard
	if heard.Listeners != 100 || heard.Expected == 0 || heard.Lost+heard.Corrupt+heard.Repeated+heard.TwoContents+heard.SentAway > 0 {
		t.Errorf("of %d batches %d were lost, %d corrupt, %d repeated, %d had two contents; of %d listeners %d were sent away",
			heard.Expected, heard.Lost, heard.Corrupt, heard.Repeated, heard.TwoContents, heard.Listeners, heard.SentAway)
	}
	if result.Lost+result.Repeated > 0 || result.Answered < 100 {
		t.Errorf("%d commands were answered; %d events were lost, %d repeated", result.Answered, result.Lost, result.Repeated)
	}
	for _, shot := range result.Shots {
		if shot.Commands > (away + longAway + commandsWithin).Seconds() {
			t.Errorf("%s: no command was answered for %.1f s", shot.Name, shot.Commands)
		}
	}
}

const (
	// away is how long a process is lost.
	away = time.Second
	// longAway is how much longer an SFU is: one that is back sooner keeps its rooms.
	longAway = 3 * time.Second
)

// longer has an SFU be away for longer than others, and at least until another has its room.
func (a *apart) longer(shot shoot.Shot) shoot.Shot {
	do, undo, before := shot.Do, shot.Undo, 0
	shot.Do = func(ctx context.Context) error {
		before = a.origins()
		return do(ctx)
	}
	shot.Undo = func(ctx context.Context) error {
		for enough := time.Now().Add(longAway); time.Now().Before(enough) || a.origins() == before; {
			select {
			case <-time.After(20 * time.Millisecond):
			case <-ctx.Done():
				return fmt.Errorf("no other has the room: %w", ctx.Err())
			}
		}
		return undo(ctx)
	}
	return shot
}

// origins is how often an SFU has become the home of a room.
func (a *apart) origins() int {
	return strings.Count(logOf(a.process("sfu-1"))+logOf(a.process("sfu-2")), `msg="origin begins"`)
}

// commandsWithin bounds how long no command may be answered once a process is back.
const commandsWithin = 20 * time.Second

package events

import (
	"time"
)

// pace is every span of time that docs/protocol.md section 10 names; tests shorten them.
type pace struct {
	start   time.Duration // for the upgrade and the start message
	write   time.Duration // without the connection taking anything
	silence time.Duration // without anything heard
	ping    time.Duration
	still   time.Duration // without another message
	tick    time.Duration // between two looks at everyone: places, still, pings, idleness
	idle    time.Duration // with neither role, hand nor invite
	wait    time.Duration // for a stage, or for a position ahead
	back    time.Duration // to come back after the last socket, before it is reported
	linger  time.Duration // of a room that nobody follows
	commit  time.Duration // between two reports of what is enforced
	apply   time.Duration // for one command
	grace   time.Duration // for commands of a connection that is over, and for goodbyes
}

func defaultPace() pace {
	return pace{
		start: 2 * time.Second, write: 10 * time.Second, silence: 30 * time.Second, ping: 10 * time.Second,
		still: 5 * time.Second, tick: time.Second, idle: time.Minute, wait: 5 * time.Second, back: 2 * time.Second,
		linger: 15 * time.Second, commit: 100 * time.Millisecond, apply: 5 * time.Second, grace: 2 * time.Second,
	}
}

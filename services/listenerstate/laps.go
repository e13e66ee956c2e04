package listenerstate

import "time"

// laps are when a call went from one step to the next; zero: it did not come so far.
type laps struct {
	begun, joined, drained, decided, appended, held, acknowledged time.Time
}

// step is a part of a call's way.
type step struct {
	name     string
	from, to time.Time
}

// steps are those that a call has made, in their order: it has its key of personal fields, waits in its lane, is decided,
// appended to the log, held twice by the archive or a replica, and acknowledged in the log.
func (l laps) steps() []step {
	all := [...]step{
		{"prepare", l.begun, l.joined}, {"wait", l.joined, l.drained}, {"decide", l.drained, l.decided},
		{"append", l.decided, l.appended}, {"hold", l.appended, l.held}, {"acknowledge", l.held, l.acknowledged},
	}
	for i, s := range all {
		if s.from.IsZero() || s.to.IsZero() {
			return all[:i]
		}
	}
	return all[:]
}

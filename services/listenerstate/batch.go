package listenerstate

import (
	"time"

	"rostrum/services/listenerstate/chain"
	"rostrum/services/listenerstate/stagelog"
)

// batch is calls that are decided one after the other, each on the stage that those before leave, and appended in one
// step.
type batch struct {
	key   chain.Key
	from  chain.Head
	now   time.Time
	calls []*call

	stage   Stage
	head    chain.Head
	entries []Entry
	records []chain.Record
	due     time.Time // when something is due on a stage that changed; zero: nothing is
}

// decideAll decides calls on a stage. What each came to stands in its outcome and holds once the batch is appended.
func decideAll(key chain.Key, stage Stage, head chain.Head, calls []*call, now time.Time) *batch {
	b := &batch{key: key, from: head, now: now, calls: calls, stage: stage, head: head}
	for _, c := range calls {
		c.outcome = outcome{}
		events, err := decide(b.stage, c.request, now)
		if err == nil {
			c.outcome.entries, err = b.add(c, events)
		}
		c.outcome.refusal, c.outcome.at = err, b.head.Position
	}
	if len(b.records) > 0 {
		b.due = dueOf(b.stage)
	}
	return b
}

// isIdleTimer says whether a timer found nothing to do. It is forgotten, so that the same can be asked again when a clock
// that went back has caught up.
func (c *call) isIdleTimer() bool {
	_, timed := c.request.Command.(CloseExpired)
	return timed && len(c.outcome.entries) == 0
}

// dueOf answers when something is due on a stage, zero where nothing is.
func dueOf(stage Stage) time.Time {
	at, _ := stage.due()
	return at
}

// add puts the events of a call behind the batch's head, personal fields sealed: all, or on an error none.
func (b *batch) add(c *call, events []Event) ([]Entry, error) {
	stage, head, entries := b.stage, b.head, make([]Entry, 0, len(events))
	for _, e := range events {
		var err error
		if e.Change, err = sealed(b.key, c, e); err != nil {
			return nil, err
		}
		e.Position, e.Prev = chain.Position{Term: max(head.Term, 1), Offset: head.Offset + 1}, head.Hash
		bytes, err := encodeEvent(b.key, e)
		if err != nil {
			return nil, err
		}
		stage, head = evolve(stage, e), chain.Head{Position: e.Position, Hash: chain.Sum(bytes)}
		entries = append(entries, Entry{e, bytes})
	}
	b.stage, b.head, b.entries = stage, head, append(b.entries, entries...)
	for _, entry := range entries {
		b.records = append(b.records, chain.Record{Position: entry.Event.Position, Payload: c.request.Payload, Bytes: entry.Bytes})
	}
	return entries, nil
}

// append answers what the batch adds to the log. Refused calls are asked too: they may be refused on an old stage, or
// have been accepted before.
func (b *batch) append() stagelog.Append {
	a := stagelog.Append{Expect: b.from, Now: b.now, Records: b.records, Ops: project(b.entries), Lifetime: lifetime(b.stage)}
	for _, c := range b.calls {
		a.Commands = append(a.Commands, stagelog.Command{
			Name: c.request.name(), Remember: c.outcome.refusal == nil && !c.isIdleTimer(),
			Earlier: stagelog.Earlier{Payload: c.request.Payload, Last: c.outcome.at, Events: uint64(len(c.outcome.entries))},
		})
	}
	return a
}

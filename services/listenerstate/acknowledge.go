package listenerstate

import (
	"errors"
	"fmt"
	"time"
)

// Acknowledge says when an event is acknowledged: answered, and told to watchers.
type Acknowledge string

const (
	// AcknowledgeArchive: when log and archive have it. For an archive that syncs within milliseconds.
	AcknowledgeArchive Acknowledge = "archive"
	// AcknowledgeLog: when the log has it twice. The archive follows, and may be away for a while: until it has an event,
	// this instance keeps it too. Opening a room waits for the archive.
	AcknowledgeLog Acknowledge = "log"
)

// Holding says how Redis has an event twice.
type Holding string

const (
	// HoldingReplica: in a replica too. Every append waits for one; where none answers, for the archive.
	HoldingReplica Holding = "replica"
	// HoldingDisk: on disk too, before Redis answers (appendonly yes, appendfsync always).
	HoldingDisk Holding = "disk"
	// HoldingOnce: it has it once only, or does not tell. What is acknowledged lies in Redis and in this instance until the
	// archive has it.
	HoldingOnce Holding = "once"
)

// Behind bounds what AcknowledgeLog does; its zero value works.
type Behind struct {
	// Holding is how Redis has an event twice; "": it is asked. Say it where Redis does not tell its configuration.
	Holding Holding
	// ReplicaWait is how long an append waits for a replica; 0: 500 ms. Keep it below the client's read timeout.
	ReplicaWait time.Duration
	// OfferTime is how long a repair waits at least for what instances have; up to 3 s for those that it knows of. 0: 300 ms.
	OfferTime time.Duration
	// EventsMost bounds the events of one room that the archive lacks; 0: 8,192.
	EventsMost int
	// BytesMost bounds those of all rooms; 0: 64 MiB.
	BytesMost int64
	// CloseWithin is how long Close waits for the archive; 0: 5 s.
	CloseWithin time.Duration
}

func (b Behind) validate() error {
	var wrong []error
	switch b.Holding {
	case "", HoldingReplica, HoldingDisk, HoldingOnce:
	default:
		wrong = append(wrong, fmt.Errorf("listenerstate: Holding is %q, not %s, %s or %s", b.Holding, HoldingReplica, HoldingDisk, HoldingOnce))
	}
	if b.ReplicaWait < 0 || b.OfferTime < 0 || b.EventsMost < 0 || b.BytesMost < 0 || b.CloseWithin < 0 {
		wrong = append(wrong, errors.New("listenerstate: a bound of Behind is negative"))
	}
	return errors.Join(wrong...)
}

func (b Behind) withDefaults() Behind {
	if b.ReplicaWait == 0 {
		b.ReplicaWait = 500 * time.Millisecond
	}
	if b.OfferTime == 0 {
		b.OfferTime = 300 * time.Millisecond
	}
	if b.EventsMost == 0 {
		b.EventsMost = 8192
	}
	if b.BytesMost == 0 {
		b.BytesMost = 64 << 20
	}
	if b.CloseWithin == 0 {
		b.CloseWithin = 5 * time.Second
	}
	return b
}

func (a Acknowledge) validate() error {
	switch a {
	case "", AcknowledgeArchive, AcknowledgeLog:
		return nil
	}
	return fmt.Errorf("listenerstate: Acknowledge is %q, not %s or %s", a, AcknowledgeArchive, AcknowledgeLog)
}

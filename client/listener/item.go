package listener

import (
	"time"

	listenv1 "rostrum/proto/rostrum/listen/v1"
)

// Item is one thing that was heard; exactly one field is set.
type Item struct {
	Batch *Batch
	Gap   *listenv1.Gap // clipped to what was not heard before
	Lost  *Lost
	Card  *listenv1.RoomCard // later than every card before
	Hello *listenv1.Hello    // of every connection
}

// Batch is 200 ms of the program, verified.
type Batch struct {
	*listenv1.Batch
	Encoded  []byte // as the origin encoded it; the caller's, but with Config.Batches read only
	Received time.Time
}

// Lost says that the numbers First to Last cannot be had any more.
type Lost struct{ First, Last uint64 }

// Stats count what a listener met.
type Stats struct {
	Batches, Gaps, Cards uint64
	Bytes                uint64 // of messages
	Connections          uint64 // that said Hello
	Lost                 uint64 // numbers that could not be had
	Repeats              uint64 // dropped: the number was heard already
	LowerEpochs          uint64 // dropped: an older origin's
	EpochFalls           uint64 // of these, on a connection that had brought the newer one
	Holes                uint64 // connections that left a number out
	Corrupt              uint64 // connections that broke CRC, form or protocol
}

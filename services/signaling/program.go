package signaling

import (
	"time"

	"rostrum/internal/fault"
	"rostrum/internal/id"
)

const (
	// LeaseTime is how long an SFU node and an origin are taken to be there after their last word.
	LeaseTime = 1500 * time.Millisecond
	// EdgeLeaseTime is longer: an edge whose control stream broke takes seconds to open another, and serves meanwhile.
	EdgeLeaseTime = 5 * time.Second
	// maxCount bounds epochs and numbers from outside; the registry computes with float64.
	maxCount = 1 << 52
)

// RoomKey names a room among all tenants.
type RoomKey struct {
	App  id.App
	Room id.Room
}

func (k RoomKey) String() string { return string(k.App) + "/" + string(k.Room) }

// Program is the appointment of a room's origin. It stays known after it has run out.
type Program struct {
	Epoch    uint64 // 0: there never was one
	Reserved uint64 // numbers below may have been given
	Node     Node   // the newest origin's
	Held     bool   // the appointment is in force
	Released bool   // it was given back
}

// home answers where the program is made, as far as the registry knows.
func (p Program) home(key RoomKey) Home {
	return Home{RoomKey: key, Node: p.Node.ID, Address: p.Node.Address, Epoch: p.Epoch}
}

// Placement is a room's home, and why it is there.
type Placement struct {
	Home
	Reason Reason
	// Among are the nodes that were compared, as people read them; "" where none were.
	Among string
}

// Home is where a room's speakers are and where its program is made.
type Home struct {
	RoomKey
	Node    id.Node
	Address string
	Epoch   uint64
}

// Bid is an origin's claim to a room's program.
type Bid struct {
	RoomKey
	Node  id.Node
	Boot  uint64
	Epoch uint64 // when acquiring, the highest known; when renewing or releasing, the one that was given
}

func (b Bid) check() error {
	if b.Epoch > maxCount {
		return fault.Invalid("epoch", "at most 2^52")
	}
	return nil
}

func checkReserve(reserve uint64) error {
	if reserve > maxCount {
		return fault.Invalid("reserve", "at most 2^52")
	}
	return nil
}

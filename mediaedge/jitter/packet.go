package jitter

import "rostrum/mediaedge/audio"

// Packet is one Opus packet of a publisher.
type Packet struct {
	Sequence  uint16
	Timestamp uint32
	Arrival   audio.Time
	Ticks     audio.Time // how long it sounds
	Opus      []byte
}

// Kind says how a packet stands to the one taken before it.
type Kind uint8

const (
	// Start is the first packet of a publisher or after its restart: timestamps before it mean nothing.
	Start Kind = iota
	// Follow goes on where the packet before ended.
	Follow
	// Lost means that packets between are missing and their time is to be concealed.
	Lost
	// Pause means that no packet is missing, yet time has passed: the publisher was silent (DTX, RFC 7587 section 3.1.3).
	Pause
)

// Step is the next packet in order and what stands before it.
type Step struct {
	Kind    Kind
	Missing int        // Lost: how many packets
	Gap     audio.Time // Lost, Pause: ticks from the end of the packet taken before; never negative
	Packet  *Packet    // valid until the next call of a method that changes the buffer
}

// Reason says why a packet was dropped. The list is closed.
type Reason uint8

const (
	Duplicate Reason = iota // this sequence number is here already
	Late                    // its place has been passed
	Overflow                // the publisher is more than Capacity ahead of what was taken
	Stray                   // far from every other sequence number and alone there
	Emptied                 // the buffer was emptied while it waited
	Timestamp               // its timestamp contradicts its neighbours'
	Undecodable
	Reasons = iota // how many there are
)

func (r Reason) String() string {
	return [...]string{"duplicate", "late", "overflow", "stray", "emptied", "timestamp", "undecodable"}[r]
}

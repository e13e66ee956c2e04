package stage

import "rostrum/client/api"

// Item is one thing that a follower is told; exactly one field is set.
type Item struct {
	// Snapshot is the whole stage: at first, and whenever the events between cannot be had.
	Snapshot *Stage
	Event    *Event
	Place    *Place
	// Enforced is up to where the SFU now does what the stage says. It may come before or after the events it covers.
	Enforced *api.Position
}

// Place is where one's own hand stands in the queue.
type Place struct {
	Place int `json:"place"` // from 1; 0: the hand is not up
	Of    int `json:"of"`
}

// Stats count what a follower met.
type Stats struct {
	Connections uint64 // that said hello
	Snapshots   uint64 // received
	Events      uint64 // taken
	Repeats     uint64 // dropped: told already
	Corrupt     uint64 // connections that broke the protocol
	Overruns    uint64 // times that waiting items gave way to a snapshot
}

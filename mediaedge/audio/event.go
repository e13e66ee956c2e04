package audio

// Role is what a person is on the stage.
type Role uint8

const (
	RoleListener Role = iota + 1
	RoleSpeaker
	RoleModerator
	RoleHost
)

// Occupant is a person in a seat.
type Occupant struct {
	Seat  Seat
	User  string
	Name  string
	Role  Role
	Muted bool
	Held  bool // muted by a moderator until released
	Away  bool // no microphone is connected
}

// HandMode says who may raise a hand. The zero value says nothing.
type HandMode uint8

const (
	HandsOpen    HandMode = iota + 1 // everyone who is known
	HandsInvited                     // whom the host named or a moderator invited
	HandsClosed
)

// Policy is what a room lets its audience do.
type Policy struct {
	OpenStage     bool // take a free seat without asking
	OpenListening bool // listen without an identity
	Hands         HandMode
}

// EventKind says what a timed event changes.
type EventKind uint8

const (
	EventSeated EventKind = iota + 1
	EventUnseated
	EventMuted
	EventUnmuted
	EventEnded
	EventChanged // something else about a seat: role, held, away
	EventPolicy
)

// TimedEvent is a stage event at its place in the program.
type TimedEvent struct {
	Ticks    uint16 // after the first sample of the batch
	Position Position
	Kind     EventKind
	Seat     Seat     // all kinds but EventEnded and EventPolicy
	Occupant Occupant // EventSeated and EventChanged: the seat as it is now
	Policy   Policy   // EventPolicy only
}

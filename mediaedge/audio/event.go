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
}

// EventKind says what a timed event changes.
type EventKind uint8

const (
	EventSeated EventKind = iota + 1
	EventUnseated
	EventMuted
	EventUnmuted
	EventEnded
)

// TimedEvent is a stage event at its place in the program.
type TimedEvent struct {
	Ticks    uint16 // after the first sample of the batch
	Position Position
	Kind     EventKind
	Seat     Seat     // all kinds but EventEnded
	Occupant Occupant // EventSeated only
}

package listenerstate

import "rostrum/internal/id"

// Leave gives up the actor's seat, hand and invite. Powers stay.
type Leave struct{}

func (Leave) kind() string           { return "leave" }
func (Leave) about(by Actor) id.User { return by.User }
func (Leave) check() error           { return nil }

func (Leave) decide(m moment) ([]Change, error) {
	return m.goneFrom(m.by.User, UnseatLeft, LoweredLeft, InviteLeft), nil
}

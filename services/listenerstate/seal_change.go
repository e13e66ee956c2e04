package listenerstate

import (
	"fmt"

	"rostrum/internal/id"
	"rostrum/services/listenerstate/chain"
)

// person answers whom the personal fields of a request are about; "" where it has none. Their key is made before the
// request waits for its room: making one takes a write to disk.
func (r Request) person() id.User {
	user, personal := id.User(""), false
	switch c := r.Command.(type) {
	case TakeSeat:
		user, personal = r.Actor.User, c.Name != ""
	case RaiseHand:
		user, personal = r.Actor.User, c.Name != "" || c.Note != ""
	case AcceptInvite:
		user, personal = r.Actor.User, c.Name != ""
	case Invite:
		user, personal = c.User, c.Name != ""
	case SeatPerson:
		user, personal = c.User, c.Name != ""
	}
	if !personal {
		return ""
	}
	return user
}

// withoutTexts answers the command of a request without its personal fields.
func (r Request) withoutTexts() Command {
	switch c := r.Command.(type) {
	case TakeSeat:
		c.Name = ""
		return c
	case RaiseHand:
		c.Name, c.Note = "", ""
		return c
	case AcceptInvite:
		c.Name = ""
		return c
	case Invite:
		c.Name = ""
		return c
	case SeatPerson:
		c.Name = ""
		return c
	}
	return r.Command
}

// sealed answers an event's change with its personal fields under their person's key, which the call has.
func sealed(log chain.Key, c *call, e Event) (Change, error) {
	var err error
	closed := func(user id.User, field string, name Name) Name {
		if name.Plain == "" || err != nil {
			return Name{}
		}
		if user != c.request.person() {
			err = fmt.Errorf("seal the %s of %s: their key was not made", field, user)
			return Name{}
		}
		name.Sealed, err = seal(c.personKey, log, Sealed{User: user, Command: e.Command, Field: field}, name.Plain)
		return Name{Sealed: name.Sealed}
	}
	switch change := e.Change.(type) {
	case Seated:
		change.Name = closed(change.User, fieldName, change.Name)
		return change, err
	case HandRaised:
		change.Name, change.Note = closed(change.User, fieldName, change.Name), closed(change.User, fieldNote, change.Note)
		return change, err
	case Invited:
		change.Name = closed(change.User, fieldName, change.Name)
		return change, err
	}
	return e.Change, nil
}

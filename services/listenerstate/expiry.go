package listenerstate

import (
	"fmt"
	"time"

	"rostrum/internal/id"
)

// expireMost bounds what one CloseExpired closes: an append stays small.
const expireMost = 64

// due answers the earliest time at which something of a stage is over; false: nothing waits for a time.
func (s Stage) due() (time.Time, bool) {
	var earliest time.Time
	note := func(at time.Time) {
		if earliest.IsZero() || at.Before(earliest) {
			earliest = at
		}
	}
	if s.State != StateLive {
		return earliest, false
	}
	for _, invite := range s.Invites {
		note(invite.ExpiresAt)
	}
	for _, seat := range s.Seats {
		if seat.isAway() {
			note(seat.AwaySince.Add(seatGrace))
		}
	}
	for hand := range s.Hands.absences() {
		note(hand.AbsentSince.Add(handGrace))
	}
	return earliest, !earliest.IsZero()
}

// expiry answers the command that closes what is due at a time. Whoever sends it on the same stage sends the same one.
func (s Stage) expiry(due time.Time) Request {
	return Request{
		Actor: Actor{Service: ServiceTimer}, Command: CloseExpired{},
		ID: id.Command(fmt.Sprintf("expire:%d:%d", due.UnixMilli(), s.Position.Offset)),
	}
}

// CloseExpired does everything whose time has come.
type CloseExpired struct{}

func (CloseExpired) kind() string        { return "close_expired" }
func (CloseExpired) about(Actor) id.User { return "" }
func (CloseExpired) check() error        { return nil }

func (CloseExpired) decide(m moment) ([]Change, error) {
	var changes []Change
	for _, invite := range m.Invites {
		if len(changes) < expireMost && !m.now.Before(invite.ExpiresAt) {
			changes = append(changes, m.inviteClosed(invite.User, InviteExpired)...)
			changes = append(changes, m.lowered(invite.User, LoweredExpired)...)
		}
	}
	for _, seat := range m.Seats {
		if len(changes) < expireMost && seat.isAway() && !m.now.Before(seat.AwaySince.Add(seatGrace)) {
			changes = append(changes, Unseated{User: seat.User, Seat: seat.Number, Reason: UnseatAway})
		}
	}
	for hand := range m.Hands.absences() {
		if len(changes) >= expireMost {
			break
		}
		invite, asked := m.inviteOf(hand.User)
		over := asked && !m.now.Before(invite.ExpiresAt) // then the hand goes down with it
		if !over && !m.now.Before(hand.AbsentSince.Add(handGrace)) {
			changes = append(changes, HandLowered{hand.User, LoweredAway})
		}
	}
	return changes, nil
}

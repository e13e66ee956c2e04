package listenerstate

import (
	"fmt"

	"rostrum/internal/id"
)

// agrees says how a stage differs from the model, or "".
func (m *model) agrees(stage Stage) string {
	if stage.State != m.state || stage.Host != m.host || stage.HandMode != m.mode || stage.OpenStage != m.open || int(stage.MaxSeats) != m.maxSeats {
		return fmt.Sprintf("state %d host %s mode %s; want %d, %s, %s", stage.State, stage.Host, stage.HandMode, m.state, m.host, m.mode)
	}
	if stage.Anchor.Epoch != m.epoch || stage.Anchor.FirstNumber != m.number || stage.Position.Offset != m.events || !stage.WallTime.Equal(m.now) {
		return fmt.Sprintf("epoch %d, %s, %v; want %d, %d, %v", stage.Anchor.Epoch, stage.Position, stage.WallTime, m.epoch, m.events, m.now)
	}
	for _, differs := range []func(Stage) string{m.seatsDiffer, m.handsDiffer, m.invitesDiffer, m.peopleDiffer} {
		if difference := differs(stage); difference != "" {
			return difference
		}
	}
	return ""
}

func (m *model) seatsDiffer(stage Stage) string {
	seated := 0
	for _, p := range m.people {
		if p.seat > 0 {
			seated++
		}
	}
	if seated != len(stage.Seats) {
		return fmt.Sprintf("%d seats, want %d", len(stage.Seats), seated)
	}
	for _, seat := range stage.Seats {
		p := m.of(seat.User)
		if seat.Number != p.seat || seat.Muted != p.muted || seat.Held != p.held || seat.Session != p.session || !seat.AwaySince.Equal(p.away) {
			return fmt.Sprintf("%+v; want %+v", seat, p)
		}
		if role := max(m.rank(seat.User), 2); int(seat.Role) != role || textOf(seat.Name) != p.name {
			return fmt.Sprintf("%+v; want role %d, name %q", seat, role, p.name)
		}
	}
	return ""
}

func (m *model) handsDiffer(stage Stage) string {
	if stage.Hands.Len() != len(m.queue) {
		return fmt.Sprintf("%d hands; want %v", stage.Hands.Len(), m.queue)
	}
	i := 0
	for hand := range stage.Hands.All() {
		p := m.of(hand.User)
		if m.queue[i] != hand.User || hand.Order != p.hand || textOf(hand.Name) != p.handName || textOf(hand.Note) != p.note {
			return fmt.Sprintf("hand %d is %+v; want %s, %+v", i+1, hand, m.queue[i], p)
		}
		if !hand.RaisedAt.Equal(p.raised) || !hand.AbsentSince.Equal(p.absent) || stage.Hands.Place(hand.User) != i+1 {
			return fmt.Sprintf("hand %d is %+v in place %d; want %+v", i+1, hand, stage.Hands.Place(hand.User), p)
		}
		i++
	}
	return ""
}

func (m *model) invitesDiffer(stage Stage) string {
	if len(stage.Invites) != len(m.invites) {
		return fmt.Sprintf("invites %+v; want %v", stage.Invites, m.invites)
	}
	for i, invite := range stage.Invites {
		p := m.of(invite.User)
		if m.invites[i] != invite.User || !invite.ExpiresAt.Equal(p.invitedUntil) || textOf(invite.Name) != p.inviteName || invite.By != p.invitedBy {
			return fmt.Sprintf("invite %+v; want %s, %+v", invite, m.invites[i], p)
		}
	}
	return ""
}

func (m *model) peopleDiffer(stage Stage) string {
	moderators, removed, known := 0, 0, 0
	for user, p := range m.people {
		moderators, removed, known = moderators+count(p.moderator), removed+count(p.removed), known+count(p.known)
		a, met := stage.acquaintance(user)
		if met != p.known || (a.Invite == InviteExpired) != p.lapsed || !a.ReturnsUntil.Equal(p.mayReturn) || a.Held != p.heldOutside {
			return fmt.Sprintf("%s is known as %+v; want %+v", user, a, p)
		}
		if stage.isRemoved(user) != p.removed || int(stage.roleOf(user)) != m.rank(user) {
			return fmt.Sprintf("%s is removed %v, a %d; want %+v", user, stage.isRemoved(user), stage.roleOf(user), p)
		}
	}
	if len(stage.Moderators) != moderators || len(stage.Removed) != removed || len(stage.Acquaintances) != known {
		return fmt.Sprintf("%d moderators, %d removed, %d known; want %d, %d, %d",
			len(stage.Moderators), len(stage.Removed), len(stage.Acquaintances), moderators, removed, known)
	}
	return ""
}

func count(is bool) int {
	if is {
		return 1
	}
	return 0
}

// textOf opens what closed made.
func textOf(name Name) string { return string(name.Sealed.Ciphertext) }

// closed puts an event's personal fields into the form that the log keeps, without a secret.
func closed(e Event) Change {
	cover := func(user id.User, field string, name Name) Name {
		if name.Plain == "" {
			return Name{}
		}
		return Name{Sealed: Sealed{User: user, Command: e.Command, Field: field, Nonce: noNonce, Ciphertext: []byte(name.Plain)}}
	}
	switch c := e.Change.(type) {
	case Seated:
		c.Name = cover(c.User, fieldName, c.Name)
		return c
	case Invited:
		c.Name = cover(c.User, fieldName, c.Name)
		return c
	case HandRaised:
		c.Name, c.Note = cover(c.User, fieldName, c.Name), cover(c.User, fieldNote, c.Note)
		return c
	}
	return e.Change
}

var noNonce = make([]byte, 12)

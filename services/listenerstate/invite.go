package listenerstate

import (
	"slices"
	"time"

	"rostrum/internal/fault"
	"rostrum/internal/id"
)

// How long an invite waits for an answer.
const (
	DefaultInvite = 60 * time.Second
	ShortInvite   = 5 * time.Second
	LongInvite    = 10 * time.Minute
)

// PendingInvite is an invite without an answer. It keeps a seat free.
type PendingInvite struct {
	User      id.User
	Name      Name
	By        Actor
	ExpiresAt time.Time
}

// Invite asks a person on stage. Inviting again renews the expiry.
type Invite struct {
	User      id.User
	Name      string        // may be empty
	ExpiresIn time.Duration // ShortInvite to LongInvite; 0: DefaultInvite
}

func (Invite) kind() string          { return "invite" }
func (c Invite) about(Actor) id.User { return c.User }

func (c Invite) check() error {
	if err := checkUser(c.User); err != nil {
		return err
	}
	if c.ExpiresIn != 0 && (c.ExpiresIn < ShortInvite || c.ExpiresIn > LongInvite) {
		return fault.Invalid("expires_in", "5 to 600 seconds")
	}
	return checkText("name", c.Name, maxNameBytes)
}

func (c Invite) decide(m moment) ([]Change, error) {
	if m.isRemoved(c.User) {
		return nil, errTheyAreRemoved
	}
	if _, seated := m.seatOf(c.User); seated {
		return nil, fault.New(fault.CodeAlreadySeated, "this person has a seat")
	}
	if !m.hasRoom(c.User) {
		return nil, errStageFull
	}
	if c.ExpiresIn == 0 {
		c.ExpiresIn = DefaultInvite
	}
	return []Change{Invited{User: c.User, Name: Name{Plain: c.Name}, ExpiresAt: m.now.Add(c.ExpiresIn)}}, nil
}

// WithdrawInvite takes an invite back.
type WithdrawInvite struct{ User id.User }

func (WithdrawInvite) kind() string          { return "withdraw_invite" }
func (c WithdrawInvite) about(Actor) id.User { return c.User }
func (c WithdrawInvite) check() error        { return checkUser(c.User) }

func (c WithdrawInvite) decide(m moment) ([]Change, error) {
	return m.inviteClosed(c.User, InviteWithdrawn), nil
}

// AcceptInvite seats the actor.
type AcceptInvite struct {
	Name  string // may be empty
	Muted bool
}

func (AcceptInvite) kind() string           { return "accept_invite" }
func (AcceptInvite) about(by Actor) id.User { return by.User }
func (c AcceptInvite) check() error         { return checkText("name", c.Name, maxNameBytes) }

func (c AcceptInvite) decide(m moment) ([]Change, error) {
	if _, seated := m.seatOf(m.by.User); seated {
		return nil, nil
	}
	if err := m.mustBeInvited(); err != nil {
		return nil, err
	}
	return m.seated(m.by.User, c.Name, c.Muted, InviteAccepted), nil
}

// DeclineInvite refuses to come on stage; the hand goes down too.
type DeclineInvite struct{}

func (DeclineInvite) kind() string           { return "decline_invite" }
func (DeclineInvite) about(by Actor) id.User { return by.User }
func (DeclineInvite) check() error           { return nil }

func (DeclineInvite) decide(m moment) ([]Change, error) {
	if err := m.mustBeInvited(); err != nil {
		return nil, err
	}
	return append(m.inviteClosed(m.by.User, InviteDeclined), m.lowered(m.by.User, LoweredDeclined)...), nil
}

// mustBeInvited refuses actors whose invite is over, or was never there.
func (m moment) mustBeInvited() error {
	invite, invited := m.inviteOf(m.by.User)
	if invited && m.now.Before(invite.ExpiresAt) {
		return nil
	}
	if before, _ := m.acquaintance(m.by.User); invited || before.Invite == InviteExpired {
		return fault.New(fault.CodeInviteExpired, "the invite was not answered in time; raise a hand")
	}
	return fault.New(fault.CodeNotInvited, "there is no invite for you; raise a hand")
}

func (s Stage) inviteOf(user id.User) (PendingInvite, bool) {
	i := slices.IndexFunc(s.Invites, func(invite PendingInvite) bool { return invite.User == user })
	if i < 0 {
		return PendingInvite{}, false
	}
	return s.Invites[i], true
}

// inviteClosed answers what closes a person's invite, nothing where there is none.
func (s Stage) inviteClosed(user id.User, reason CloseReason) []Change {
	if _, invited := s.inviteOf(user); !invited {
		return nil
	}
	return []Change{InviteClosed{user, reason}}
}

// Invited keeps a seat free for a person.
type Invited struct {
	User      id.User
	Name      Name
	ExpiresAt time.Time
}

func (c Invited) evolve(stage Stage, e Event) Stage {
	stage.Invites = append(stage.withoutInvite(c.User), PendingInvite{User: c.User, Name: c.Name, By: e.Actor, ExpiresAt: c.ExpiresAt})
	return stage.met(c.User, func(a *Acquaintance) { a.Held = a.Held && !stage.outranks(e.Actor, c.User) })
}

// withoutInvite answers another list, which the caller owns.
func (s Stage) withoutInvite(user id.User) []PendingInvite {
	kept := make([]PendingInvite, 0, len(s.Invites)+1)
	for _, invite := range s.Invites {
		if invite.User != user {
			kept = append(kept, invite)
		}
	}
	return kept
}

// CloseReason says why an invite is over; the numbers are those of the wire.
type CloseReason uint8

const (
	InviteAccepted CloseReason = iota + 1
	InviteDeclined
	InviteWithdrawn
	InviteExpired
	InviteSeated // by a moderator
	InviteLeft
	InviteRemoved
)

// InviteClosed gives up the seat that an invite kept free.
type InviteClosed struct {
	User   id.User
	Reason CloseReason
}

func (c InviteClosed) evolve(stage Stage, _ Event) Stage {
	stage.Invites = stage.withoutInvite(c.User)
	return stage.met(c.User, func(a *Acquaintance) { a.Invite = c.Reason })
}

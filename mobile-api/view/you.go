package view

import "time"

// You is what a stage says to somebody of themselves.
type You struct {
	Role   string      `json:"role"`
	Seat   uint32      `json:"seat"`  // 0: none
	Place  int         `json:"place"` // in the queue, from 1; 0: the hand is not up
	Invite *Invitation `json:"invite"`
}

// Invitation is an invite as it is told to whom it is for.
type Invitation struct {
	By        string    `json:"by"`
	ExpiresAt time.Time `json:"expires_at"`
}

// You draws what a person is told of themselves; who counts the queue says the place.
func (s *Stage) You(user string, place int) You {
	role, seat := s.RoleOf(user)
	return You{role, seat, place, s.InvitationOf(user)}
}

// InvitationOf answers nil where nobody has invited a person.
func (s *Stage) InvitationOf(user string) *Invitation {
	for _, invite := range s.Invites {
		if invite.User == user {
			return &Invitation{invite.By, invite.ExpiresAt}
		}
	}
	return nil
}

package view

import (
	"time"

	listenerstatev1 "rostrum/proto/rostrum/listenerstate/v1"
)

// Invite is one that waits for its answer, as moderators see it.
type Invite struct {
	User      string    `json:"user"`
	Name      string    `json:"name"`
	By        string    `json:"by"`
	ExpiresAt time.Time `json:"expires_at"`
}

// invitesFrom is never nil, so that JSON has a list.
func invitesFrom(wire []*listenerstatev1.PendingInvite) []Invite {
	invites := make([]Invite, 0, len(wire))
	for _, i := range wire {
		invites = append(invites, Invite{i.GetUser(), i.GetName(), i.GetBy(), TimeFrom(i.GetExpiresAt())})
	}
	return invites
}

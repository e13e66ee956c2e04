package demo

import (
	"cmp"
	"slices"
	"time"

	"rostrum/client/api"
	"rostrum/client/stage"
)

const (
	// turn is how long a visitor keeps a seat while somebody waits for one; visit is how long otherwise.
	turn  = 10 * time.Minute
	visit = 30 * time.Minute
)

// turns decides whose turn it is to have a seat. One goroutine owns it.
type turns struct {
	bots  []string             // users that stay
	since map[string]time.Time // when a visitor was first seen on a seat
}

func newTurns(bots ...string) *turns { return &turns{bots: bots, since: map[string]time.Time{}} }

// decide answers what is to be done about a stage: who raised a hand is invited while seats are free, the first in the
// queue first; visitors who had their time go back to the audience, who has been on stage longest first.
func (t *turns) decide(s api.Stage, now time.Time) []stage.Command {
	visitors := t.visitors(s, now)
	var commands []stage.Command
	free, waiting := s.Free(), 0
	for _, hand := range s.Hands {
		switch {
		case hand.Absent || t.isBot(hand.User) || isInvited(s, hand.User):
		case free > 0:
			free--
			commands = append(commands, stage.Command{Do: stage.DoInvite, User: hand.User})
		default:
			waiting++
		}
	}
	for _, user := range visitors {
		had := now.Sub(t.since[user])
		if had < visit && (waiting == 0 || had < turn) {
			break // those after came later
		}
		waiting = max(0, waiting-1)
		commands = append(commands, stage.Command{Do: stage.DoAudience, User: user})
	}
	return commands
}

// visitors answers who is on stage beside the bots, who came first before the others.
func (t *turns) visitors(s api.Stage, now time.Time) []string {
	var users []string
	for _, seat := range s.Seats {
		if t.isBot(seat.User) {
			continue
		}
		users = append(users, seat.User)
		if t.since[seat.User].IsZero() {
			t.since[seat.User] = now
		}
	}
	for user := range t.since {
		if !slices.Contains(users, user) {
			delete(t.since, user)
		}
	}
	slices.SortStableFunc(users, func(a, b string) int { return cmp.Compare(t.since[a].UnixNano(), t.since[b].UnixNano()) })
	return users
}

func (t *turns) isBot(user string) bool { return slices.Contains(t.bots, user) }

func isInvited(s api.Stage, user string) bool {
	return slices.ContainsFunc(s.Invites, func(i api.Invite) bool { return i.User == user })
}

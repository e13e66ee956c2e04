// Package stage follows a room's stage over the events socket and gives it commands (docs/protocol.md section 10). It
// connects again and resumes by itself, without an event missed or told twice.
//
//	f, err := stage.Follow(ctx, stage.Config{URL: url, Room: room, Token: client.AccessToken})
//	...
//	for {
//		item, err := f.Next(ctx) // a snapshot first
//		...
//		_, err = f.Do(ctx, stage.Command{Do: stage.DoInvite, User: f.Stage().Hands[0].User})
//	}
package stage

import (
	"maps"
	"slices"

	"rostrum/client/api"
)

// Stage is what holds on a stage, as one person may see it.
type Stage struct {
	api.Stage
	// changed is where the microphone of a seat was last closed or opened: for those of a snapshot, no later than the snapshot.
	changed map[int]api.Position
}

// IsEnforced says whether the SFU reported that it does what the stage says of a seat's microphone: whether "muted" is true yet.
// Until there is a report, also after the log began a new term, nothing is known to be.
func (s Stage) IsEnforced(seat int) bool {
	return s.Enforced != nil && !s.changed[seat].After(*s.Enforced)
}

// clone shares nothing with s that a fold changes.
func (s Stage) clone() Stage {
	s.Moderators, s.Removed = slices.Clone(s.Moderators), slices.Clone(s.Removed)
	s.Seats, s.Hands, s.Invites = slices.Clone(s.Seats), slices.Clone(s.Hands), slices.Clone(s.Invites)
	s.changed = maps.Clone(s.changed)
	return s
}

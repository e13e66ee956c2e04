package room

import (
	"slices"
	"time"

	"rostrum/client/api"
	"rostrum/client/stage"
)

const (
	// maxLog is how many events a view remembers.
	maxLog = 200
	// maxNames bounds the names that a view remembers of people who left; beyond it they are learned anew.
	maxNames = 50_000
)

// view is what is shown of a stage.
type view struct {
	room  Room
	stage stage.Stage
	note  string // what is wrong with the connection; empty: nothing
	log   []entry
	names map[string]string // by user
}

// entry is an event that was told.
type entry struct {
	at   time.Time
	text string
}

func newView(room Room, known ...api.User) *view {
	v := &view{room: room, names: map[string]string{}}
	for _, user := range known {
		v.learn(user.ID, user.Name)
	}
	return v
}

// show takes the stage as it is.
func (v *view) show(s stage.Stage) {
	v.stage = s
	for _, seat := range s.Seats {
		v.learn(seat.User, seat.Name)
	}
	for _, hand := range s.Hands {
		v.learn(hand.User, hand.Name)
	}
	for _, invite := range s.Invites {
		v.learn(invite.User, invite.Name)
	}
}

// event notes an event, and answers it in words.
func (v *view) event(e stage.Event) string {
	v.learn(e.User, e.Name)
	if e.Taken != nil {
		v.learn(e.Taken.User, e.Taken.Name)
	}
	text := sentence(e, v.name)
	v.log = append(v.log, entry{e.At, text})
	if len(v.log) > maxLog {
		v.log = v.log[len(v.log)-maxLog:]
	}
	return text
}

func (v *view) learn(user, name string) {
	if user == "" || name == "" {
		return
	}
	if len(v.names) >= maxNames {
		clear(v.names)
	}
	v.names[user] = name
}

// name answers what a person is called; where that is not known, the id.
func (v *view) name(user string) string {
	if name := v.names[user]; name != "" {
		return clean(name)
	}
	if slices.Contains(v.stage.Moderators, user) {
		return "a moderator"
	}
	return clean(user)
}

// isModerator says whether the view has the queue.
func (v *view) isModerator() bool { return v.stage.View == api.ModeratorView }

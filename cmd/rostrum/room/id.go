package room

import (
	"fmt"
	"regexp"

	"rostrum/internal/id"
)

// Room is a room's id, also as the end of a link to it.
type Room id.Room

var linked = regexp.MustCompile(`(?:^|/)(rm_[0-9a-z]{20})$`)

// UnmarshalText reads a room of the command line.
func (r *Room) UnmarshalText(text []byte) error {
	if m := linked.FindSubmatch(text); m != nil {
		if room, err := id.ParseRoom(string(m[1])); err == nil {
			*r = Room(room)
			return nil
		}
	}
	return fmt.Errorf("%q is no room: rm_ and 20 characters, as `rostrum room list` shows them", text)
}

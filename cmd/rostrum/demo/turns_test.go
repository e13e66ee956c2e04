package demo

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"rostrum/client/api"
	"rostrum/client/stage"
)

// table is a stage with people named by one letter: on seats, with hands up, invited.
func table(most int, seated, hands, invited string) api.Stage {
	s := api.Stage{MaxSeats: most, View: api.ModeratorView}
	for i, who := range strings.Split(seated, "") {
		s.Seats = append(s.Seats, api.Seat{Seat: i + 1, User: who})
	}
	for _, who := range strings.Split(hands, "") {
		s.Hands = append(s.Hands, api.Hand{User: strings.ToLower(who), Absent: who != strings.ToLower(who)})
	}
	for _, who := range strings.Split(invited, "") {
		s.Invites = append(s.Invites, api.Invite{User: who})
	}
	return s
}

func text(commands []stage.Command) string {
	var out []string
	for _, c := range commands {
		out = append(out, fmt.Sprint(c.Do, " ", c.User))
	}
	return strings.Join(out, ", ")
}

// h and b are the bots; the story goes on from line to line.
func TestTurns(t *testing.T) {
	turns := newTurns("h", "b")
	noon := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for _, step := range []struct {
		minute float64
		stage  api.Stage
		want   string
	}{
		{0, table(4, "hb", "", ""), ""},
		{0, table(4, "hb", "x", ""), "invite x"},
		{0, table(4, "hb", "xyz", ""), "invite x, invite y"},
		{0, table(4, "hb", "xyz", "xy"), ""},
		{0, table(4, "hb", "xyz", "x"), "invite y"},
		{0, table(4, "hb", "Xyz", ""), "invite y, invite z"}, // x is away
		{0, table(4, "hb", "hbx", ""), "invite x"},
		{1, table(4, "hbx", "", "y"), ""},
		{3, table(4, "hbxy", "z", ""), ""},
		{10.9, table(4, "hbxy", "z", ""), ""},
		{11, table(4, "hbxy", "z", ""), "audience x"},
		{11, table(4, "hbxy", "Z", ""), ""},                        // nobody is there for it
		{13, table(4, "hbyx", "zw", ""), "audience x, audience y"}, // whatever the order of seats
		{13, table(4, "hby", "zw", ""), "invite z, audience y"},    // w waits, and y has had a turn
		{31, table(4, "hbxy", "", ""), ""},                         // x is back, for less than a turn
		{33, table(4, "hbxy", "", ""), "audience y"},
		{60, table(4, "hbx", "", ""), ""},
		{61, table(4, "hbx", "", ""), "audience x"},
		{99, table(2, "hb", "xy", ""), ""},
	} {
		if got := text(turns.decide(step.stage, noon.Add(time.Duration(step.minute*float64(time.Minute))))); got != step.want {
			t.Errorf("minute %v: %q, want %q", step.minute, got, step.want)
		}
	}
	if len(turns.since) != 0 {
		t.Errorf("remembers %v", turns.since)
	}
}

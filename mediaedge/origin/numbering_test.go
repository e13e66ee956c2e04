package origin

import (
	"testing"
	"time"

	"rostrum/mediaedge/audio"
)

func TestFirstNumberOfAnEpoch(t *testing.T) {
	wall := time.Date(2026, 3, 1, 20, 0, 0, 0, time.UTC)
	begun := anchor{epoch: 7, first: 1000, wall: wall}
	for _, c := range []struct {
		name  string
		h     history
		now   time.Time
		first audio.Number
		gap   audio.Gap
	}{
		{"a new room", history{}, wall, 1, audio.Gap{}},
		{"after 10 s, 1 s of it without origin", history{reserved: 1055, anchor: begun}, wall.Add(10 * time.Second), 1050 + 5, audio.Gap{First: 1045, Last: 1054}},
		{"after a minute without origin", history{reserved: 1055, anchor: begun}, wall.Add(time.Minute), 1300, audio.Gap{First: 1045, Last: 1299}},
		{"wall clock 3 s back", history{reserved: 1055, anchor: begun}, wall.Add(7 * time.Second), 1055, audio.Gap{First: 1045, Last: 1054}},
		{"wall clock an hour back", history{reserved: 1055, anchor: begun}, wall.Add(-time.Hour), 1055, audio.Gap{First: 1045, Last: 1054}},
		{"same process, ring kept", history{reserved: 1055, anchor: begun, held: 1047}, wall.Add(10 * time.Second), 1055, audio.Gap{First: 1048, Last: 1054}},
		{"store lost, edges remember", history{heard: 1049}, wall, 1050, audio.Gap{}},
		{"store lost, edges and log remember", history{heard: 1049, anchor: begun}, wall.Add(12 * time.Second), 1060, audio.Gap{First: 1050, Last: 1059}},
	} {
		first := c.h.first(c.now)
		if first != c.first {
			t.Errorf("%s: first %d, want %d", c.name, first, c.first)
		}
		gap, found := c.h.gap(first, 8)
		if found != (c.gap.Last != 0) || found && (gap.First != c.gap.First || gap.Last != c.gap.Last || gap.Epoch != 8) {
			t.Errorf("%s: gap %+v (%v), want %+v", c.name, gap, found, c.gap)
		}
	}
}

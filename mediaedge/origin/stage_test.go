package origin

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"rostrum/mediaedge/audio"
)

func occupant(seat audio.Seat, user string, muted bool) audio.Occupant {
	return audio.Occupant{Seat: seat, User: user, Name: user, Role: audio.RoleSpeaker, Muted: muted}
}

func seatsOf(all ...audio.Occupant) map[audio.Seat]audio.Occupant {
	seats := map[audio.Seat]audio.Occupant{}
	for _, o := range all {
		seats[o.Seat] = o
	}
	return seats
}

func TestStageWithEvents(t *testing.T) {
	at := func(offset uint64, e audio.TimedEvent) change {
		e.Position = audio.Position{Term: 1, Offset: offset}
		return change{event: e}
	}
	before := stage{position: audio.Position{Term: 1, Offset: 1}, live: true, seats: seatsOf(occupant(1, "ann", true))}
	kept := maps.Clone(before.seats)
	for _, c := range []struct {
		name  string
		c     change
		seats map[audio.Seat]audio.Occupant
		ended bool
	}{
		{"seated", at(2, audio.TimedEvent{Kind: audio.EventSeated, Seat: 2, Occupant: occupant(2, "bob", false)}),
			seatsOf(occupant(1, "ann", true), occupant(2, "bob", false)), false},
		{"unseated", at(2, audio.TimedEvent{Kind: audio.EventUnseated, Seat: 1}), seatsOf(), false},
		{"unmuted", at(2, audio.TimedEvent{Kind: audio.EventUnmuted, Seat: 1}), seatsOf(occupant(1, "ann", false)), false},
		{"muted, nobody sits there", at(2, audio.TimedEvent{Kind: audio.EventMuted, Seat: 9}), kept, false},
		{"ended", at(2, audio.TimedEvent{Kind: audio.EventEnded}), kept, true},
		{"nothing for listeners", at(2, audio.TimedEvent{}), kept, false},
	} {
		after := before.with(c.c)
		if !maps.Equal(after.seats, c.seats) || after.ended != c.ended || after.live == c.ended || after.position.Offset != 2 {
			t.Errorf("%s: %+v", c.name, after)
		}
		if !maps.Equal(before.seats, kept) {
			t.Fatalf("%s changed the stage before", c.name)
		}
	}
	anchored := before.with(change{event: audio.TimedEvent{Position: audio.Position{Term: 1, Offset: 3}}, anchor: anchor{epoch: 7, first: 5}})
	if anchored.anchor.epoch != 7 || anchored.with(at(4, audio.TimedEvent{})).anchor.epoch != 7 {
		t.Errorf("the anchor is not kept: %+v", anchored)
	}
	whole := stage{position: audio.Position{Term: 2, Offset: 9}, live: true, seats: seatsOf()}
	if after := anchored.with(change{snapshot: &whole}); after.position != whole.position || len(after.seats) != 0 || after.anchor.epoch != 0 {
		t.Errorf("a snapshot replaces everything: %+v", after)
	}
}

// orders is a publisher that writes down what it is told.
type orders []string

func (o *orders) admit(who audio.Occupant) {
	*o = append(*o, fmt.Sprintf("admit %d %s", who.Seat, who.User))
}
func (o *orders) dismiss(seat audio.Seat) { *o = append(*o, fmt.Sprintf("dismiss %d", seat)) }
func (o *orders) mute(seat audio.Seat, muted bool) {
	*o = append(*o, fmt.Sprintf("mute %d %v", seat, muted))
}

func TestEnforceTellsOnlyWhatChanged(t *testing.T) {
	ann, bob := occupant(1, "ann", false), occupant(2, "bob", true)
	for _, c := range []struct {
		name          string
		before, after map[audio.Seat]audio.Occupant
		want          []string // in order of text, dismissals first
	}{
		{"nothing", seatsOf(ann, bob), seatsOf(ann, bob), nil},
		{"the first two", nil, seatsOf(ann, bob), []string{"admit 1 ann", "admit 2 bob"}},
		{"one leaves", seatsOf(ann, bob), seatsOf(ann), []string{"dismiss 2"}},
		{"one is muted", seatsOf(ann, bob), seatsOf(occupant(1, "ann", true), bob), []string{"mute 1 true"}},
		{"one is unmuted", seatsOf(bob), seatsOf(occupant(2, "bob", false)), []string{"mute 2 false"}},
		{"another in the same seat", seatsOf(ann), seatsOf(occupant(1, "bob", false)), []string{"dismiss 1", "admit 1 bob"}},
		{"seats are changed", seatsOf(ann, bob), seatsOf(occupant(1, "bob", true), occupant(2, "ann", false)),
			[]string{"dismiss 1", "dismiss 2", "admit 1 bob", "admit 2 ann"}},
	} {
		var got orders
		enforce(&got, stage{seats: c.before}, stage{seats: c.after})
		first := slices.IndexFunc(got, func(o string) bool { return o[0] != 'd' })
		if first < 0 {
			first = len(got)
		}
		slices.Sort(got[:first])
		slices.Sort(got[first:])
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

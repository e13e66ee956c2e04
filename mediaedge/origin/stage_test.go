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
	ann := occupant(1, "ann", true)
	held := ann
	held.Held = true
	open := occupant(1, "ann", false)
	moderator := ann
	moderator.Role = audio.RoleModerator
	away := ann
	away.Away = true
	host := audio.Occupant{Seat: 5, User: "hal", Role: audio.RoleHost}
	hands := func(m audio.HandMode) audio.Policy { return audio.Policy{OpenListening: true, Hands: m} }
	told := func(kind audio.EventKind, seat audio.Seat, o audio.Occupant) audio.TimedEvent {
		return audio.TimedEvent{Kind: kind, Seat: seat, Occupant: o}
	}
	for _, c := range []struct {
		name   string
		before []audio.Occupant
		c      change
		after  []audio.Occupant
		told   audio.TimedEvent
	}{
		{"seated", []audio.Occupant{ann}, change{kind: changeSeated, user: "bob", seat: 2, occupant: occupant(2, "bob", false)},
			[]audio.Occupant{ann, occupant(2, "bob", false)}, told(audio.EventSeated, 2, occupant(2, "bob", false))},
		{"unseated", []audio.Occupant{ann}, change{kind: changeUnseated, user: "ann", seat: 1}, nil, told(audio.EventUnseated, 1, audio.Occupant{})},
		{"unmuted", []audio.Occupant{ann}, change{kind: changeUnmuted, user: "ann", seat: 1}, []audio.Occupant{open}, told(audio.EventUnmuted, 1, audio.Occupant{})},
		{"muted", []audio.Occupant{open}, change{kind: changeMuted, user: "ann", seat: 1}, []audio.Occupant{ann}, told(audio.EventMuted, 1, audio.Occupant{})},
		{"muted, nobody sits there", []audio.Occupant{ann}, change{kind: changeMuted, user: "bob", seat: 9}, []audio.Occupant{ann}, audio.TimedEvent{}},
		{"held", []audio.Occupant{open}, change{kind: changeHeld, user: "ann", seat: 1}, []audio.Occupant{held}, told(audio.EventChanged, 1, held)},
		{"released and still muted", []audio.Occupant{held}, change{kind: changeReleased, user: "ann", seat: 1}, []audio.Occupant{ann}, told(audio.EventChanged, 1, ann)},
		{"appointed", []audio.Occupant{ann}, change{kind: changeAppointed, user: "ann"}, []audio.Occupant{moderator}, told(audio.EventChanged, 1, moderator)},
		{"appointed without a seat", []audio.Occupant{ann}, change{kind: changeAppointed, user: "bob"}, []audio.Occupant{ann}, audio.TimedEvent{}},
		{"dismissed", []audio.Occupant{moderator}, change{kind: changeDismissed, user: "ann"}, []audio.Occupant{ann}, told(audio.EventChanged, 1, ann)},
		{"the host stays host", []audio.Occupant{host}, change{kind: changeDismissed, user: "hal"}, []audio.Occupant{host}, audio.TimedEvent{}},
		{"the host is no moderator", []audio.Occupant{host}, change{kind: changeAppointed, user: "hal"}, []audio.Occupant{host}, audio.TimedEvent{}},
		{"microphone lost", []audio.Occupant{ann}, change{kind: changeLost, user: "ann", seat: 1}, []audio.Occupant{away}, told(audio.EventChanged, 1, away)},
		{"microphone found again", []audio.Occupant{away}, change{kind: changeFound, user: "ann", seat: 1}, []audio.Occupant{ann}, told(audio.EventChanged, 1, ann)},
		{"microphone found first", []audio.Occupant{ann}, change{kind: changeFound, user: "ann", seat: 1}, []audio.Occupant{ann}, audio.TimedEvent{}},
		{"removed", []audio.Occupant{ann}, change{kind: changeRemoved, user: "bob"}, []audio.Occupant{ann}, audio.TimedEvent{}},
		{"hand mode", []audio.Occupant{ann}, change{kind: changePolicy, hands: audio.HandsClosed}, []audio.Occupant{ann},
			audio.TimedEvent{Kind: audio.EventPolicy, Policy: hands(audio.HandsClosed)}},
		{"ended", []audio.Occupant{ann}, change{kind: changeEnded}, []audio.Occupant{ann}, audio.TimedEvent{Kind: audio.EventEnded}},
		{"nothing for listeners", []audio.Occupant{ann}, change{}, []audio.Occupant{ann}, audio.TimedEvent{}},
	} {
		before := stage{live: true, policy: hands(audio.HandsOpen), seats: seatsOf(c.before...)}
		kept := maps.Clone(before.seats)
		c.c.position = audio.Position{Term: 1, Offset: 2}
		after, got := before.with(c.c)
		if c.told.Kind != 0 {
			c.told.Position = c.c.position
		}
		if got.Kind == 0 {
			got = audio.TimedEvent{}
		}
		if got != c.told {
			t.Errorf("%s: told %+v, want %+v", c.name, got, c.told)
		}
		ended := c.c.kind == changeEnded
		if !maps.Equal(after.seats, seatsOf(c.after...)) || after.ended != ended || after.live == ended || after.position != c.c.position {
			t.Errorf("%s: %+v", c.name, after)
		}
		if !maps.Equal(before.seats, kept) {
			t.Fatalf("%s changed the stage before", c.name)
		}
	}
}

func TestAStageKeepsItsAnchorAndASnapshotReplacesAll(t *testing.T) {
	anchored, told := stage{}.with(change{position: audio.Position{Term: 1, Offset: 3}, kind: changeAnchor, anchor: anchor{epoch: 7, first: 5}})
	later, _ := anchored.with(change{position: audio.Position{Term: 1, Offset: 4}})
	if anchored.anchor.epoch != 7 || later.anchor.epoch != 7 || told.Kind != 0 {
		t.Errorf("the anchor is not kept: %+v, %+v", anchored, later)
	}
	whole := stage{position: audio.Position{Term: 2, Offset: 9}, live: true, seats: seatsOf()}
	after, told := later.with(change{snapshot: &whole})
	if after.position != whole.position || len(after.seats) != 0 || after.anchor.epoch != 0 || told.Kind != 0 {
		t.Errorf("a snapshot replaces everything: %+v", after)
	}
}

// orders is a publisher that writes down what it is told.
type orders []string

func (o *orders) admit(who audio.Occupant) {
	*o = append(*o, fmt.Sprintf("admit %d %s", who.Seat, who.User))
}
func (o *orders) dismiss(who audio.Occupant) { *o = append(*o, fmt.Sprintf("dismiss %d", who.Seat)) }
func (o *orders) mute(seat audio.Seat, muted bool) {
	*o = append(*o, fmt.Sprintf("mute %d %v", seat, muted))
}

func TestEnforceTellsOnlyWhatChanged(t *testing.T) {
	ann, bob := occupant(1, "ann", false), occupant(2, "bob", true)
	held, away := occupant(1, "ann", false), ann
	held.Held, away.Away = true, true
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
		{"one is held", seatsOf(ann), seatsOf(held), []string{"mute 1 true"}},
		{"who is muted is held", seatsOf(occupant(1, "ann", true)), seatsOf(held), nil},
		{"one is away", seatsOf(ann, bob), seatsOf(away, bob), nil},
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

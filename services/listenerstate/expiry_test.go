package listenerstate

import (
	"reflect"
	"testing"
	"time"

	"rostrum/internal/id"
)

var timer = Actor{Service: ServiceTimer}

// toldAt is the stage after changes at a time.
func toldAt(stage Stage, now time.Time, changes ...Change) Stage {
	for _, change := range changes {
		e := Event{WallTime: now, Change: change}
		e.Position.Term, e.Position.Offset = 1, stage.Position.Offset+1
		stage = evolve(stage, e)
	}
	return stage
}

func TestWhatIsDueAndWhen(t *testing.T) {
	found := []Change{MediaFound{host, 1, "sfu-1.00000000000000000001"}, MediaFound{speaker, 2, "sfu-1.00000000000000000002"}}
	settled := toldOn(live(), found...)
	asked := toldOn(settled, HandRaised{User: stranger}, Invited{User: stranger, ExpiresAt: noon.Add(time.Minute)})
	for name, c := range map[string]struct {
		stage Stage
		after time.Duration // 0: nothing is due ever
		want  []Change
	}{
		"nobody waits":             {stage: settled},
		"no room":                  {stage: Stage{}},
		"a room that is over":      {stage: toldOn(live(), RoomEnded{})},
		"seats without microphone": {live(), seatGrace, []Change{Unseated{host, 1, UnseatAway}, Unseated{speaker, 2, UnseatAway}}},
		"a lost microphone": {
			toldAt(settled, noon.Add(time.Hour), MediaLost{speaker, 2, "sfu-1.00000000000000000002"}), time.Hour + seatGrace,
			[]Change{Unseated{speaker, 2, UnseatAway}},
		},
		"a microphone that came back": {stage: toldOn(settled, MediaLost{speaker, 2, "sfu-1.00000000000000000002"}, found[1])},
		"an invite, and its hand":     {asked, time.Minute, []Change{InviteClosed{stranger, InviteExpired}, HandLowered{stranger, LoweredExpired}}},
		"an invite and a hand at the same time": {
			toldOn(asked, HandAbsent{stranger}), time.Minute, []Change{InviteClosed{stranger, InviteExpired}, HandLowered{stranger, LoweredExpired}},
		},
		"an invite that was renewed": {
			toldOn(asked, Invited{User: stranger, ExpiresAt: noon.Add(2 * time.Minute)}), 2 * time.Minute,
			[]Change{InviteClosed{stranger, InviteExpired}, HandLowered{stranger, LoweredExpired}},
		},
		"an absent hand":          {toldOn(settled, HandRaised{User: stranger}, HandAbsent{stranger}), handGrace, []Change{HandLowered{stranger, LoweredAway}}},
		"an absent hand, seen":    {stage: toldOn(settled, HandRaised{User: stranger}, HandAbsent{stranger}, HandPresent{stranger})},
		"an absent hand, lowered": {stage: toldOn(settled, HandRaised{User: stranger}, HandAbsent{stranger}, HandLowered{stranger, LoweredBySelf})},
		"absent hands, all down":  {stage: toldOn(settled, HandRaised{User: stranger}, HandAbsent{stranger}, AllHandsLowered{})},
		"absent hands, closed":    {stage: toldOn(settled, HandRaised{User: stranger}, HandAbsent{stranger}, HandModeSet{HandsClosed})},
	} {
		due, waits := c.stage.due()
		if waits != (c.after > 0) || waits && !due.Equal(noon.Add(c.after)) {
			t.Errorf("%s: due %v, %v; want after %v", name, due, waits, c.after)
			continue
		}
		if !waits {
			continue
		}
		if changes, err := tryAt(due.Add(-time.Millisecond), c.stage, timer, CloseExpired{}); err != nil || len(changes) > 0 {
			t.Errorf("%s: a moment before: %+v, %v", name, changes, err)
		}
		changes, err := tryAt(due, c.stage, timer, CloseExpired{})
		if err != nil || !reflect.DeepEqual(changes, c.want) {
			t.Errorf("%s: %+v, %v; want %+v", name, changes, err, c.want)
		}
		if again, waits := toldAt(c.stage, due, changes...).due(); waits && !again.After(due) {
			t.Errorf("%s: it is still due at %v", name, again)
		}
	}
}

// TestManyAreDueAtOnce has a gateway die that had everybody: what is due is closed in several commands, each with an id
// of its own, and then nothing is due.
func TestManyAreDueAtOnce(t *testing.T) {
	stage := told(opened(func(c *RoomOpened) { c.MaxSeats = MostSeats }))
	for n := range MostSeats {
		if n < MostSeats/2 {
			stage = toldOn(stage, Seated{User: nth(n), Seat: uint32(n + 1)})
		} else {
			stage = toldOn(stage, HandRaised{User: nth(n)}, HandAbsent{nth(n)}, Invited{User: nth(n), ExpiresAt: noon.Add(seatGrace)})
		}
	}
	for n := range 200 {
		stage = toldOn(stage, HandRaised{User: nth(1000 + n)}, HandAbsent{nth(1000 + n)})
	}
	ids, gone, now := map[id.Command]bool{}, map[id.User]int{}, noon.Add(handGrace)
	for rounds := 0; ; rounds++ {
		due, waits := stage.due()
		if !waits {
			break
		}
		r := stage.expiry(due)
		events, err := decide(stage, r, now)
		if err != nil || len(events) == 0 || len(events) > expireMost+1 || ids[r.ID] || rounds > 10 {
			t.Fatalf("round %d: %s closes %d, %v", rounds, r.ID, len(events), err)
		}
		ids[r.ID] = true
		for _, e := range events {
			switch c := e.Change.(type) {
			case Unseated:
				gone[c.User]++
			case HandLowered:
				gone[c.User]++
			}
			stage = toldAt(stage, now, e.Change)
		}
	}
	if len(stage.Seats)+len(stage.Invites)+stage.Hands.Len() > 0 || len(gone) != MostSeats+200 {
		t.Errorf("%d seats, %d invites, %d hands are left; %d people are gone", len(stage.Seats), len(stage.Invites), stage.Hands.Len(), len(gone))
	}
	for user, times := range gone {
		if times != 1 {
			t.Errorf("%s went %d times", user, times)
		}
	}
}

func TestTheSameTimeOnTheSameStageIsTheSameCommand(t *testing.T) {
	due, _ := live().due()
	one, other := live().expiry(due), live().expiry(due)
	if one != other {
		t.Errorf("%+v and %+v", one, other)
	}
	if err := one.check(); err != nil {
		t.Error(err)
	}
	if later := toldOn(live(), Muted{host, 1}).expiry(due); later.ID == one.ID {
		t.Errorf("another stage, and %s again", later.ID)
	}
}

func TestLateMicrophones(t *testing.T) {
	const first, second = id.Session("sfu-1.00000000000000000001"), id.Session("sfu-1.00000000000000000002")
	sfu := Actor{Service: ServiceSFU}
	stage := toldOn(live(), MediaFound{speaker, 2, first}, MediaFound{speaker, 2, second})
	if changes, err := try(stage, sfu, ReportMedia{User: speaker, Session: first, Lost: true}); err != nil || len(changes) > 0 {
		t.Errorf("the loss of the session before: %+v, %v", changes, err)
	}
	gone := toldOn(stage, Unseated{speaker, 2, UnseatLeft})
	for _, report := range []ReportMedia{{speaker, second, true}, {speaker, second, false}, {stranger, first, false}} {
		if changes, err := try(gone, sfu, report); err != nil || len(changes) > 0 {
			t.Errorf("%+v without a seat: %+v, %v", report, changes, err)
		}
	}
	back := toldOn(gone, Seated{User: speaker, Seat: 2})
	if changes, err := try(back, sfu, ReportMedia{User: speaker, Session: second, Lost: true}); err != nil || len(changes) > 0 {
		t.Errorf("the loss of a session of the seat before: %+v, %v", changes, err)
	}
	if due, waits := back.due(); !waits || !due.Equal(noon.Add(seatGrace)) {
		t.Errorf("a new seat is due %v, %v", due, waits)
	}
}

package listenerstate

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"rostrum/internal/id"
)

// turn is a command's doing: the stage before, its events, the stage after.
type turn struct {
	before, after Stage
	events        []Event
	raised        map[id.User]uint64 // by event, whose hand was raised
}

// invariants are what docs/protocol.md names under "What always holds", in that order. One without a function is proven
// by the test named beside it.
var invariants = []struct {
	name  string
	holds func(turn) error
	test  string
}{
	{"One seat, one person", oneSeatOnePerson, ""},
	{"Never more than fit", neverMoreThanFit, ""},
	{"On stage or asking", onStageOrAsking, ""},
	{"One order", oneOrder, ""},
	{"Removed is out", removedIsOut, ""},
	{"Nobody is unmuted by others", nobodyIsUnmutedByOthers, ""},
	{"Held is muted", heldIsMuted, ""},
	{"Powers follow the role", powersFollowTheRole, ""},
	{"Time never falls", timeNeverFalls, ""},
	{"Nothing stays due", nothingStaysDue, ""},
	{"The stage is the fold", nil, "TestRandomLivesAgreeWithTheModel"},
	{"One answer to a key", nil, "TestNeverTwoAnswersToOneKey"},
}

func (t turn) check() error {
	for _, invariant := range invariants {
		if invariant.holds == nil {
			continue
		}
		if err := invariant.holds(t); err != nil {
			return fmt.Errorf("%q does not hold: %w", invariant.name, err)
		}
	}
	return nil
}

func TestTheInvariantsAreThoseOfTheProtocol(t *testing.T) {
	_, list, found := strings.Cut(protocol(t), "#### What always holds")
	if !found {
		t.Fatal("docs/protocol.md does not say what always holds")
	}
	list, _, _ = strings.Cut(list, "\n###")
	var named, checked []string
	for _, match := range regexp.MustCompile(`(?m)^\d+\. \*\*(.+)\.\*\*`).FindAllStringSubmatch(list, -1) {
		named = append(named, match[1])
	}
	for _, invariant := range invariants {
		checked = append(checked, invariant.name)
	}
	if !slices.Equal(named, checked) {
		t.Errorf("the protocol names %q, the tests check %q", named, checked)
	}
}

func protocol(t testing.TB) string {
	t.Helper()
	page, err := os.ReadFile("../../docs/protocol.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(page)
}

func oneSeatOnePerson(t turn) error {
	last := uint32(0)
	for i, seat := range t.after.Seats {
		if seat.Number <= last || seat.User == "" {
			return fmt.Errorf("seats are %+v", t.after.Seats)
		}
		last = seat.Number
		for _, other := range t.after.Seats[:i] {
			if other.User == seat.User {
				return fmt.Errorf("%s has seats %d and %d", seat.User, other.Number, seat.Number)
			}
		}
	}
	return nil
}

func neverMoreThanFit(t turn) error {
	s := t.after
	if len(s.Seats)+len(s.Invites) > int(s.MaxSeats) {
		return fmt.Errorf("%d seats and %d invites of %d", len(s.Seats), len(s.Invites), s.MaxSeats)
	}
	if n := len(s.Seats); n > 0 && s.Seats[n-1].Number > s.MaxSeats {
		return fmt.Errorf("seat %d of %d", s.Seats[n-1].Number, s.MaxSeats)
	}
	if s.Hands.Len() > mostHands || len(s.Moderators) > mostModerators || len(s.Removed) > mostRemoved || len(s.Acquaintances) > mostAcquaintances {
		return fmt.Errorf("%d hands, %d moderators, %d removed, %d acquaintances", s.Hands.Len(), len(s.Moderators), len(s.Removed), len(s.Acquaintances))
	}
	return nil
}

func onStageOrAsking(t turn) error {
	for _, seat := range t.after.Seats {
		if _, invited := t.after.inviteOf(seat.User); invited || t.after.Hands.Place(seat.User) > 0 {
			return fmt.Errorf("%s has a seat and a hand or an invite", seat.User)
		}
	}
	for i, invite := range t.after.Invites {
		for _, other := range t.after.Invites[:i] {
			if other.User == invite.User {
				return fmt.Errorf("%s has two invites", invite.User)
			}
		}
	}
	return nil
}

func oneOrder(t turn) error {
	last, place := uint64(0), 0
	for hand := range t.after.Hands.All() {
		place++
		if hand.Order <= last || hand.Order != t.raised[hand.User] {
			return fmt.Errorf("the hand of %s, raised at %d, has order %d after %d", hand.User, t.raised[hand.User], hand.Order, last)
		}
		last = hand.Order
		if got := t.after.Hands.Place(hand.User); got != place {
			return fmt.Errorf("%s stands in place %d and is told %d", hand.User, place, got)
		}
		if of, up := t.after.Hands.Of(hand.User); !up || of.Order != hand.Order {
			return fmt.Errorf("the hand of %s is %+v and %+v", hand.User, hand, of)
		}
	}
	if place != t.after.Hands.Len() {
		return fmt.Errorf("%d hands are counted as %d", place, t.after.Hands.Len())
	}
	return nil
}

func removedIsOut(t turn) error {
	for _, user := range t.after.Removed {
		_, seated := t.after.seatOf(user)
		_, invited := t.after.inviteOf(user)
		if seated || invited || t.after.Hands.Place(user) > 0 || t.after.roleOf(user) != RoleListener {
			return fmt.Errorf("%s was removed and has a seat %v, an invite %v, place %d, role %d", user, seated, invited, t.after.Hands.Place(user), t.after.roleOf(user))
		}
	}
	return nil
}

// nobodyIsUnmutedByOthers also looks at the microphones themselves: a seat that is open now and was not before was opened
// or taken by its own person.
func nobodyIsUnmutedByOthers(t turn) error {
	own := map[id.User]bool{}
	for _, e := range t.events {
		switch c := e.Change.(type) {
		case Unmuted:
			if !e.Actor.isPerson(c.User) {
				return fmt.Errorf("%s unmuted %s", e.Actor, c.User)
			}
			own[c.User] = true
		case Seated:
			if !c.Muted && !e.Actor.isPerson(c.User) {
				return fmt.Errorf("%s seated %s with an open microphone", e.Actor, c.User)
			}
			own[c.User] = true
		}
	}
	for _, seat := range t.after.Seats {
		before, seated := t.before.seatOf(seat.User)
		if !seat.Muted && (!seated || before.Muted) && !own[seat.User] {
			return fmt.Errorf("the microphone of %s is open without an event of theirs", seat.User)
		}
	}
	return nil
}

func heldIsMuted(t turn) error {
	for _, seat := range t.after.Seats {
		if seat.Held && !seat.Muted {
			return fmt.Errorf("%+v", seat)
		}
		before, wasSeated := t.before.seatOf(seat.User)
		outside, _ := t.before.acquaintance(seat.User)
		if (wasSeated && before.Held || !wasSeated && outside.Held) && !seat.Held && !byPowers(t.before, t.events[0].Actor) {
			return fmt.Errorf("%s ended the hold of %s", t.events[0].Actor, seat.User)
		}
	}
	return nil
}

func byPowers(stage Stage, by Actor) bool {
	return by.User != "" && (by.User == stage.Host || slices.Contains(stage.Moderators, by.User))
}

func powersFollowTheRole(t turn) error {
	if !slices.IsSorted(t.after.Moderators) || slices.Contains(t.after.Moderators, t.after.Host) || t.after.isRemoved(t.after.Host) {
		return fmt.Errorf("moderators are %v, removed are %v, the host is %s", t.after.Moderators, t.after.Removed, t.after.Host)
	}
	for _, seat := range t.after.Seats {
		if seat.Role != t.after.seatedRole(seat.User) {
			return fmt.Errorf("%+v is seated as %d", seat, seat.Role)
		}
	}
	return nil
}

func timeNeverFalls(t turn) error {
	last := t.before.WallTime
	for _, e := range t.events {
		if e.WallTime.Before(last) {
			return fmt.Errorf("from %v to %v", last, e.WallTime)
		}
		last = e.WallTime
	}
	if !t.after.WallTime.Equal(last) {
		return fmt.Errorf("the stage is of %v, its last event of %v", t.after.WallTime, last)
	}
	return nil
}

// nothingStaysDue closes what is due when it is, and nothing a moment before.
func nothingStaysDue(t turn) error {
	due, waits := t.after.due()
	if !waits {
		return nil
	}
	if early, err := decide(t.after, t.after.expiry(due), due.Add(-time.Millisecond)); err != nil || len(early) > 0 && t.after.WallTime.Before(due) {
		return fmt.Errorf("a moment before %v: %+v, %w", due, early, err)
	}
	events, err := decide(t.after, t.after.expiry(due), due)
	if err != nil || len(events) == 0 {
		return fmt.Errorf("at %v: %d events, %w", due, len(events), err)
	}
	stage := t.after
	for _, e := range events {
		e.Position = stage.Position
		e.Position.Offset++
		stage = evolve(stage, e)
	}
	if later, waits := stage.due(); waits && !later.After(due) && len(events) < expireMost {
		return fmt.Errorf("after what was due at %v something still is at %v", due, later)
	}
	return nil
}

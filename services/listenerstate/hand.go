package listenerstate

import (
	"iter"
	"slices"
	"time"

	"github.com/benbjohnson/immutable"

	"rostrum/internal/fault"
	"rostrum/internal/id"
)

// mostHands bounds the hand queue of a room.
const mostHands = 20_000

// Hand is a raised hand.
type Hand struct {
	User     id.User
	Order    uint64 // offset of the event that raised it: the queue is sorted by it
	Name     Name
	Note     Name
	RaisedAt time.Time
	// AbsentSince is when the person was seen last; zero: present.
	AbsentSince time.Time
}

// HandQueue is the raised hands in the order of their raising. It is a value: a change answers another queue, which
// shares what did not change. The zero value is the empty queue.
type HandQueue struct {
	inOrder *immutable.SortedMap[uint64, Hand]
	orders  *immutable.Map[string, uint64] // by user
	absent  int
}

// Len answers how many hands are up.
func (q HandQueue) Len() int {
	if q.inOrder == nil {
		return 0
	}
	return q.inOrder.Len()
}

// All answers the hands in order.
func (q HandQueue) All() iter.Seq[Hand] {
	return func(yield func(Hand) bool) {
		if q.inOrder == nil {
			return
		}
		for hands := q.inOrder.Iterator(); !hands.Done(); {
			if _, hand, _ := hands.Next(); !yield(hand) {
				return
			}
		}
	}
}

// Of answers a person's hand.
func (q HandQueue) Of(user id.User) (Hand, bool) {
	if q.inOrder == nil {
		return Hand{}, false
	}
	order, up := q.orders.Get(string(user))
	if !up {
		return Hand{}, false
	}
	return q.inOrder.Get(order)
}

// Place answers where a person stands, from 1; 0: the hand is not up. It walks from both ends: most are asked for right
// after they were raised.
func (q HandQueue) Place(user id.User) int {
	hand, up := q.Of(user)
	if !up {
		return 0
	}
	first, last := q.inOrder.Iterator(), q.inOrder.Iterator()
	last.Last()
	for walked := 1; ; walked++ {
		if order, _, _ := first.Next(); order == hand.Order {
			return walked
		}
		if order, _, _ := last.Prev(); order == hand.Order {
			return q.Len() + 1 - walked
		}
	}
}

func (q HandQueue) with(hand Hand) HandQueue {
	if q.inOrder == nil {
		q.inOrder, q.orders = immutable.NewSortedMap[uint64, Hand](nil), immutable.NewMap[string, uint64](nil)
	}
	q = q.without(hand.User)
	q.inOrder, q.orders = q.inOrder.Set(hand.Order, hand), q.orders.Set(string(hand.User), hand.Order)
	if !hand.AbsentSince.IsZero() {
		q.absent++
	}
	return q
}

func (q HandQueue) without(user id.User) HandQueue {
	hand, up := q.Of(user)
	if !up {
		return q
	}
	if !hand.AbsentSince.IsZero() {
		q.absent--
	}
	q.inOrder, q.orders = q.inOrder.Delete(hand.Order), q.orders.Delete(string(user))
	return q
}

// absences answers the hands whose people are not seen, in order.
func (q HandQueue) absences() iter.Seq[Hand] {
	return func(yield func(Hand) bool) {
		left := q.absent
		for hand := range q.All() {
			if left == 0 {
				return
			}
			if hand.AbsentSince.IsZero() {
				continue
			}
			if left--; !yield(hand) {
				return
			}
		}
	}
}

// RaiseHand puts the actor at the end of the hand queue. A hand that is up stays where it is.
type RaiseHand struct {
	Name string // may be empty
	Note string // may be empty
}

func (RaiseHand) kind() string           { return "raise_hand" }
func (RaiseHand) about(by Actor) id.User { return by.User }

func (c RaiseHand) check() error {
	if err := checkText("name", c.Name, maxNameBytes); err != nil {
		return err
	}
	return checkText("note", c.Note, maxNoteBytes)
}

func (c RaiseHand) decide(m moment) ([]Change, error) {
	user := m.by.User
	if hand, up := m.Hands.Of(user); up {
		if !hand.AbsentSince.IsZero() {
			return []Change{HandPresent{user}}, nil
		}
		return nil, nil
	}
	if _, seated := m.seatOf(user); seated {
		return nil, fault.New(fault.CodeAlreadySeated, "you have a seat")
	}
	if !m.mayRaise(user) {
		return nil, fault.New(fault.CodeHandsClosed, "hands are not taken now").With("mode", m.HandMode.String())
	}
	if m.Hands.Len() >= mostHands {
		return nil, fault.New(fault.CodeQueueFull, "20,000 hands are up; try again when some went down")
	}
	return []Change{HandRaised{User: user, Name: Name{Plain: c.Name}, Note: Name{Plain: c.Note}}}, nil
}

func (s Stage) mayRaise(user id.User) bool {
	switch s.HandMode {
	case HandsOpen:
		return true
	case HandsInvited:
		_, known := s.acquaintance(user)
		return known || slices.Contains(s.Speakers, user) || s.roleOf(user) >= RoleModerator
	}
	return false
}

// LowerHand lowers a person's hand.
type LowerHand struct{ User id.User }

func (LowerHand) kind() string          { return "lower_hand" }
func (c LowerHand) about(Actor) id.User { return c.User }
func (c LowerHand) check() error        { return checkUser(c.User) }

func (c LowerHand) decide(m moment) ([]Change, error) {
	reason := LoweredByModerator
	if m.by.isPerson(c.User) {
		reason = LoweredBySelf
	}
	return m.lowered(c.User, reason), nil
}

// lowered answers what takes a person's hand down, nothing where it is not up.
func (s Stage) lowered(user id.User, reason LowerReason) []Change {
	if _, up := s.Hands.Of(user); !up {
		return nil
	}
	return []Change{HandLowered{user, reason}}
}

// LowerAllHands empties the queue.
type LowerAllHands struct{}

func (LowerAllHands) kind() string        { return "lower_all_hands" }
func (LowerAllHands) about(Actor) id.User { return "" }
func (LowerAllHands) check() error        { return nil }

func (LowerAllHands) decide(m moment) ([]Change, error) {
	if m.Hands.Len() == 0 {
		return nil, nil
	}
	return []Change{AllHandsLowered{}}, nil
}

// HandRaised puts a person at the end of the queue.
type HandRaised struct {
	User id.User
	Name Name
	Note Name
}

func (c HandRaised) evolve(stage Stage, e Event) Stage {
	stage.Hands = stage.Hands.with(Hand{User: c.User, Order: e.Position.Offset, Name: c.Name, Note: c.Note, RaisedAt: e.WallTime})
	return stage
}

// LowerReason says why a hand went down; the numbers are those of the wire.
type LowerReason uint8

const (
	LoweredBySelf LowerReason = iota + 1
	LoweredByModerator
	LoweredSeated
	LoweredDeclined
	LoweredExpired // an invite was not answered
	LoweredAway
	LoweredLeft
	LoweredRemoved
)

// HandLowered takes a hand out of the queue.
type HandLowered struct {
	User   id.User
	Reason LowerReason
}

func (c HandLowered) evolve(stage Stage, _ Event) Stage {
	stage.Hands = stage.Hands.without(c.User)
	return stage
}

// AllHandsLowered empties the queue.
type AllHandsLowered struct{}

func (AllHandsLowered) evolve(stage Stage, _ Event) Stage {
	stage.Hands = HandQueue{}
	return stage
}

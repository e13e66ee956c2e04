package events

import (
	"iter"
	"slices"

	"rostrum/mobile-api/view"
)

// queue is the raised hands in order. One goroutine owns it.
type queue struct {
	slots []slot // rising by order
	of    map[string]*view.Hand
}

// slot keeps its order when its hand goes down, so that the others stay where they can be found.
type slot struct {
	order uint64
	hand  *view.Hand // nil: went down
}

func newQueue() queue { return queue{of: map[string]*view.Hand{}} }

func (q *queue) len() int { return len(q.of) }

// raise puts a hand at its order, which is above all others unless a log says otherwise.
func (q *queue) raise(hand view.Hand) {
	q.lower(hand.User)
	i, found := len(q.slots), false
	if i > 0 && q.slots[i-1].order >= hand.Order {
		i, found = q.find(hand.Order)
	}
	q.of[hand.User] = &hand
	if found {
		q.slots[i].hand = &hand
		return
	}
	q.slots = slices.Insert(q.slots, i, slot{hand.Order, &hand})
}

func (q *queue) lower(user string) {
	hand, up := q.of[user]
	if !up {
		return
	}
	delete(q.of, user)
	if i, found := q.find(hand.Order); found && q.slots[i].hand == hand {
		q.slots[i].hand = nil
	}
	if len(q.slots) > 2*len(q.of)+64 {
		q.slots = slices.DeleteFunc(q.slots, func(s slot) bool { return s.hand == nil })
	}
}

func (q *queue) lowerAll() { *q = newQueue() }

// all answers the hands in order.
func (q *queue) all() iter.Seq[*view.Hand] {
	return func(yield func(*view.Hand) bool) {
		for _, s := range q.slots {
			if s.hand != nil && !yield(s.hand) {
				return
			}
		}
	}
}

// place counts where a person stands, from 1; 0: the hand is not up.
func (q *queue) place(user string) int {
	hand, up := q.of[user]
	if !up {
		return 0
	}
	place := 0
	for other := range q.all() {
		if place++; other == hand {
			break
		}
	}
	return place
}

func (q *queue) find(order uint64) (int, bool) {
	return slices.BinarySearchFunc(q.slots, order, func(s slot, order uint64) int {
		switch {
		case s.order < order:
			return -1
		case s.order > order:
			return 1
		}
		return 0
	})
}

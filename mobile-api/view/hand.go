package view

import (
	"time"

	listenerstatev1 "rostrum/proto/rostrum/listenerstate/v1"
)

// Hand is a raised hand, as moderators see it.
type Hand struct {
	User     string    `json:"user"`
	Name     string    `json:"name"`
	Note     string    `json:"note"`
	Order    uint64    `json:"order"` // the queue is sorted by it
	RaisedAt time.Time `json:"raised_at"`
	Absent   bool      `json:"absent"`
}

// HandFrom draws a hand.
func HandFrom(wire *listenerstatev1.Hand) Hand {
	return Hand{
		wire.GetUser(), wire.GetName(), wire.GetNote(), wire.GetOrder(), TimeFrom(wire.GetRaisedAt()), wire.GetAbsentSince() != nil,
	}
}

// HandsFrom is never nil, so that JSON has a list.
func HandsFrom(wire []*listenerstatev1.Hand) []Hand {
	hands := make([]Hand, 0, len(wire))
	for _, h := range wire {
		hands = append(hands, HandFrom(h))
	}
	return hands
}

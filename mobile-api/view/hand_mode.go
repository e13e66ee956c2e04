package view

import listenv1 "rostrum/proto/rostrum/listen/v1"

// Hand modes as they are written: who may raise a hand.
const (
	HandsOpen    = "open"
	HandsInvited = "invited"
	HandsClosed  = "closed"
)

// HandModeFrom names a hand mode.
func HandModeFrom(wire listenv1.HandMode) string {
	switch wire {
	case listenv1.HandMode_HAND_MODE_INVITED:
		return HandsInvited
	case listenv1.HandMode_HAND_MODE_CLOSED:
		return HandsClosed
	}
	return HandsOpen
}

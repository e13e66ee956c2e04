package events

import (
	"time"
)

// allowance is 20 messages a second, 40 at once (GCRA: it holds the time at which it is whole again).
type allowance struct{ whole time.Time }

const (
	perMessage     = time.Second / 20
	messagesAtOnce = 40
)

func newAllowance(now time.Time) allowance { return allowance{now} }

func (a *allowance) take(now time.Time) bool {
	if a.whole.Before(now) {
		a.whole = now
	}
	a.whole = a.whole.Add(perMessage)
	return a.whole.Sub(now) <= messagesAtOnce*perMessage
}

package mobileapi

import (
	"time"

	"rostrum/internal/fault"
	"rostrum/internal/id"
)

// pace bounds how often one person changes something.
type pace struct {
	people *limiter[id.User]
	now    func() time.Time
}

// keep serves the calls of people who keep the pace.
func (p pace) keep(serve handler) handler {
	return func(r *request) (answer, error) {
		if err := p.check(r); err != nil {
			return answer{}, err
		}
		return serve(r)
	}
}

// check counts a call. Fault: rate_limited.
func (p pace) check(r *request) error {
	if wait := p.people.take(r.who.user, p.now()); wait > 0 {
		return fault.New(fault.CodeRateLimited, "this is more at a time than anyone needs; slow down").In(wait)
	}
	return nil
}

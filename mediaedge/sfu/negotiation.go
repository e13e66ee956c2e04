package sfu

import (
	"context"
	"strings"
	"time"

	"rostrum/internal/fault"
	"rostrum/internal/id"
	"rostrum/mediaedge/audio"
)

// Join opens a session for a person who may publish and answers the offer, with all candidates in. The session replaces
// the one that the person had. The entity tag comes with its quotes, as an ETag header wants it.
//
// Faults: not_seated, bad_sdp, too_large, conflict for a session id in use, not_live after Close, unavailable.
func (r *Room) Join(ctx context.Context, name id.Session, user id.User, offer string) (answer, etag string, seat audio.Seat, err error) {
	p, err := r.seated(user)
	if err != nil {
		return "", "", 0, err
	}
	settled, err := readOffer(offer)
	if err != nil {
		return "", "", 0, err
	}
	select {
	case p.joining <- struct{}{}:
		defer func() { <-p.joining }()
	case <-ctx.Done():
		return "", "", 0, fault.Unavailable(ctx.Err(), "another session of this seat is being made; try again")
	}
	s, err := newSession(name, p, user, r, settled)
	if err != nil {
		return "", "", 0, err
	}
	answer, etag, err = s.answer(ctx)
	if err == nil {
		err = r.admit(s)
	}
	if err != nil {
		if closing := s.close(); closing != nil {
			r.log.Warn("close session", "session", s.id, "error", closing)
		}
		return "", "", 0, err
	}
	return answer, etag, p.seat, nil
}

// Restart answers an ICE restart (RFC 9725 section 4.3.3). ifMatch is the newest entity tag, or "*". A fragment with the
// credentials in use brings further candidates, which are not needed: the answer is then an empty fragment and the
// same tag.
//
// Faults: not_found, precondition_failed for another tag, bad_sdp, too_large, unavailable.
func (r *Room) Restart(ctx context.Context, name id.Session, user id.User, ifMatch, fragment string) (answer, etag string, err error) {
	s, err := r.session(name, user)
	if err != nil {
		return "", "", err
	}
	wanted, err := readFragment(fragment)
	if err != nil {
		return "", "", err
	}
	select {
	case s.negotiating <- struct{}{}:
		defer func() { <-s.negotiating }()
	case <-ctx.Done():
		return "", "", fault.Unavailable(ctx.Err(), "another restart is under way; try again")
	}
	if ifMatch != "*" && strings.Trim(ifMatch, `"`) != strings.Trim(s.tag, `"`) {
		return "", "", fault.New(fault.CodePreconditionFailed, "If-Match must be the newest ETag of this session")
	}
	if wanted.ufrag == s.remote {
		return "", s.tag, nil
	}
	answer, err = s.restart(ctx, wanted)
	if err != nil {
		r.lose(s) // half a negotiation cannot be taken back
		return "", "", err
	}
	return answer, s.tag, nil
}

// Leave ends a session. Fault: not_found.
func (r *Room) Leave(name id.Session, user id.User) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.sessions[name]
	if s == nil || s.user != user {
		return fault.New(fault.CodeNotFound, "this session is over")
	}
	r.endLocked(s)
	return nil
}

// seated answers where a person may publish.
func (r *Room) seated(user id.User) (*publisher, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return nil, fault.New(fault.CodeNotLive, "the room is not live here")
	}
	seat, ok := r.seats[user]
	if !ok {
		return nil, fault.New(fault.CodeNotSeated, "only people on stage may speak: ask for a seat first")
	}
	return r.publishers[seat], nil
}

func (r *Room) session(name id.Session, user id.User) (*session, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.sessions[name]
	if s == nil || s.user != user {
		return nil, fault.New(fault.CodeNotFound, "this session is over")
	}
	return s, nil
}

// admit makes a session that is answered the person's only one.
func (r *Room) admit(s *session) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return fault.New(fault.CodeNotLive, "the room is not live here")
	}
	if r.sessions[s.id] != nil {
		return fault.New(fault.CodeConflict, "this session exists already")
	}
	s.opened = time.Now()
	former, allowed := s.publisher.attach(s, r.doubtsLocked(s))
	if !allowed {
		return fault.New(fault.CodeNotSeated, "only people on stage may speak: ask for a seat first")
	}
	if former != nil {
		r.retireLocked(former)
	}
	r.sessions[s.id] = s
	r.metrics.sessions.Inc()
	if s.connected.Load() {
		r.noteLocked(s, false)
	}
	r.ring()
	return nil
}

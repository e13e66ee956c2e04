package edge

import (
	"context"
	"slices"
	"time"

	"rostrum/internal/fault"
	"rostrum/internal/id"
	"rostrum/internal/token"
	"rostrum/mediaedge/audio"
)

// check answers what a grant allows in a room through a door. Faults: unauthenticated, expired, forbidden, not_found.
func (e *Edge) check(text, roomText string, right token.Right) (token.Grant, error) {
	grant, err := e.cfg.Verifier.Verify(text, time.Now())
	if err != nil {
		return token.Grant{}, err
	}
	room, err := id.ParseRoom(roomText)
	if err != nil {
		return token.Grant{}, fault.New(fault.CodeNotFound, "there is no such room")
	}
	switch {
	case grant.Room != room:
		return token.Grant{}, fault.New(fault.CodeForbidden, "the grant is for another room")
	case grant.Right != right:
		return token.Grant{}, fault.New(fault.CodeForbidden, "the grant does not open this door")
	case e.cfg.App != "" && grant.App != e.cfg.App:
		return token.Grant{}, fault.New(fault.CodeForbidden, "the grant is for another app")
	case len(grant.Regions) > 0 && !slices.Contains(grant.Regions, e.cfg.Region):
		return token.Grant{}, fault.New(fault.CodeForbidden, "the grant is not for this region")
	}
	return grant, nil
}

// reach finds a grant's room and waits until it is pulled. Whoever calls it releases the room. Faults: not_live, ended,
// unavailable.
func (e *Edge) reach(ctx context.Context, grant token.Grant, rendition audio.Rendition) (*hosted, error) {
	ctx, cancel := context.WithTimeout(ctx, e.cfg.ReadyWithin)
	defer cancel()
	defer context.AfterFunc(e.life, cancel)()
	h := e.rooms.acquire(grant.App, grant.Room, rendition)
	if err := h.puller.Ready(ctx, rendition); err != nil {
		e.rooms.release(h, rendition)
		if fault.Is(err, fault.CodeNotFound) { // somebody signed a grant for it, so it exists: its stage was never opened
			return nil, fault.New(fault.CodeNotLive, "the room has not been started")
		}
		return nil, err
	}
	return h, nil
}

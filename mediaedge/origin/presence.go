package origin

import (
	"slices"
	"strconv"
	"strings"
	"sync"

	"rostrum/internal/id"
)

// presence is what the stage log has to hear of seated people's microphones: who has one and who has lost it. It is in
// order, and at most two reports of one person wait.
type presence struct {
	newSession func() id.Session
	overtaken  func(int)     // counts reports that are not needed any more
	bell       chan struct{} // holds one token: something waits

	mu      sync.Mutex
	people  map[id.User]*microphone // of those in seats
	waiting []report                // the first may be on its way
}

// microphone is what was last noted of a person.
type microphone struct {
	session id.Session
	lost    bool
	round   int // rises when the same has to be said again
}

// report is one thing to be said of a session.
type report struct {
	user    id.User
	session id.Session
	lost    bool
	round   int
}

func newPresence(newSession func() id.Session, overtaken func(int)) *presence {
	return &presence{
		newSession: newSession, overtaken: overtaken, bell: make(chan struct{}, 1), people: map[id.User]*microphone{},
	}
}

// command names a report, so that the same said twice is one command.
func (r report) command() string {
	_, random, _ := strings.Cut(string(r.session), ".") // with the node's name it could be too long
	name := "media:" + random + ":found"
	if r.lost {
		name = "media:" + random + ":lost"
	}
	if r.round > 0 {
		name += ":" + strconv.Itoa(r.round)
	}
	return name
}

// found notes that a person's session has begun. It takes the place of everything that waits about the person.
func (p *presence) found(user id.User, session id.Session) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if m := p.people[user]; m != nil && m.session == session && !m.lost {
		return
	}
	p.dropLocked(user)
	p.sayLocked(user, &microphone{session: session})
}

// lost notes that a person has no session any more. Nothing has to be said of one who never had any.
func (p *presence) lost(user id.User) {
	p.mu.Lock()
	defer p.mu.Unlock()
	m := p.people[user]
	if m == nil || m.lost {
		return
	}
	m.lost = true
	p.addLocked(report{user, m.session, true, m.round})
}

// missing notes that a person whom the stage takes for connected has no session on this node: it ended with another
// origin. The stage heeds only the loss of the newest session, whose name nobody here knows; so a new one is found first.
func (p *presence) missing(user id.User) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.people[user] == nil {
		p.sayLocked(user, &microphone{session: p.newSession(), lost: true})
	}
}

// again says once more how it is with a person: the stage may have forgotten. What still waits is enough.
func (p *presence) again(user id.User, away bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	m := p.people[user]
	if m == nil || m.lost && away || slices.ContainsFunc(p.waiting, func(r report) bool { return r.user == user }) {
		return
	}
	m.round++
	p.sayLocked(user, m)
}

// forget drops what is known of a person who has no seat any more, and all that was to be said.
func (p *presence) forget(user id.User) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.people, user)
	p.dropLocked(user)
}

// next answers the report that comes first; it waits until it is done.
func (p *presence) next() (report, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.waiting) == 0 {
		return report{}, false
	}
	return p.waiting[0], true
}

// done takes a report away.
func (p *presence) done(r report) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.waiting = slices.DeleteFunc(p.waiting, func(w report) bool { return w == r })
}

// left is how many reports wait.
func (p *presence) left() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.waiting)
}

// sayLocked reports all that holds of a person.
func (p *presence) sayLocked(user id.User, m *microphone) {
	p.people[user] = m
	p.addLocked(report{user, m.session, false, m.round})
	if m.lost {
		p.addLocked(report{user, m.session, true, m.round})
	}
}

func (p *presence) addLocked(r report) {
	p.waiting = append(p.waiting, r)
	ring(p.bell)
}

func (p *presence) dropLocked(user id.User) {
	before := len(p.waiting)
	p.waiting = slices.DeleteFunc(p.waiting, func(r report) bool { return r.user == user })
	p.overtaken(before - len(p.waiting))
}

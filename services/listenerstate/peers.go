package listenerstate

import "sync"

const (
	peersMost   = 1000
	peerSilence = 5 // of this instance's own words, without one of the peer: then it is gone
)

// peers are the other instances on this Redis, by what they say of themselves once a second. Time passes in this instance's
// own words, heard back: while nobody can say anything nobody is taken for gone.
type peers struct {
	self string

	mu     sync.Mutex
	silent map[string]int // by instance: own words since its last one
}

func newPeers(self string) *peers { return &peers{self: self, silent: make(map[string]int)} }

// said notes that an instance is there, or leaves.
func (p *peers) said(instance string, leaves bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case instance == p.self:
		for other, words := range p.silent {
			if p.silent[other] = words + 1; words >= peerSilence {
				delete(p.silent, other)
			}
		}
	case leaves:
		delete(p.silent, instance)
	case len(p.silent) < peersMost:
		p.silent[instance] = 0
	}
}

// all says whether everyone who is there is among some.
func (p *peers) all(among map[string]bool) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for instance := range p.silent {
		if !among[instance] {
			return false
		}
	}
	return true
}

package relay

import (
	"sync"
	"time"

	listenv1 "rostrum/proto/rostrum/listen/v1"
)

const (
	// maxRevocations bounds what a room keeps; beyond it the oldest is forgotten.
	maxRevocations = 4096
	// maxSubjectBytes bounds a subject from outside.
	maxSubjectBytes = 64
)

// Revocation ends the grants of a subject that were issued before a time.
type Revocation struct {
	Subject      string
	IssuedBefore time.Time // whole seconds
}

// revocations are those of a room. They come rarely and are read at every join.
type revocations struct {
	mu    sync.Mutex
	first uint64       // how many were forgotten
	kept  []Revocation // in order of arrival
}

// add answers whether it says something new.
func (r *revocations) add(revocation Revocation) bool {
	if revocation.Subject == "" || len(revocation.Subject) > maxSubjectBytes {
		return false
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, known := range r.kept {
		if known.Subject == revocation.Subject && !known.IssuedBefore.Before(revocation.IssuedBefore) {
			return false
		}
	}
	if len(r.kept) == maxRevocations {
		r.kept = append([]Revocation(nil), r.kept[1:]...)
		r.first++
	}
	r.kept = append(r.kept, revocation)
	return true
}

// Revocations answers those that came after the first n, and how many have come by now.
func (r *Room) Revocations(after uint64) ([]Revocation, uint64) {
	r.revocations.mu.Lock()
	defer r.revocations.mu.Unlock()
	total := r.revocations.first + uint64(len(r.revocations.kept))
	if after >= total {
		return nil, total
	}
	skip := max(after, r.revocations.first) - r.revocations.first
	return append([]Revocation(nil), r.revocations.kept[skip:]...), total
}

// Revoked answers whether a grant of a subject, issued at a time, was ended early.
func (r *Room) Revoked(subject string, issued time.Time) bool {
	r.revocations.mu.Lock()
	defer r.revocations.mu.Unlock()
	for _, known := range r.revocations.kept {
		if known.Subject == subject && issued.Before(known.IssuedBefore) {
			return true
		}
	}
	return false
}

func (r *Room) wireRevocation(revocation Revocation) *listenv1.Revocation {
	return &listenv1.Revocation{
		App: string(r.app), Room: string(r.id), Subject: revocation.Subject, IssuedBefore: revocation.IssuedBefore.Unix(),
	}
}

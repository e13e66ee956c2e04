package signaling

import (
	"fmt"

	"rostrum/internal/fault"
	"rostrum/internal/id"
)

const (
	// maxSDP bounds offers and fragments: a browser's offer with 20 audio sections has about 20 KB.
	maxSDP  = 64 << 10
	maxETag = 128
)

// Speaker is a person in a room, on whose behalf a session is made or changed.
type Speaker struct {
	RoomKey
	User id.User
}

// Answer is what a session's offer was answered with.
type Answer struct {
	Session id.Session
	SDP     string
	ETag    string
	Seat    uint32
}

// Restart is an ICE restart (RFC 9725 section 4.3.3).
type Restart struct {
	Session  id.Session
	IfMatch  string
	Fragment string // application/trickle-ice-sdpfrag (RFC 8840)
}

func (r Restart) check() error {
	if len(r.IfMatch) > maxETag || !isPrintable(r.IfMatch) {
		return fault.Invalid("if_match", "at most 128 printable ASCII characters")
	}
	return checkSDP("fragment", r.Fragment)
}

func checkSDP(field, text string) error {
	if text == "" {
		return fault.New(fault.CodeBadSDP, "the %s is empty", field).With("field", field)
	}
	if len(text) > maxSDP {
		return fault.New(fault.CodeTooLarge, "the %s has more than %d bytes", field, maxSDP).With("limit", fmt.Sprint(maxSDP))
	}
	return nil
}

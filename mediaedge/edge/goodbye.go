package edge

import (
	"encoding/binary"

	"rostrum/internal/fault"
	"rostrum/mediaedge/audio"
	"rostrum/mediaedge/relay"
)

// Reason says why a listener's connection ended. The list is closed; it is a metric label.
type Reason string

const (
	ReasonLeft        Reason = "left"         // the listener closed it
	ReasonLost        Reason = "lost"         // the network did
	ReasonBadMessage  Reason = "bad_message"  // it broke the protocol
	ReasonTooLarge    Reason = "too_large"    // a message beyond the bound
	ReasonRateLimited Reason = "rate_limited" // more messages than anyone needs
	ReasonGrant       Reason = "grant"        // no, wrong or expired grant at opening
	ReasonExpired     Reason = "expired"      // the grant ended
	ReasonRevoked     Reason = "revoked"      // the grant was ended
	ReasonRoom        Reason = "room"         // not known, not live or not to be had
	ReasonEnded       Reason = "ended"        // the room is over
	ReasonFromAhead   Reason = "from_ahead"   // wants numbers that are far off
	ReasonFellBehind  Reason = "fell_behind"  // wants numbers that are no longer held
	ReasonStalled     Reason = "stalled"      // takes nothing any more
	ReasonNoAudio     Reason = "no_audio"     // nothing came from upstream in time
	ReasonFull        Reason = "full"         // this edge has as many listeners as it may
	ReasonLeaving     Reason = "leaving"      // this edge goes
	ReasonInternal    Reason = "internal"     // our fault
)

// goodbye is how a connection is ended.
type goodbye struct {
	reason Reason
	code   int // of the close frame; 0: none is sent
	text   string
}

// goodbyeLeaving is 1001, going away (RFC 6455 section 7.4.1).
var goodbyeLeaving = goodbye{ReasonLeaving, 1001, "this node is leaving; resume elsewhere"}

// farewell tells a fault.
func farewell(reason Reason, err error) goodbye {
	return goodbye{reason, fault.CloseCode(fault.From(err).Code), fault.CloseReason(err)}
}

// farewellTo tells a fault found while opening or reading; the reason follows from its code.
func farewellTo(err error) goodbye {
	switch fault.From(err).Code {
	case fault.CodeInvalid:
		return farewell(ReasonBadMessage, err)
	case fault.CodeTooLarge:
		return farewell(ReasonTooLarge, err)
	case fault.CodeRateLimited:
		return farewell(ReasonRateLimited, err)
	case fault.CodeUnauthenticated, fault.CodeExpired, fault.CodeForbidden:
		return farewell(ReasonGrant, err)
	case fault.CodeNotFound, fault.CodeNotLive, fault.CodeUnavailable, fault.CodeTimeout:
		return farewell(ReasonRoom, err)
	case fault.CodeEnded:
		return farewell(ReasonEnded, err)
	}
	return farewell(ReasonInternal, err)
}

// tooSlow tells a listener from where to go on.
func tooSlow(reason Reason, next audio.Number) goodbye {
	return farewell(reason, fault.New(fault.CodeTooSlow, "resume from %d", next))
}

// appendClose appends the close frame; nothing where none is to be sent.
func (g goodbye) appendClose(dst []byte) []byte {
	if g.code == 0 {
		return dst
	}
	text := g.text[:min(len(g.text), maxControl-2)]
	dst = relay.AppendHeader(dst, bitFinal|opClose, 2+len(text))
	dst = binary.BigEndian.AppendUint16(dst, uint16(g.code))
	return append(dst, text...)
}

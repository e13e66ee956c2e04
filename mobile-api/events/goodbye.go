package events

import (
	"encoding/binary"
	"errors"
	"io"
	"net"

	"github.com/gorilla/websocket"

	"rostrum/internal/fault"
)

// reason says why a connection ended. The list is closed; it is a metric label.
type reason string

const (
	reasonLeft        reason = "left"         // the client closed it
	reasonLost        reason = "lost"         // the network did
	reasonSilent      reason = "silent"       // nothing was heard for too long
	reasonBadMessage  reason = "bad_message"  // it broke the protocol
	reasonTooLarge    reason = "too_large"    // a message beyond the bound
	reasonRateLimited reason = "rate_limited" // more messages, commands or sockets than anyone needs
	reasonToken       reason = "token"        // no, wrong or expired access token
	reasonRoom        reason = "room"         // no such room, or not live
	reasonEnded       reason = "ended"        // the room is over
	reasonIdle        reason = "idle"         // nothing concerns this person here
	reasonFromAhead   reason = "from_ahead"   // resumes from what does not exist
	reasonOverflow    reason = "overflow"     // too much waits to be written
	reasonStalled     reason = "stalled"      // takes nothing any more
	reasonUnavailable reason = "unavailable"  // the stage log cannot be had
	reasonFull        reason = "full"         // this gateway has as many sockets as it may
	reasonLeaving     reason = "leaving"      // this gateway goes
	reasonInternal    reason = "internal"     // our fault
)

// reasons are all of them, so that each is a series from the start.
var reasons = [...]reason{
	reasonLeft, reasonLost, reasonSilent, reasonBadMessage, reasonTooLarge, reasonRateLimited, reasonToken, reasonRoom, reasonEnded,
	reasonIdle, reasonFromAhead, reasonOverflow, reasonStalled, reasonUnavailable, reasonFull, reasonLeaving, reasonInternal,
}

// goodbye is how a connection is ended.
type goodbye struct {
	reason reason
	code   int // of the close frame; 0: none is sent
	text   string
	flush  bool // what waits is written before
}

var (
	goodbyeLeaving  = goodbye{reasonLeaving, websocket.CloseGoingAway, "this gateway is leaving; resume elsewhere", true}
	goodbyeLost     = goodbye{reason: reasonLost}
	goodbyeStalled  = goodbye{reason: reasonStalled}
	goodbyeSilent   = goodbye{reason: reasonSilent}
	goodbyeOverflow = farewell(reasonOverflow, fault.New(fault.CodeTooSlow, "too much waits for this connection; resume"))
)

// farewell tells a fault.
func farewell(why reason, err error) goodbye {
	return goodbye{why, fault.CloseCode(fault.From(err).Code), fault.CloseReason(err), why != reasonOverflow}
}

// farewellTo tells a fault whose reason follows from its code.
func farewellTo(err error) goodbye {
	switch fault.From(err).Code {
	case fault.CodeInvalid:
		return farewell(reasonBadMessage, err)
	case fault.CodeTooLarge:
		return farewell(reasonTooLarge, err)
	case fault.CodeRateLimited:
		return farewell(reasonRateLimited, err)
	case fault.CodeUnauthenticated, fault.CodeExpired, fault.CodeForbidden:
		return farewell(reasonToken, err)
	case fault.CodeNotFound, fault.CodeNotLive:
		return farewell(reasonRoom, err)
	case fault.CodeEnded:
		return farewell(reasonEnded, err)
	case fault.CodeFromAhead:
		return farewell(reasonFromAhead, err)
	case fault.CodeUnavailable, fault.CodeTimeout, fault.CodeMoved:
		return farewell(reasonUnavailable, err)
	}
	return farewell(reasonInternal, err)
}

// goodbyeTo answers how a connection ends whose reading ended with an error.
func goodbyeTo(err error) goodbye {
	var told *websocket.CloseError
	var lost net.Error
	var known *fault.Fault
	switch {
	case errors.As(err, &known):
		return farewellTo(err)
	case errors.As(err, &told) && told.Code != websocket.CloseAbnormalClosure:
		return echo(told)
	case errors.Is(err, websocket.ErrReadLimit):
		return farewellTo(fault.New(fault.CodeTooLarge, "a message has at most %d bytes", maxMessageBytes))
	case errors.As(err, &lost) && lost.Timeout():
		return goodbyeSilent
	case told != nil, errors.As(err, &lost), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, net.ErrClosed):
		return goodbyeLost
	}
	return farewellTo(fault.New(fault.CodeInvalid, "that is no WebSocket frame").Because(err))
}

// echo answers a client's close frame with its code (RFC 6455 section 5.5.1).
func echo(told *websocket.CloseError) goodbye {
	bye := goodbye{reason: reasonLeft, code: told.Code}
	if told.Code == websocket.CloseNoStatusReceived {
		bye.code = websocket.CloseNormalClosure
	}
	return bye
}

// closeFrame is what says it.
func (g goodbye) closeFrame() []byte {
	text := g.text[:min(len(g.text), maxControl-2)]
	return frame(opClose, append(binary.BigEndian.AppendUint16(nil, uint16(g.code)), text...))
}

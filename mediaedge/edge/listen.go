package edge

import (
	"encoding/binary"
	"errors"
	"time"

	"google.golang.org/protobuf/proto"

	"rostrum/internal/fault"
	listenv1 "rostrum/proto/rostrum/listen/v1"
)

const (
	// rateWindow and maxMessages bound what a listener says: an Ack every 10 s and a ping now and then are needed.
	rateWindow  = time.Second
	maxMessages = 50
)

// errClosing ends reading after the peer's close frame.
var errClosing = errors.New("the listener closes")

// listen reads what the listener sends until the connection ends.
func (c *conn) listen() {
	err := c.socket.read(func(b []byte) error { return c.messages.feed(b, c.receive) })
	if f := new(fault.Fault); errors.As(err, &f) {
		bye := farewellTo(f)
		c.shard.post(c, func(l *letter) { l.bye = &bye })
	}
	if err != nil && (errors.Is(err, errClosing) || errors.As(err, new(*fault.Fault))) {
		// Bytes that nobody reads would make the kernel reset the connection and take our goodbye along.
		_ = c.socket.read(func([]byte) error { return nil })
	}
	c.shard.post(c, func(l *letter) { l.left = true })
}

// receive handles one message or control frame.
func (c *conn) receive(opcode byte, payload []byte) error {
	if now := c.shard.edge.now(); now.since(c.window) > rateWindow {
		c.window, c.count = now, 0
	}
	if c.count++; c.count > maxMessages {
		return fault.New(fault.CodeRateLimited, "at most %d messages a second", maxMessages)
	}
	switch opcode {
	case opPing:
		pong := append([]byte(nil), payload...)
		c.shard.post(c, func(l *letter) { l.ping, l.pong = true, pong })
		return nil
	case opPong:
		return nil
	case opClose:
		bye := goodbye{reason: ReasonLeft, code: 1000}
		if len(payload) >= 2 {
			bye.code = echo(int(binary.BigEndian.Uint16(payload)))
		}
		c.shard.post(c, func(l *letter) { l.bye = &bye })
		return errClosing
	}
	return c.heed(payload)
}

// heed does what a message asks for.
func (c *conn) heed(payload []byte) error {
	var message listenv1.ClientMessage
	if err := proto.Unmarshal(payload, &message); err != nil {
		return fault.New(fault.CodeInvalid, "these bytes are not a message").Because(err)
	}
	switch what := message.GetMessage().(type) {
	case *listenv1.ClientMessage_Ack:
		c.heard.Store(int64(c.shard.edge.now()))
	case *listenv1.ClientMessage_Cadence:
		wanted, err := readCadence(what.Cadence.GetMs())
		if err != nil {
			return err
		}
		c.shard.post(c, func(l *letter) { l.cadence = wanted })
	}
	return nil
}

func readCadence(millis uint32) (cadence, error) {
	for _, known := range []cadence{everyBatch, everySecond} {
		if known.millis() == millis {
			return known, nil
		}
	}
	return 0, fault.Invalid("cadence", "200 or 1000")
}

// echo answers the code to answer a close frame with: codes that must not be sent become 1000 (RFC 6455 section 7.4).
func echo(code int) int {
	if code < 1000 || code > 4999 || code >= 1004 && code <= 1006 || code == 1015 {
		return 1000
	}
	return code
}

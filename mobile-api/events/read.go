package events

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"time"

	"github.com/gorilla/websocket"

	"rostrum/internal/fault"
	"rostrum/internal/id"
)

const (
	maxMessage        = 4096
	messagesPerSecond = 20
	messagesAtOnce    = 40
	commandsWaiting   = 16
)

// clientMessage is what a client says: to start, or a command.
type clientMessage struct {
	Type  string `json:"type"`
	Token string `json:"token"`

	ID        string `json:"id"`
	Do        string `json:"do"`
	User      string `json:"user"`
	Note      string `json:"note"`
	Muted     bool   `json:"muted"`
	Mode      string `json:"mode"`
	ExpiresIn uint32 `json:"expires_in"`
}

var (
	errTooMany  = fault.New(fault.CodeRateLimited, "at most 20 messages a second, 40 at once; wait, then resume")
	errInFlight = fault.New(fault.CodeRateLimited, "at most 16 commands may wait for an answer; wait, then resume")
)

// decodeMessage reads a message. Unknown fields are skipped.
func decodeMessage(body []byte) (clientMessage, error) {
	var m clientMessage
	if err := json.Unmarshal(body, &m); err != nil {
		return clientMessage{}, fault.Invalid("message", "a JSON object as section 10.3 of the protocol has it").Because(err)
	}
	return m, nil
}

// readStart waits for the token of a client that did not give it in the upgrade.
func (c *conn) readStart() (string, error) {
	_ = c.ws.SetReadDeadline(time.Now().Add(c.sockets.pace.start))
	body, err := c.readMessage()
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return "", fault.New(fault.CodeUnauthenticated, "the first message must be start with a token, within 2 s")
	}
	if err != nil {
		return "", err
	}
	m, err := decodeMessage(body)
	if err == nil && (m.Type != "start" || m.Token == "") {
		err = fault.New(fault.CodeUnauthenticated, "the first message must be start with a token")
	}
	return m.Token, err
}

// read takes messages until the connection is over, and answers why.
func (c *conn) read(room id.Room) goodbye {
	c.ws.SetPingHandler(func(text string) error {
		c.stillThere()
		if !c.limit.take(time.Now()) {
			return errTooMany
		}
		c.out.push(frame(opPong, []byte(text)))
		return nil
	})
	c.ws.SetPongHandler(func(string) error { c.stillThere(); return nil })
	c.ws.SetCloseHandler(func(int, string) error { return nil })
	c.stillThere()
	for {
		body, err := c.readMessage()
		if err == nil {
			c.stillThere()
			err = c.heard(room, body)
		}
		if err != nil {
			return endOfRead(err)
		}
	}
}

// drain reads on until the client closes too, or the writer has ended the connection.
func (c *conn) drain() {
	defer close(c.unread)
	for range messagesAtOnce {
		if _, _, err := c.ws.NextReader(); err != nil {
			return
		}
	}
}

func (c *conn) stillThere() {
	if !c.cutAlready() {
		_ = c.ws.SetReadDeadline(time.Now().Add(c.sockets.pace.silence))
	}
}

// readMessage answers the next text message. Faults: invalid, too_large.
func (c *conn) readMessage() ([]byte, error) {
	kind, reader, err := c.ws.NextReader()
	if err != nil {
		return nil, err
	}
	if kind != websocket.TextMessage {
		return nil, fault.Invalid("message", "text")
	}
	body, err := io.ReadAll(io.LimitReader(reader, maxMessage+1))
	if err == nil && len(body) > maxMessage {
		err = fault.New(fault.CodeTooLarge, "a message has at most %d bytes", maxMessage)
	}
	return body, err
}

// heard takes a message.
func (c *conn) heard(room id.Room, body []byte) error {
	if !c.limit.take(time.Now()) {
		return errTooMany
	}
	m, err := decodeMessage(body)
	if err != nil || m.Type != "command" {
		return err // of what is not known, nothing is wanted
	}
	if _, err := id.ParseCommand(m.ID); err != nil {
		return fault.Invalid("id", "1 to 64 printable ASCII characters")
	}
	if c.commands == nil {
		c.commands = make(chan clientMessage, commandsWaiting)
		c.working.Go(func() { c.work(room) })
	}
	select {
	case c.commands <- m:
		return nil
	default:
		return errInFlight
	}
}

func endOfRead(err error) goodbye {
	var told *websocket.CloseError
	var f *fault.Fault
	switch {
	case errors.As(err, &f):
		return farewellTo(f)
	case errors.As(err, &told) && told.Code != websocket.CloseAbnormalClosure:
		return echo(told)
	case errors.Is(err, os.ErrDeadlineExceeded):
		return goodbyeSilent
	}
	return goodbyeLost
}

// bucket is how many messages somebody may still send.
type bucket struct {
	most, perSecond, left float64
	at                    time.Time
}

func newBucket(most, perSecond float64, now time.Time) bucket {
	return bucket{most, perSecond, most, now}
}

// take answers whether one more may be sent now.
func (b *bucket) take(now time.Time) bool {
	b.left = min(b.most, b.left+now.Sub(b.at).Seconds()*b.perSecond)
	b.at = now
	if b.left < 1 {
		return false
	}
	b.left--
	return true
}

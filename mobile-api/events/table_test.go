package events

import (
	"context"
	"encoding/binary"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"rostrum/internal/id"
	"rostrum/mobile-api/intent"
	v1 "rostrum/proto/rostrum/listenerstate/v1"
)

// table is a room that no goroutine runs: tests give it items and look at what waits for its connections.
type table struct {
	*room
	t   testing.TB
	log *fakeLog
}

func newTable(t testing.TB, log *fakeLog) *table {
	t.Helper()
	s, err := newSockets(Config{
		Stage: log, Name: func(context.Context, id.User) (string, error) { return "", nil }, Authorise: authorise, Now: func() time.Time { return noon },
	}, defaultPace())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	room := &table{newRoom(s, theRoom), t, log}
	room.begins()
	return room
}

// begins has the room take the whole stage of its log.
func (x *table) begins() {
	x.take(item{stage: readStage(proto.CloneOf(x.log.stage))})
}

// happens lets events happen in the log and in the room.
func (x *table) happens(events ...*v1.StageEvent) {
	x.t.Helper()
	for _, each := range events {
		x.log.happen(each)
		e := readEvent(each)
		said, err := newEntry(e)
		if err != nil {
			x.t.Fatal(err)
		}
		x.take(item{event: &e, entry: said})
	}
}

// joins lets a person in, from a position or "".
func (x *table) joins(user, from string) *conn {
	c := newConn(x.sockets, nil, nil)
	c.who = intent.Person{User: id.User(user), Name: "Name of " + user}
	if from != "" {
		var err error
		if c.from, err = parseFrom(from); err != nil {
			x.t.Fatal(err)
		}
	}
	x.join(c)
	return c
}

// passes lets time pass, a tick each time.
func (x *table) passes(span time.Duration) {
	for end := x.now.Add(span); x.now.Before(end); {
		x.now = x.now.Add(x.sockets.pace.tick)
		x.heard = x.now
		x.look()
	}
}

// told are the text messages that wait for a connection.
func told(c *conn) (all []string) {
	pieces := c.out.take(nil)
	c.out.wrote(pieces)
	var bytes []byte
	for _, p := range pieces {
		bytes = append(bytes, p.bytes...)
	}
	for len(bytes) > 0 {
		opcode, n, header := bytes[0], uint64(bytes[1]), 2
		switch n {
		case 126:
			n, header = uint64(binary.BigEndian.Uint16(bytes[2:])), 4
		case 127:
			n, header = binary.BigEndian.Uint64(bytes[2:]), 10
		}
		bytes = bytes[header:]
		if opcode == opText {
			all = append(all, string(bytes[:n]))
		}
		bytes = bytes[n:]
	}
	return all
}

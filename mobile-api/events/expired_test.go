package events

import (
	"testing"
	"time"
)

// A connection ends with its access token; the same person's other connection goes on.
func TestASocketEndsWithItsToken(t *testing.T) {
	room := newTable(t, newFakeLog(ada, mod))
	short, long, endless := room.joins(ada, ""), room.joins(ada, ""), room.joins(mod, "")
	short.expires, long.expires = room.now.Add(10*time.Minute), room.now.Add(20*time.Minute)
	room.passes(9 * time.Minute)
	if short.cutAlready() {
		t.Fatal("cut a minute early")
	}
	room.passes(2 * time.Minute)
	if bye := goodbyeOf(short); bye == nil || bye.code != 4401 || bye.reason != reasonToken {
		t.Errorf("the expired one is told %+v", bye)
	}
	if long.cutAlready() || endless.cutAlready() {
		t.Error("another connection was cut")
	}
}

func goodbyeOf(c *conn) *goodbye {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.bye
}

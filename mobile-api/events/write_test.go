package events

import (
	"bytes"
	"strings"
	"testing"
)

// gated is a connection that takes one write each time that it may.
type gated struct {
	nowhere
	begun chan struct{}
	may   chan struct{}
	took  bytes.Buffer
}

func (g *gated) Write(b []byte) (int, error) {
	g.begun <- struct{}{}
	<-g.may
	return g.took.Write(b)
}

// A connection that is cut in the middle of what it was to be sent is sent the frame that was begun to its end, then, where
// it was too slow, only why, and else all that waits before that.
func TestACutEndsAFrame(t *testing.T) {
	for name, bye := range map[string]goodbye{"too slow": goodbyeOverflow, "leaving": goodbyeLeaving} {
		t.Run(name, func(t *testing.T) {
			x := newTable(t, newFakeLog(ada))
			g := &gated{begun: make(chan struct{}), may: make(chan struct{})}
			conn := newConn(x.sockets, g, nil)
			body := []byte(strings.Repeat("a", writeAtOnce/2+1)) // two do not go together
			begun, rest := frame(opText, append(body, body...)), frame(opText, body)
			cutAt := writeAtOnce / 2
			conn.out.open([]piece{{bytes: begun[:cutAt], more: true}, {bytes: begun[cutAt:]}})
			for range 4 {
				conn.out.push(rest)
			}
			go conn.write()
			<-g.begun
			conn.cut(bye)
			for done := false; !done; {
				g.may <- struct{}{}
				select {
				case <-g.begun:
				case <-conn.written:
					done = true
				}
			}
			sent, found := bytes.CutSuffix(g.took.Bytes(), bye.closeFrame())
			want := append([]byte{}, begun...)
			if bye.flush {
				want = append(want, bytes.Repeat(rest, 4)...)
			}
			if !found || !bytes.Equal(sent, want) {
				t.Errorf("sent %d bytes, want %d, and goodbye %v", len(sent), len(want), found)
			}
		})
	}
}

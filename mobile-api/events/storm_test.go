package events

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// People come, ask, stop reading and go in every way, while the log moves, is lost and begins anew, and the gateway
// leaves amid all that: nothing is left behind, and nobody is left waiting.
func TestStorm(t *testing.T) {
	p := quick()
	p.tick, p.linger, p.back, p.grace, p.ping = 5*time.Millisecond, 5*time.Millisecond, 10*time.Millisecond, 100*time.Millisecond, 10*time.Millisecond
	p.wait = 700 * time.Millisecond
	log := newFakeLog(ada, mod)
	w := newWorld(t, p, log)
	stop := make(chan struct{})
	var people, nature sync.WaitGroup
	for i := range 8 {
		random := rand.New(rand.NewPCG(7, uint64(i)))
		people.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
					visit(w, []string{ada, mod, noor, cem}[random.IntN(4)], random)
				}
			}
		})
	}
	nature.Go(func() {
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			case <-time.After(2 * time.Millisecond):
			}
			switch {
			case i%200 == 199:
				log.restart()
			case i%50 == 49:
				log.happen(appointedBy(ada, noor), dismissedBy(ada, noor))
			default:
				log.happen(busy(i))
			}
		}
	})
	<-time.After(1500 * time.Millisecond)
	ended := make(chan struct{})
	go func() { defer close(ended); w.sockets.Close() }()
	select {
	case <-ended:
	case <-time.After(long):
		t.Error("Close did not return")
	}
	close(stop)
	people.Wait()
	nature.Wait()
	if sockets, rooms := w.counted("rostrum_events_sockets", ""), w.counted("rostrum_events_rooms", ""); sockets != 0 || rooms != 0 {
		t.Errorf("%v sockets and %v rooms are left", sockets, rooms)
	}
}

func visit(w *world, user string, random *rand.Rand) {
	dialer := websocket.Dialer{Subprotocols: []string{Subprotocol, "token-" + user}, HandshakeTimeout: long}
	from := ""
	if random.IntN(2) == 0 {
		from = fmt.Sprintf("1-%d", 10+random.IntN(100))
	}
	ws, _, err := dialer.Dial(w.address(from), nil)
	if err != nil {
		return // it has left
	}
	defer ws.Close()
	_ = ws.SetReadDeadline(time.Now().Add(long))
	for i := range random.IntN(30) {
		if random.IntN(4) == 0 {
			_ = ws.WriteMessage(websocket.TextMessage, fmt.Appendf(nil, `{"type":"command","id":"k%d","do":"mute"}`, i))
		}
		if _, _, err := ws.ReadMessage(); err != nil {
			return
		}
	}
	switch random.IntN(3) {
	case 0:
		_ = ws.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(1000, ""), time.Now().Add(long))
		_, _, _ = ws.ReadMessage()
	case 1:
		_, _ = ws.NetConn().Write([]byte{0x81})
	}
}

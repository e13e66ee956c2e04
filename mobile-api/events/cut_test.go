package events

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"rostrum/mobile-api/view"
	v1 "rostrum/proto/rostrum/listenerstate/v1"
)

// watcher collects the events that one person is told, over as many connections as it takes.
type watcher struct {
	w      *world
	user   string
	heard  []string // events, as they were sent
	at     view.Position
	until  uint64 // the offset after which it stops
	opened int    // connections that said hello

	newest atomic.Uint64 // the offset of at
}

// dying is a connection that is torn after so many bytes, wherever in a frame that is.
type dying struct {
	net.Conn
	left int
}

func (d *dying) Read(b []byte) (int, error) {
	if d.left <= 0 {
		_ = d.Conn.(*net.TCPConn).SetLinger(0)
		d.Conn.Close()
		return 0, net.ErrClosed
	}
	n, err := d.Conn.Read(b[:min(len(b), d.left)])
	d.left -= n
	return n, err
}

const untorn = 1 << 40

// follow opens a connection, resuming where the one before ended, and listens until it is torn after so many bytes. One that
// is to be torn may as well be cut as too slow.
func (x *watcher) follow(bytes int) error {
	dialer := websocket.Dialer{Subprotocols: []string{Subprotocol, "token-" + x.user}, HandshakeTimeout: long}
	dialer.NetDialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := (&net.Dialer{}).DialContext(ctx, network, address)
		return &dying{conn, bytes}, err
	}
	from := ""
	if x.at != (view.Position{}) {
		from = fmt.Sprintf("%d-%d", x.at.Term, x.at.Offset)
	}
	ws, _, err := dialer.Dial(x.w.address(from), nil)
	if err != nil {
		return nil // torn before it was open
	}
	defer ws.Close()
	for x.at.Offset < x.until {
		_ = ws.SetReadDeadline(time.Now().Add(long))
		_, text, err := ws.ReadMessage()
		var told *websocket.CloseError
		if errors.As(err, &told) && told.Code != websocket.CloseAbnormalClosure && (bytes == untorn || told.Code != 4503) {
			return err
		}
		if err != nil {
			return nil
		}
		if err := x.take(text, from != ""); err != nil {
			return err
		}
		x.newest.Store(x.at.Offset)
	}
	return nil
}

func (x *watcher) take(text []byte, resumes bool) error {
	s, err := readSaid(text)
	if err != nil {
		return err
	}
	switch s.Type {
	case "hello":
		x.opened++
		if s.Resumed != resumes {
			return fmt.Errorf("from %v: %s", x.at, text)
		}
	case "snapshot":
		if x.at != (view.Position{}) {
			return fmt.Errorf("at %v: a whole stage", x.at)
		}
		x.at = s.Position
	case "event":
		x.heard = append(x.heard, s.text)
		if !s.Position.IsAfter(x.at) {
			return fmt.Errorf("at %v: %s", x.at, text)
		}
		x.at = s.Position
	case "still":
		x.at = s.Position
	}
	return nil
}

// busy is an event of a lively room, also about who listens.
func busy(i int) *v1.StageEvent {
	somebody := fmt.Sprintf("us_somebody%02d", i%50)
	switch i % 8 {
	case 0:
		return raisedBy(somebody, "a note that makes this longer")
	case 1:
		return loweredBy(ada, fmt.Sprintf("us_somebody%02d", (i-1)%50))
	case 2:
		return raisedBy(noor, "")
	case 3:
		return loweredBy(ada, noor)
	case 4:
		return seatedBy(somebody, 2)
	case 5:
		return unseatedBy(fmt.Sprintf("us_somebody%02d", (i-1)%50), 2)
	case 6:
		return mutedBy(ada, ada, 1)
	}
	return unmutedBy(ada, 1)
}

// A watcher whose connection is torn a thousand times, at any byte, is told exactly what one is told that is never torn.
func TestAThousandCuts(t *testing.T) {
	const cuts, perSecond = 1000, 500
	const ahead = 100 // events that wait for one that is never torn, at most: it must not be cut as too slow
	log := newFakeLog(ada, mod)
	p := quick()
	p.still = 100 * time.Millisecond
	w := newWorld(t, p, log)
	var all []*watcher
	var torn, whole sync.WaitGroup
	end := make(chan uint64)
	failed := make(chan error, 4)
	for i, user := range []string{noor, mod} {
		uncut, cut := &watcher{w: w, user: user, until: 1 << 62}, &watcher{w: w, user: user, until: 1 << 62}
		all = append(all, uncut, cut)
		first, _ := w.open(user) // so that both begin at the same event
		first.Close()
		uncut.at, cut.at = view.Position{Term: 1, Offset: 10}, view.Position{Term: 1, Offset: 10}
		uncut.newest.Store(10)
		random := rand.New(rand.NewPCG(1, uint64(i)))
		torn.Go(func() {
			for range cuts {
				if err := cut.follow(1 + random.IntN(2500)); err != nil {
					failed <- fmt.Errorf("cut %s: %w", cut.user, err)
					return
				}
			}
		})
		whole.Go(func() {
			if err := uncut.follow(untorn); err != nil {
				failed <- fmt.Errorf("uncut %s: %w", uncut.user, err)
			}
		})
	}
	begun := time.Now()
	go func() {
		tick := time.NewTicker(time.Second / perSecond * 5)
		defer tick.Stop()
		done := make(chan struct{})
		go func() { torn.Wait(); close(done) }()
		for i := 0; ; i += 5 {
			select {
			case <-tick.C:
				if log.position().Offset > min(all[0].newest.Load(), all[2].newest.Load())+ahead {
					i -= 5
					continue
				}
				log.happen(busy(i), busy(i+1), busy(i+2), busy(i+3), busy(i+4))
			case <-done:
				close(end)
				return
			}
		}
	}()
	select {
	case <-end:
	case err := <-failed:
		t.Fatal(err)
	case <-time.After(5 * time.Minute):
		t.Fatal("not in time")
	}
	took := time.Since(begun)
	finish(t, w, all, &whole, failed)
	for i := 0; i < len(all); i += 2 {
		compare(t, all[i], all[i+1])
	}
	t.Logf("%d events in %v, %d and %d connections that opened", log.position().Offset-10, took.Round(time.Millisecond), all[1].opened, all[3].opened)
}

// finish lets everyone come to the same last event.
func finish(t *testing.T, w *world, all []*watcher, whole *sync.WaitGroup, failed <-chan error) {
	t.Helper()
	w.log.happen(mutedBy(ada, ada, 1))
	last := w.log.position().Offset
	for i := 1; i < len(all); i += 2 {
		all[i].until = last
		if err := all[i].follow(untorn); err != nil {
			t.Fatal(err)
		}
	}
	w.log.happen(endedBy(ada)) // which closes those that are open
	whole.Wait()
	for len(failed) > 0 {
		if err := <-failed; !websocket.IsCloseError(errors.Unwrap(err), 4410) {
			t.Fatal(err)
		}
	}
}

func compare(t *testing.T, uncut, cut *watcher) {
	t.Helper()
	want := uncut.heard[:max(0, len(uncut.heard)-1)] // without the end
	if len(cut.heard) != len(want) || len(want) == 0 {
		t.Fatalf("%s: told %d events, want %d", cut.user, len(cut.heard), len(want))
	}
	for i := range want {
		if cut.heard[i] != want[i] {
			t.Fatalf("%s: event %d is %s, want %s", cut.user, i, cut.heard[i], want[i])
		}
	}
	if uncut.opened != 1 {
		t.Errorf("the uncut one opened %d times", uncut.opened)
	}
	t.Logf("%s: %d events, missed 0, repeated 0", cut.user, len(want))
}

package stage

import (
	"context"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// Follower follows one stage. Next must be called from one goroutine at a time; everything else from any.
type Follower struct {
	// static
	cfg    Config
	dialer *websocket.Dialer
	cancel context.CancelFunc
	done   chan struct{} // closed when run has ended
	news   chan struct{} // holds one token: something waits for Next
	slots  chan struct{} // a token a command that waits for its answer

	session // owned by run

	mu      sync.Mutex
	fold    fold
	items   []Item
	begun   bool // fold holds a stage
	conn    *websocket.Conn
	pending map[string]*pending
	pace    pace
	stats   Stats
	last    error // why there is no connection
	err     error // final

	writing sync.Mutex // gorilla allows one writer
}

// Follow connects and answers once it has the stage; until ctx ends it goes on trying where that makes sense. The error is a
// *CloseError where the gateway refused for good. Close ends it.
func Follow(ctx context.Context, cfg Config) (*Follower, error) {
	cfg, err := cfg.complete()
	if err != nil {
		return nil, fmt.Errorf("follow the stage: %w", err)
	}
	running, cancel := context.WithCancel(context.WithoutCancel(ctx))
	f := &Follower{
		cfg: cfg, dialer: cfg.dialer(), cancel: cancel,
		done: make(chan struct{}), news: make(chan struct{}, 1), slots: make(chan struct{}, maxPending),
		pending: map[string]*pending{}, session: session{wait: firstWait},
	}
	go f.run(running)
	if err := f.first(ctx); err != nil {
		f.Close()
		return nil, fmt.Errorf("follow the stage: %w", err)
	}
	return f, nil
}

// first waits for the first snapshot.
func (f *Follower) first(ctx context.Context) error {
	var over error
	select {
	case <-f.news:
		f.notify()
	case <-f.done:
	case <-ctx.Done():
		over = ctx.Err()
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case f.begun: // also where it ended right after
		return nil
	case over == nil:
		return f.err
	case f.last != nil:
		return fmt.Errorf("%w: %w", over, f.last)
	}
	return over
}

// Next answers the next thing told. A connection that is lost is opened again; an error is final: a *CloseError, that of
// Config.Token, net.ErrClosed after Close, or ctx's, after which Next may be called again.
func (f *Follower) Next(ctx context.Context) (Item, error) {
	for {
		if item, found := f.pop(); found {
			return item, nil
		}
		select {
		case <-f.news:
		case <-f.done:
			if item, found := f.pop(); found {
				return item, nil
			}
			return Item{}, f.reason()
		case <-ctx.Done():
			return Item{}, ctx.Err()
		}
	}
}

func (f *Follower) pop() (Item, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.items) == 0 {
		return Item{}, false
	}
	item := f.items[0]
	f.items[0] = Item{}
	f.items = f.items[1:]
	return item, true
}

// Stage answers what holds, the caller's own. It may be ahead of what Next has told.
func (f *Follower) Stage() Stage {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.fold.clone()
}

// Connected answers whether there is a connection now, and if not why.
func (f *Follower) Connected() (bool, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.conn != nil, f.last
}

// Stats answers what was met so far.
func (f *Follower) Stats() Stats {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.stats
}

// Cut breaks the connection without a word, as a network does; the follower resumes.
func (f *Follower) Cut() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.conn != nil {
		f.conn.Close()
	}
}

// Close leaves, and waits for what runs. Commands that wait fail with net.ErrClosed.
func (f *Follower) Close() {
	f.mu.Lock()
	conn := f.conn
	f.mu.Unlock()
	if conn != nil {
		goodbye := websocket.FormatCloseMessage(websocket.CloseNormalClosure, "")
		_ = conn.WriteControl(websocket.CloseMessage, goodbye, time.Now().Add(time.Second))
	}
	f.cancel()
	<-f.done
}

// reason answers why it is over.
func (f *Follower) reason() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.err != nil {
		return f.err
	}
	return net.ErrClosed
}

func (f *Follower) notify() {
	select {
	case f.news <- struct{}{}:
	default:
	}
}

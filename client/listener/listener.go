// Package listener owns the listener's side of the listen protocol: it hears a room through any of several edges,
// verifies everything that can be verified, and resumes by itself without losing or repeating a batch.
package listener

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	listenv1 "rostrum/proto/rostrum/listen/v1"
)

const (
	firstWait = 50 * time.Millisecond
	longWait  = 5 * time.Second
	// maxSameHole is how often the same number may be missing before it is given up as lost.
	maxSameHole = 3
)

// Listener hears one room. Next must be called from one goroutine at a time; everything else from any.
type Listener struct {
	cfg     Config
	context context.Context // of renewals; ends with Close
	cancel  context.CancelFunc
	running sync.WaitGroup

	sequence sequence
	queue    []Item
	buffer   bytes.Buffer // of the message being read
	attempt  int          // dials, for taking the URLs in turn
	wait     time.Duration
	brought  uint64 // highest epoch on this connection
	hole     uint64 // number that was missing last
	holes    int    // how often
	atLive   bool   // the next dial asks for the live edge
	acked    time.Time
	card     *listenv1.RoomCard // the latest

	mu       sync.Mutex
	conn     *websocket.Conn
	closed   bool
	stats    Stats
	heard    uint64
	millis   uint32
	urls     []string
	grant    string
	expires  time.Time // of the grant
	renewAt  time.Time // zero: not by time
	renewing bool

	writing sync.Mutex // gorilla allows one writer
}

// Open connects and answers after the first Hello. The error is a *CloseError where an edge refused for good.
func Open(ctx context.Context, cfg Config) (*Listener, error) {
	cfg, err := cfg.complete()
	if err != nil {
		return nil, fmt.Errorf("open listener: %w", err)
	}
	l := &Listener{cfg: cfg, urls: cfg.URLs, millis: uint32(cfg.Cadence.Milliseconds()), wait: firstWait}
	l.context, l.cancel = context.WithCancel(context.WithoutCancel(ctx))
	l.take(Grant{Token: cfg.Grant, ExpiresAt: cfg.GrantExpiresAt})
	if cfg.From > 0 {
		l.sequence = sequence{begun: true, next: cfg.From}
	}
	for !l.greeted() {
		if err := l.step(ctx); err != nil {
			return nil, errors.Join(err, l.Close())
		}
	}
	return l, nil
}

// Next answers the next thing heard. It connects again and resumes by itself; an error is final: a *CloseError, ctx's,
// or net.ErrClosed after Close. A Next that ctx ends costs the connection, and a later one resumes.
func (l *Listener) Next(ctx context.Context) (Item, error) {
	for len(l.queue) == 0 {
		if err := l.step(ctx); err != nil {
			return Item{}, err
		}
	}
	item := l.queue[0]
	l.queue = l.queue[1:]
	return item, nil
}

// Close leaves, and waits for what runs.
func (l *Listener) Close() error {
	l.mu.Lock()
	conn := l.conn
	l.conn, l.closed = nil, true
	l.mu.Unlock()
	l.cancel()
	l.running.Wait()
	if conn == nil {
		return nil
	}
	deadline := time.Now().Add(time.Second)
	_ = conn.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(websocket.CloseNormalClosure, ""), deadline)
	return conn.Close()
}

// Cut breaks the connection without a word, as a network does; the listener resumes.
func (l *Listener) Cut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.conn != nil {
		l.conn.Close()
	}
}

// Stats answers what was met so far.
func (l *Listener) Stats() Stats {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.stats
}

// Heard says which number is being played; without it the newest received is acknowledged.
func (l *Listener) Heard(number uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.heard = number
}

// SetCadence wishes for another time between deliveries, now and on later connections.
func (l *Listener) SetCadence(cadence time.Duration) error {
	millis := uint32(cadence.Milliseconds())
	l.mu.Lock()
	l.millis = millis
	conn := l.conn
	l.mu.Unlock()
	if conn == nil {
		return nil
	}
	return l.send(conn, &listenv1.ClientMessage{Message: &listenv1.ClientMessage_Cadence{Cadence: &listenv1.Cadence{Ms: millis}}})
}

func (l *Listener) greeted() bool { return len(l.queue) > 0 }

// step does one thing: connect, or read one message.
func (l *Listener) step(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	l.mu.Lock()
	conn, closed := l.conn, l.closed
	l.mu.Unlock()
	if closed {
		return net.ErrClosed
	}
	l.renewWhenDue(time.Now())
	var err error
	if conn == nil {
		err = l.connect(ctx)
	} else {
		err = l.read(ctx, conn)
	}
	if err == nil {
		return nil
	}
	l.disconnect()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return l.recover(ctx, err)
}

// recover answers nil when it makes sense to connect again, after a wait.
func (l *Listener) recover(ctx context.Context, err error) error {
	l.mu.Lock()
	closed := l.closed
	l.mu.Unlock()
	if closed {
		return net.ErrClosed
	}
	if l.cfg.Broken != nil {
		l.cfg.Broken(err)
	}
	var told *CloseError
	if errors.As(err, &told) {
		switch {
		case told.Code == 4401 && l.cfg.Renew != nil:
			if err := l.renew(ctx); err != nil {
				return err
			}
		case told.Code == 4416:
			l.atLive = true
			if !l.sequence.heard {
				l.sequence = sequence{}
			}
		case told.Final():
			return told
		}
	}
	pause := l.wait/2 + rand.N(l.wait)
	l.wait = min(2*l.wait, longWait)
	select {
	case <-time.After(pause):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (l *Listener) disconnect() {
	l.mu.Lock()
	conn := l.conn
	l.conn = nil
	l.mu.Unlock()
	if conn != nil {
		conn.Close()
	}
}

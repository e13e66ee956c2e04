package events

import (
	"context"
	"sync"
	"time"

	"go.opentelemetry.io/otel/attribute"

	"rostrum/internal/fault"
	"rostrum/internal/obs"
)

// mostOrders bounds the commands of one connection that wait for an answer.
const mostOrders = 16

// orders are the commands of one connection. They are done one after the other, so that of a mute and an unmute the later
// one holds; a goroutine does them while there are any.
type orders struct {
	mu      sync.Mutex
	waiting []*command
	working bool
	over    bool // no more are taken

	idle sync.WaitGroup
	stop context.CancelFunc // of the ones being done
}

// obey takes a client's message. Faults: invalid, rate_limited.
func (c *conn) obey(text []byte) error {
	next, err := readCommand(text)
	if err != nil || next == nil {
		return err
	}
	o := &c.orders
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.waiting) >= mostOrders {
		return fault.New(fault.CodeRateLimited, "at most %d commands may wait for an answer", mostOrders)
	}
	o.waiting = append(o.waiting, next)
	if !o.working && !o.over {
		ctx, cancel := context.WithCancel(obs.WithRequestID(context.Background(), c.request))
		o.working, o.stop = true, cancel
		o.idle.Go(func() { defer cancel(); c.work(ctx) })
	}
	return nil
}

// work does commands until none is left. The first of those that wait is the one being done.
func (c *conn) work(ctx context.Context) {
	o := &c.orders
	next := o.first()
	for next != nil {
		call, span := obs.Root(ctx, next.trace(), attribute.String("rostrum.request_id", c.request))
		said, err := c.do(call, next)
		obs.End(span, err)
		if err != nil {
			said = answerMessage{Type: "answer", ID: next.id, Error: problem(err)}
		}
		code := fault.Code("ok")
		if err != nil {
			code = fault.From(err).Code
		}
		c.sockets.metrics.commands.WithLabelValues(string(code)).Inc()
		next = o.done() // before the answer: whoever has it may send another
		c.answer(said)
	}
}

func (o *orders) first() *command {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.waiting[0]
}

// done takes the first one away and answers the next; nil: that was all.
func (o *orders) done() *command {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.waiting = o.waiting[1:]
	if len(o.waiting) == 0 {
		o.waiting, o.working = nil, false
		return nil
	}
	return o.waiting[0]
}

// finish lets commands end for a while, and waits.
func (o *orders) finish(grace time.Duration) {
	o.mu.Lock()
	o.over = true
	stop := o.stop
	o.mu.Unlock()
	if stop == nil {
		return
	}
	defer time.AfterFunc(grace, stop).Stop()
	o.idle.Wait()
}

func (c *conn) answer(said answerMessage) {
	text, err := encode(said)
	if err != nil {
		c.sockets.cfg.Log.Error("an answer could not be written", "error", err)
		return
	}
	if !c.out.push(text) {
		c.cut(goodbyeOverflow)
	}
}

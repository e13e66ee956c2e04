package stage

import (
	"context"
	"crypto/rand"
	"fmt"
	"time"

	"rostrum/client/api"
)

// maxPending is how many commands may wait for an answer; more wait for their turn.
const maxPending = 16

// pending is a command that was given and not answered.
type pending struct {
	raw      []byte
	answered chan outcome // holds the one answer
}

type outcome struct {
	answer Answer
	err    error
}

// Do gives a command and answers when the stage has it. Over a lost connection it is given again under the same id, which
// happens once. A refusal is an *api.Error. When ctx ends first it may still happen.
//
// The answer may come before the events it is about: they are on the stage once its position is not before the answer's.
func (f *Follower) Do(ctx context.Context, c Command) (Answer, error) {
	answer, err := f.do(ctx, c)
	if err != nil {
		return Answer{}, fmt.Errorf("%s: %w", c.Do, err)
	}
	return answer, nil
}

func (f *Follower) do(ctx context.Context, c Command) (Answer, error) {
	if c.ID == "" {
		c.ID = rand.Text()
	}
	raw, err := c.encode()
	if err != nil {
		return Answer{}, err
	}
	select {
	case f.slots <- struct{}{}:
		defer func() { <-f.slots }()
	case <-f.done:
		return Answer{}, f.reason()
	case <-ctx.Done():
		return Answer{}, ctx.Err()
	}
	if err := f.turn(ctx); err != nil {
		return Answer{}, err
	}
	p := &pending{raw: raw, answered: make(chan outcome, 1)}
	if err := f.give(c.ID, p); err != nil {
		return Answer{}, err
	}
	defer f.forget(c.ID)
	select {
	case o := <-p.answered:
		return o.answer, o.err
	case <-f.done:
		return Answer{}, f.reason()
	case <-ctx.Done():
		return Answer{}, ctx.Err()
	}
}

// turn waits until another message may be sent.
func (f *Follower) turn(ctx context.Context) error {
	f.mu.Lock()
	wait := f.pace.take(time.Now())
	f.mu.Unlock()
	if wait <= 0 {
		return nil
	}
	select {
	case <-time.After(wait):
		return nil
	case <-f.done:
		return f.reason()
	case <-ctx.Done():
		return ctx.Err()
	}
}

// give notes a command and sends it where there is a connection; the next connection sends it in any case.
func (f *Follower) give(id string, p *pending) error {
	f.mu.Lock()
	if f.pending[id] != nil {
		f.mu.Unlock()
		return fmt.Errorf("command %s waits for its answer already", id)
	}
	f.pending[id] = p
	conn := f.conn
	f.mu.Unlock()
	if conn != nil {
		_ = f.write(conn, p.raw) // what it does not take the next connection does
	}
	return nil
}

func (f *Follower) forget(id string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.pending, id)
}

// settle gives an answer to who waits for it.
func (f *Follower) settle(a *answerMessage) {
	f.mu.Lock()
	p := f.pending[a.ID]
	delete(f.pending, a.ID)
	f.mu.Unlock()
	if p == nil {
		return
	}
	o := outcome{answer: Answer{Place: a.Place}}
	if a.Position != nil {
		o.answer.Position = *a.Position
	}
	if a.Error != nil {
		o.err = &api.Error{
			Code: a.Error.Code, Message: a.Error.Message, Details: a.Error.Details,
			RetryAfter: time.Duration(a.Error.RetryAfterMS) * time.Millisecond,
		}
	}
	p.answered <- o
}

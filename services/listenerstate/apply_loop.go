package listenerstate

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"rostrum/internal/fault"
	"rostrum/internal/obs"
	"rostrum/services/listenerstate/chain"
	"rostrum/services/listenerstate/keybox"
	"rostrum/services/listenerstate/stagelog"
)

// How often a command is decided again. With the pauses between them that takes about 1 s; with AcknowledgeLog 3 s, in which
// another instance can repair a log.
const (
	attempts       = 12
	attemptsBehind = 36
)

// errAgain says that the stage a decision was made on is no longer the newest.
var errAgain = errors.New("the stage has changed")

// Apply decides a command on the newest stage, appends its events, and answers when they are held twice. The same
// request again has the same answer for stagelog.CommandLifetime. Requests to one room that wait at the same time are
// appended together; a caller whose context ends stops waiting, and the request may still be applied.
//
// Errors are faults: those of the rules; idempotency_mismatch; rate_limited, timeout and unavailable, after which the
// same request should be sent again.
func (s *Service) Apply(ctx context.Context, key chain.Key, r Request) (answer Answer, err error) {
	start := time.Now()
	defer func() { s.metrics.applied(r, time.Since(start), err) }()
	if err := r.check(); err != nil {
		return Answer{}, err
	}
	k, err := s.rooms.use(key)
	if err != nil {
		return Answer{}, err
	}
	defer s.rooms.done(k)
	c, err := s.queue(ctx, k, r)
	if err != nil {
		return Answer{}, err
	}
	for {
		select {
		case <-c.answered:
			s.trace(ctx, c)
			return c.answer, c.err
		case <-c.appointed:
			s.lead(ctx, k)
		case <-ctx.Done():
			k.line.quit(c)
			select {
			case <-c.answered:
				return c.answer, c.err
			default:
				return Answer{}, fault.New(fault.CodeTimeout, "the room is busy; try again")
			}
		}
	}
}

// trace says in the caller's trace where its time went. What is done for many has one time in the traces of all.
func (s *Service) trace(ctx context.Context, c *call) {
	for _, step := range c.laps.steps() {
		s.metrics.steps.WithLabelValues(step.name).Observe(step.to.Sub(step.from).Seconds())
		obs.Past(ctx, "listenerstate."+step.name, step.from, step.to)
	}
}

// queue brings a request into the line of its room, with the key that it may need.
func (s *Service) queue(ctx context.Context, k *keeper, r Request) (*call, error) {
	if err := k.line.enter(laneOf(r)); err != nil {
		return nil, err
	}
	c := newCall(r)
	if err := s.admit(ctx, k); err != nil {
		k.line.leave(laneOf(r))
		return nil, err
	}
	if person := r.person(); person != "" {
		var err error
		c.personKey, err = s.keys.MakeKey(ctx, k.key.App, person)
		if errors.Is(err, keybox.ErrAway) { // the room goes on, and calls this person nothing
			c.request.Command, err = c.request.withoutTexts(), nil
			s.metrics.textsLeftOut.Inc()
		}
		if err != nil {
			k.line.leave(laneOf(r))
			return nil, fault.Unavailable(err, "the keys of personal fields cannot be reached; try again")
		}
	}
	c.laps.joined = time.Now()
	if err := k.line.join(c); err != nil {
		return nil, err
	}
	return c, nil
}

// lead takes the turn of a room for everyone who waits for it. From there on nothing stops with its caller, so that what
// is appended is also archived and told.
func (s *Service) lead(ctx context.Context, k *keeper) {
	<-k.turn
	work, cancel := context.WithTimeout(context.WithoutCancel(ctx), callTimeout)
	defer cancel()
	calls, p, err := s.inTurn(work, k)
	k.give()
	if errors.Is(err, errAgain) {
		tries := s.again(k, calls, err)
		pause(ctx, tries)
		k.line.pass()
		return
	}
	k.line.pass()
	if err == nil {
		err = s.settle(work, k, &p)
	}
	for _, c := range calls {
		s.answer(work, k.key, c, p, err)
	}
}

// again brings calls back into the line, but those that were decided too often. It answers how often they were.
func (s *Service) again(k *keeper, calls []*call, cause error) int {
	var back []*call
	tries := 0
	for _, c := range calls {
		if c.tries++; c.tries < s.attempts {
			back, tries = append(back, c), max(tries, c.tries)
			continue
		}
		c.err = fault.Unavailable(cause, "the stage changes too fast; try again")
		close(c.answered)
	}
	k.line.putBack(back)
	return tries
}

// pause waits longer with every attempt, by chance, so that instances that met once do not meet again.
func pause(ctx context.Context, attempt int) bool {
	longest := min(time.Millisecond<<attempt, 200*time.Millisecond)
	timer := time.NewTimer(rand.N(longest))
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// pending is what was seen in a turn, to be answered once the archive has it.
type pending struct {
	view    View
	edition uint64       // of the keeper, in which it was seen
	write   *chain.Write // nil: the archive has it
	hint    time.Time    // something new is due then; zero: not earlier than was known
	laps    laps         // of the calls in the turn
}

// inTurn decides the calls that are next in line and appends their events. The caller has the turn.
func (s *Service) inTurn(ctx context.Context, k *keeper) ([]*call, pending, error) {
	notReady := s.ready(ctx, k)
	calls := k.line.drain()
	if notReady != nil {
		return calls, pending{}, notReady
	}
	p := pending{laps: laps{drained: time.Now()}}
	for open := calls; len(open) > 0; {
		b := decideAll(k.key, k.stage, k.head, open, s.now())
		p.laps.decided = time.Now()
		var err error
		if p.hint, err = s.hintBefore(ctx, k, b); err != nil {
			return calls, p, fault.Unavailable(err, "the stage log cannot be reached; try again")
		}
		added := b.append()
		added.Wait = s.promptWait(ctx)
		done, err := s.log.Append(ctx, k.key, added)
		p.laps.appended = time.Now()
		if err != nil {
			return calls, p, s.refused(ctx, k, err)
		}
		if len(done.Known) == 0 {
			s.take(k, b, done.Enforced)
			s.noteAppended(k, added, done)
			break
		}
		if open, err = s.known(ctx, k, open, done.Known); err != nil {
			return calls, p, err
		}
	}
	p.view, p.write = k.view(), k.latest
	p.edition, _ = k.which()
	return calls, p, nil
}

// take makes an appended batch the newest that a keeper knows.
func (s *Service) take(k *keeper, b *batch, enforced chain.Position) {
	k.enforced = enforced
	s.metrics.together.Observe(float64(len(b.calls)))
	if len(b.records) > 0 {
		s.advance(k, b.stage, b.due, b.records, true)
		s.metrics.events.Add(float64(len(b.records)))
	}
}

// refused makes the keeper read what it does not know yet.
func (s *Service) refused(ctx context.Context, k *keeper, err error) error {
	switch {
	case errors.Is(err, stagelog.ErrMoved):
		s.metrics.retries.WithLabelValues("moved").Inc()
		if s.refresh(ctx, k) != nil {
			k.loaded = false
		}
		return errAgain
	case errors.Is(err, stagelog.ErrLost):
		s.metrics.retries.WithLabelValues("lost").Inc()
		k.loaded = false
		return errAgain
	case errors.Is(err, stagelog.ErrRestarted):
		s.metrics.retries.WithLabelValues("restarted").Inc()
		k.loaded = false
		return errAgain
	case errors.Is(err, stagelog.ErrRepairing):
		s.metrics.retries.WithLabelValues("repairing").Inc()
		return errAgain
	}
	k.loaded = false
	return fault.Unavailable(err, "the stage log cannot be reached; try again")
}

// known notes which calls came before, and answers the others, which are to be decided again. The caller has the turn.
func (s *Service) known(ctx context.Context, k *keeper, calls []*call, known []stagelog.Known) ([]*call, error) {
	before := make(map[*call]bool, len(known))
	for _, came := range known {
		if came.Index < 0 || came.Index >= len(calls) {
			return nil, fmt.Errorf("the log of %s knows command %d of %d", k.key, came.Index, len(calls))
		}
		c, earlier := calls[came.Index], came.Earlier
		before[c] = true
		c.outcome = outcome{earlier: &earlier}
		if earlier.Payload != c.request.Payload {
			c.outcome = outcome{refusal: fault.New(fault.CodeIdempotencyMismatch, "this command id was used for something else")}
		}
	}
	if s.refresh(ctx, k) != nil {
		k.loaded = false
		return nil, errAgain
	}
	var others []*call
	for _, c := range calls {
		if !before[c] {
			others = append(others, c)
		}
	}
	return others, nil
}

// answer tells a call what it came to.
func (s *Service) answer(ctx context.Context, key chain.Key, c *call, p pending, failed error) {
	p.laps.begun, p.laps.joined = c.laps.begun, c.laps.joined
	c.laps = p.laps
	switch o := c.outcome; {
	case failed != nil:
		c.err = failed
	case o.refusal != nil:
		c.err = o.refusal
	case o.earlier != nil:
		c.answer, c.err = s.answerAgain(ctx, key, *o.earlier, p.view)
	default:
		c.answer = Answer{Position: o.at, Entries: o.entries, Stage: p.view.Stage, Enforced: p.view.Enforced}
	}
	close(c.answered)
}

func (s *Service) answerAgain(ctx context.Context, key chain.Key, earlier stagelog.Earlier, view View) (Answer, error) {
	answer := Answer{Position: earlier.Last, Stage: view.Stage, Enforced: view.Enforced}
	if earlier.Events == 0 {
		return answer, nil
	}
	records, err := s.recall(ctx, key, earlier)
	if err != nil {
		return Answer{}, fault.Unavailable(err, "the archive cannot be read; try again")
	}
	for _, record := range records {
		e, err := decodeEvent(key, record.Bytes)
		if err != nil {
			return Answer{}, fmt.Errorf("answer %s again: %w", key, err)
		}
		answer.Entries = append(answer.Entries, Entry{e, record.Bytes})
	}
	return answer, nil
}

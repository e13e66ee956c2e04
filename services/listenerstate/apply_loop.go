package listenerstate

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"rostrum/internal/fault"
	"rostrum/services/listenerstate/chain"
	"rostrum/services/listenerstate/stagelog"
)

// attempts bounds how often a command is decided again; with the pauses between them they take about 1 s.
const attempts = 12

// errAgain says that the stage a decision was made on is no longer the newest.
var errAgain = errors.New("the stage has changed")

// Apply decides a command on the newest stage, appends its events, and answers when they are held twice. The same
// request again has the same answer for stagelog.CommandLifetime.
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
	for n := range attempts {
		answer, err = s.attempt(ctx, k, r)
		if !errors.Is(err, errAgain) {
			return answer, err
		}
		if !pause(ctx, n) {
			break
		}
	}
	return Answer{}, fault.Unavailable(err, "the stage changes too fast; try again")
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

// attempt decides once. From the turn on it does not stop with its caller, so that what is appended is also archived.
func (s *Service) attempt(ctx context.Context, k *keeper, r Request) (Answer, error) {
	if err := k.take(ctx.Done()); err != nil {
		return Answer{}, err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), callTimeout)
	defer cancel()
	p, err := s.inTurn(ctx, k, r)
	k.give()
	if err != nil {
		return Answer{}, err
	}
	if err := s.settle(ctx, k, p); err != nil {
		return Answer{}, err
	}
	if p.earlier != nil {
		return s.answerAgain(ctx, k.key, p)
	}
	return Answer{Position: p.stage.Position, Entries: p.entries, Stage: p.stage}, nil
}

// pending is what a call saw in its turn and answers once the archive has it.
type pending struct {
	stage   Stage
	write   *chain.Write // nil: the archive has it
	entries []Entry
	earlier *stagelog.Earlier
}

// inTurn decides a request and appends its events. The caller has the turn.
func (s *Service) inTurn(ctx context.Context, k *keeper, r Request) (pending, error) {
	if err := s.ready(ctx, k); err != nil {
		return pending{}, err
	}
	now := s.now()
	events, refusal := decide(k.stage, r, now)
	entries, stage, err := s.prepare(ctx, k, events)
	if err != nil {
		return pending{}, err
	}
	// A refusal is asked too: it may come from an old stage, or the command may have been accepted before.
	earlier, err := s.log.Append(ctx, k.key, stagelog.Append{
		Expect: k.head, Command: stagelog.Command{Name: commandName(r.Actor, r.ID), Payload: r.Payload}, Remember: refusal == nil,
		Now: now, Records: recordsOf(entries, r.Payload), Ops: project(events), Lifetime: lifetime(stage),
	})
	if err != nil {
		return pending{}, s.refused(ctx, k, err)
	}
	if earlier != nil {
		return s.again(ctx, k, r, earlier)
	}
	if refusal != nil {
		return pending{}, refusal
	}
	if len(entries) > 0 {
		s.advance(k, stage, recordsOf(entries, r.Payload))
		s.metrics.events.Add(float64(len(entries)))
	}
	return pending{stage: k.stage, write: k.latest, entries: entries}, nil
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
	}
	k.loaded = false
	return fault.Unavailable(err, "the stage log cannot be reached; try again")
}

// prepare makes the entries of events behind the keeper's head, names sealed, and the stage after them.
func (s *Service) prepare(ctx context.Context, k *keeper, events []Event) ([]Entry, Stage, error) {
	stage, head, entries := k.stage, k.head, make([]Entry, 0, len(events))
	for _, e := range events {
		var err error
		if e.Change, err = s.sealed(ctx, k.key, e); err != nil {
			return nil, stage, err
		}
		e.Position, e.Prev = chain.Position{Term: max(head.Term, 1), Offset: head.Offset + 1}, head.Hash
		bytes, err := encodeEvent(k.key, e)
		if err != nil {
			return nil, stage, err
		}
		stage, head = evolve(stage, e), chain.Head{Position: e.Position, Hash: chain.Sum(bytes)}
		entries = append(entries, Entry{e, bytes})
	}
	return entries, stage, nil
}

// sealed answers an event's change with its personal fields under their person's key.
func (s *Service) sealed(ctx context.Context, key chain.Key, e Event) (Change, error) {
	seated, ok := e.Change.(Seated)
	if !ok || seated.Name.Plain == "" {
		return e.Change, nil
	}
	personKey, err := s.keys.MakeKey(ctx, key.App, seated.User)
	if err != nil {
		return nil, fault.Unavailable(err, "the keys of personal fields cannot be reached; try again")
	}
	closed, err := seal(personKey, key, Sealed{User: seated.User, Command: e.Command, Field: fieldName}, seated.Name.Plain)
	if err != nil {
		return nil, fmt.Errorf("seal name: %w", err)
	}
	seated.Name = Name{Sealed: closed}
	return seated, nil
}

// advance takes appended records as the newest and sends them to the archive. The caller has the turn.
func (s *Service) advance(k *keeper, stage Stage, records []chain.Record) {
	after, head := k.head, records[len(records)-1].Head()
	var snapshot []byte
	if head.Offset >= k.snapshotAt+snapshotEvery {
		// Without a snapshot loading takes longer; nothing is lost.
		if encoded, err := encodeSnapshot(k.key, stage, head); err == nil {
			snapshot, k.snapshotAt = encoded, head.Offset
		}
	}
	k.stage, k.head, k.loaded = stage, head, true
	k.latest = s.archive.Append(k.key, after, records, snapshot)
}

// settle waits until the archive has what a call saw, and lets watchers have it.
func (s *Service) settle(ctx context.Context, k *keeper, p pending) error {
	if p.write != nil {
		if err := p.write.Wait(ctx); err != nil {
			k.broken.Store(true)
			return fault.Unavailable(err, "the change could not be made safe; try again")
		}
	}
	k.noteHeld(p.stage.Position)
	s.mark(ctx, k, p.stage.Position)
	return nil
}

// mark acknowledges in the log what the archive has, once for all calls that wait for it. A failure delays watchers,
// who mark it themselves; what was answered is held nevertheless.
func (s *Service) mark(ctx context.Context, k *keeper, at chain.Position) {
	select {
	case <-k.marking:
	case <-ctx.Done():
		s.metrics.unmarked.Inc()
		return
	}
	defer func() { k.marking <- struct{}{} }()
	held, marked := k.marks()
	if !marked.Before(at) {
		return
	}
	if err := s.log.Acknowledge(ctx, k.key, held); err != nil {
		s.metrics.unmarked.Inc()
		return
	}
	k.noteMarked(held)
}

// again answers a command that came before. The caller has the turn.
func (s *Service) again(ctx context.Context, k *keeper, r Request, earlier *stagelog.Earlier) (pending, error) {
	if earlier.Payload != chain.Hash(r.Payload) {
		return pending{}, fault.New(fault.CodeIdempotencyMismatch, "this command id was used for something else")
	}
	if s.refresh(ctx, k) != nil {
		k.loaded = false
		return pending{}, errAgain
	}
	return pending{stage: k.stage, write: k.latest, earlier: earlier}, nil
}

func (s *Service) answerAgain(ctx context.Context, key chain.Key, p pending) (Answer, error) {
	answer := Answer{Position: p.earlier.Last, Stage: p.stage}
	if p.earlier.Events == 0 {
		return answer, nil
	}
	first := p.earlier.Last.Offset - p.earlier.Events + 1
	records, err := s.archive.Read(ctx, key, first, int(p.earlier.Events))
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

func recordsOf(entries []Entry, payload chain.Hash) []chain.Record {
	records := make([]chain.Record, len(entries))
	for i, entry := range entries {
		records[i] = chain.Record{Position: entry.Event.Position, Payload: payload, Bytes: entry.Bytes}
	}
	return records
}

package listenerstate

import (
	"context"
	"sync"
	"time"

	"rostrum/services/listenerstate/chain"
	"rostrum/services/listenerstate/stagelog"
)

const (
	callsMost  = 100_000 // rooms whose repair waits for this instance's answer
	offersMost = 64      // rooms that are offered in one round to Redis
	tellEvery  = time.Second
	tellWithin = 250 * time.Millisecond
)

// calls are repairs that want to know what this instance has. The newest of a room counts.
type calls struct {
	bell chan struct{}

	mu     sync.Mutex
	tokens map[chain.Key]string
	missed bool // some may have been missed: everything is offered
}

func newCalls() *calls {
	return &calls{bell: make(chan struct{}, 1), tokens: make(map[chain.Key]string)}
}

func (c *calls) called(key chain.Key, token string) {
	c.mu.Lock()
	if _, again := c.tokens[key]; again || len(c.tokens) < callsMost {
		c.tokens[key] = token
	}
	c.mu.Unlock()
	c.ring()
}

func (c *calls) missedSome() {
	c.mu.Lock()
	c.missed = true
	c.mu.Unlock()
	c.ring()
}

func (c *calls) ring() {
	select {
	case c.bell <- struct{}{}:
	default:
	}
}

func (c *calls) take() (map[chain.Key]string, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	tokens, missed := c.tokens, c.missed
	c.tokens, c.missed = make(map[chain.Key]string), false
	return tokens, missed
}

// answerCalls offers what this instance acknowledged and the archive lacks, to whoever repairs a log, until ctx ends. It
// says every second that it is there, so that repairs wait for it.
func (s *Service) answerCalls(ctx context.Context) {
	tick := time.NewTicker(tellEvery)
	defer tick.Stop()
	defer func() {
		leaving, cancel := context.WithTimeout(context.WithoutCancel(ctx), tellWithin)
		defer cancel()
		_ = s.log.Tell(leaving, s.instance, true) // else repairs wait for it in vain, for some seconds
	}()
	for {
		select {
		case <-s.calls.bell:
			s.offerTails(ctx)
		case <-tick.C:
			telling, cancel := context.WithTimeout(ctx, tellWithin)
			_ = s.log.Tell(telling, s.instance, false) // while nobody can be told, nobody is taken for gone
			cancel()
		case <-ctx.Done():
			return
		}
	}
}

func (s *Service) offerTails(ctx context.Context) {
	tokens, missed := s.calls.take()
	if missed { // a repair may have called meanwhile, or Redis is another one: it finds these without calling
		for _, k := range s.rooms.all() {
			if _, called := tokens[k.key]; !called && len(s.tail(k)) > 0 {
				tokens[k.key] = ""
			}
		}
	}
	var offers []stagelog.Offer
	for key, token := range tokens {
		offer := stagelog.Offer{Key: key, Token: token}
		if k := s.rooms.peek(key); k != nil {
			offer.Records = s.tail(k)
		}
		if offers = append(offers, offer); len(offers) == offersMost {
			s.layDown(ctx, offers)
			offers = nil
		}
	}
	if len(offers) > 0 {
		s.layDown(ctx, offers)
	}
}

// layDown offers; where it fails the repair calls again.
func (s *Service) layDown(ctx context.Context, offers []stagelog.Offer) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	if err := s.log.Offer(ctx, s.instance, offers); err == nil {
		s.metrics.offers.Add(float64(len(offers)))
	}
}

// tail is what of a room was acknowledged and is not known to be archived.
func (s *Service) tail(k *keeper) []chain.Record {
	held, _ := k.marks()
	return k.backlog.tail(held)
}

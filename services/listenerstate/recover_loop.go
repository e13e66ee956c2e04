package listenerstate

import (
	"context"
	"errors"
	"fmt"
	"time"

	"rostrum/services/listenerstate/chain"
	"rostrum/services/listenerstate/stagelog"
)

const (
	callEvery = 50 * time.Millisecond // that a repair calls again and looks at what was laid down
	waitsMost = 3 * time.Second       // for instances that are known to be there
)

// recover brings a log of which the archive lacks a part back to what was acknowledged: it is compared with the archive and
// with what every instance has. Where it has all of that it is trusted again and its term goes on, and the head is zero;
// else the longest chain is archived, and seeds a new term. The caller has the turn, and holds the repair under a token.
func (s *Service) recover(ctx context.Context, k *keeper, token string) (chain.Head, error) {
	offers, err := s.gather(ctx, k, token)
	if err != nil {
		return chain.Head{}, err
	}
	a, err := s.fromArchive(ctx, k.key)
	if err != nil {
		return chain.Head{}, err
	}
	found, err := s.shelved(ctx, k.key, a)
	if err != nil {
		return chain.Head{}, err
	}
	best, fine := found.judge(k.key, a, offers)
	switch {
	case fine:
		return chain.Head{}, s.trust(ctx, k, token)
	case a.head.Offset == 0 && len(best) == 0 && !found.there:
		k.doubted = false
		k.reset(archived{}) // nobody ever acknowledged anything of it
		return chain.Head{}, nil
	case a.head.Offset == 0 && len(best) == 0:
		return chain.Head{}, fmt.Errorf("the log of %s does not fold and the archive has nothing of it", k.key)
	}
	if err := s.archiveNow(ctx, k.key, a.head, best); err != nil {
		return chain.Head{}, err
	}
	// From here on nobody appends in the old term, so that nothing is acknowledged that the archive would refuse.
	term := a.head.Term
	if len(best) > 0 {
		term = best[0].Term
	}
	if err := s.log.Condemn(ctx, k.key, token, term, repairLifetime); err != nil {
		return chain.Head{}, err
	}
	return s.reseed(ctx, k, token)
}

// trust lets a log go on in its term.
func (s *Service) trust(ctx context.Context, k *keeper, token string) error {
	if err := s.log.Trust(ctx, k.key, token); err != nil {
		return err
	}
	k.doubted = false
	return s.load(ctx, k)
}

// archiveNow puts a recovered chain into the archive. Other instances may be at it too.
func (s *Service) archiveNow(ctx context.Context, key chain.Key, after chain.Head, records []chain.Record) error {
	if len(records) == 0 {
		return nil
	}
	write := s.archive.Append(key, after, records, nil)
	if hurried, can := s.archive.(flusher); can {
		if err := hurried.Flush(ctx, key); err != nil {
			return err
		}
	}
	return write.Wait(ctx)
}

// gather asks all instances for what they acknowledged of a room, and adds what this one has.
func (s *Service) gather(ctx context.Context, k *keeper, token string) ([][]chain.Record, error) {
	began, heard := time.Now(), 0
	tick := time.NewTicker(callEvery)
	defer tick.Stop()
	for {
		n, err := s.log.Call(ctx, k.key, token)
		if err != nil {
			return nil, err
		}
		heard = max(heard, n)
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		offers, answered, err := s.log.Offers(ctx, k.key, token)
		if err != nil {
			return nil, err
		}
		took := time.Since(began)
		if took >= s.behind.OfferTime && (len(answered) >= heard && s.peers.all(answered) || took >= waitsMost) {
			if own := s.tail(k); len(own) > 0 {
				offers = append(offers, own)
			}
			return offers, nil
		}
	}
}

// shelved reads what Redis has of a log behind the archive's head.
func (s *Service) shelved(ctx context.Context, key chain.Key, a archived) (shelf, error) {
	var found shelf
	stage, head := a.stage, a.head
	for {
		page, err := s.log.Read(ctx, key, head.Position, pageSize)
		if errors.Is(err, stagelog.ErrLost) {
			return shelf{}, nil
		}
		if err != nil && !errors.Is(err, stagelog.ErrRestarted) {
			return shelf{}, err
		}
		found.there, found.acked = true, page.Acked
		if head.Offset > 0 && page.Head.Term != head.Term || page.Head.Offset < head.Offset {
			return found, nil
		}
		if len(page.Records) == 0 {
			found.fits = page.Head == head
			return found, nil
		}
		if stage, head, err = fold(key, stage, head, page.Records); err != nil {
			return found, nil
		}
		found.records = append(found.records, page.Records...)
	}
}

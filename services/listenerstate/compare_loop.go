package listenerstate

import (
	"context"
	"time"

	"rostrum/services/listenerstate/chain"
)

const (
	consultWithin = 500 * time.Millisecond
	consultPause  = 5 * time.Second
)

// compare says errDiverged where this instance acknowledged something in the log's term that the log does not have. What it
// acknowledged in an older term was judged by a repair.
func (s *Service) compare(ctx context.Context, k *keeper, f found) error {
	tail := s.tail(k)
	if len(tail) == 0 {
		return nil
	}
	last := tail[len(tail)-1]
	switch {
	case last.Term < f.head.Term:
		s.leaveTerm(ctx, k, f.page.Base)
		return nil
	case last.Term > f.head.Term || last.Offset > f.head.Offset:
		return errDiverged
	}
	for _, record := range f.read {
		if record.Offset == last.Offset && !sameRecord(record, last) {
			return errDiverged
		}
	}
	return nil
}

// consult asks the archive for its head, to compare it with what Redis has; zero where it has none or does not answer. It is
// not waited for long, nor asked again for a while: what Redis has is verified.
func (s *Service) consult(ctx context.Context, key chain.Key) chain.Head {
	if failed := s.silent.Load(); failed != nil && time.Since(*failed) < consultPause {
		return chain.Head{}
	}
	asked := time.Now()
	ctx, cancel := context.WithTimeout(ctx, consultWithin)
	defer cancel()
	head, _, err := s.archive.Load(ctx, key)
	if err != nil {
		s.silent.Store(&asked)
		return chain.Head{}
	}
	s.silent.Store(nil)
	return head
}

// goesOnFrom says whether a log can be what came of a head that the archive had a moment ago.
func (f found) goesOnFrom(said chain.Head) bool {
	switch {
	case said.Offset == 0:
		return true
	case said.Term > f.head.Term || said.Offset > f.head.Offset:
		return false
	case said.Offset == f.head.Offset:
		return said.Hash == f.head.Hash
	}
	for _, record := range f.read {
		if record.Offset == said.Offset {
			return record.Head().Hash == said.Hash
		}
	}
	return true // it was cut since, below what the archive has
}

// leaveTerm counts what this instance acknowledged in an older term that did not come into the one that begins at base.
func (s *Service) leaveTerm(ctx context.Context, k *keeper, base uint64) {
	tail := s.tail(k)
	lost := 0
	for _, record := range tail {
		if record.Offset > base {
			lost++
		}
	}
	if n := len(tail); n > 0 && lost == 0 { // those that came may be others
		kept, err := s.archive.Read(ctx, k.key, tail[n-1].Offset, 1)
		if err == nil && (len(kept) == 0 || !sameRecord(kept[0], tail[n-1])) {
			lost = n
		}
	}
	if lost > 0 {
		s.metrics.lost.Add(float64(lost))
		s.logger.Error("acknowledged events were lost", "app", k.key.App, "room", k.key.Room, "events", lost, "last", tail[len(tail)-1].Position.String())
	}
}

package signaling

import (
	"context"
	"time"
)

const (
	// edgesEvery is how often the edges of all instances are read, and those of this one renewed.
	edgesEvery   = 500 * time.Millisecond
	edgesTimeout = 2 * time.Second
)

// watchEdges keeps the leases of the edges that have a control stream here, and learns of the others.
func (s *Service) watchEdges() {
	ticker := time.NewTicker(edgesEvery)
	defer ticker.Stop()
	failing := false
	for {
		err := s.exchangeEdges()
		if err != nil && !failing && s.ctx.Err() == nil {
			s.log.Warn("the registry does not answer; the known edges serve on", "error", err)
		}
		failing = err != nil
		select {
		case <-ticker.C:
		case <-s.ctx.Done():
			return
		}
	}
}

func (s *Service) exchangeEdges() error {
	ctx, cancel := context.WithTimeout(s.ctx, edgesTimeout)
	defer cancel()
	for _, l := range s.roster.links() {
		if err := s.store.AnnounceEdge(ctx, l.stream, l.edge); err != nil {
			return err
		}
		if !s.roster.has(l.stream, l.edge.ID) { // it left meanwhile, and its lease was given back already
			if err := s.store.ReleaseEdge(ctx, l.stream, l.edge.ID); err != nil {
				return err
			}
		}
	}
	edges, err := s.store.Edges(ctx)
	if err != nil {
		return err
	}
	s.roster.learn(edges)
	return nil
}

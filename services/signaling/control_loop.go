package signaling

import (
	"context"
	"errors"
	"io"
	"time"

	"rostrum/internal/fault"
	"rostrum/internal/id"
	"rostrum/internal/rpc"
	"rostrum/internal/token"
)

// helloTimeout is how long a new control stream may take to say whose it is.
const helloTimeout = 5 * time.Second

// report is one thing that an edge says; one field is set.
type report struct {
	hello  *hello
	load   *Load
	lookup *RoomKey
}

// hello opens a control stream.
type hello struct {
	edge      Edge
	enrolment string
}

// edgeStream is an edge's control stream.
type edgeStream interface {
	receive() (report, error)
	sendKeys([]token.PublicKey) error
	sendFinding(finding) error
}

// control serves one edge until its stream or the service ends.
func (s *Service) control(ctx context.Context, stream edgeStream) error {
	done, err := s.begin()
	if err != nil {
		return err
	}
	defer done()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	reports, failed := make(chan report), make(chan error, 1)
	s.work.Go(func() { failed <- receive(ctx, stream, reports) })
	edge, err := s.admit(ctx, reports, failed)
	if err != nil {
		return err
	}
	return s.attend(ctx, edge, stream, reports, failed)
}

// receive hands reports on until the stream or ctx ends. The stream ends with its handler, so it never stays behind.
func receive(ctx context.Context, stream edgeStream, reports chan<- report) error {
	for {
		r, err := stream.receive()
		if err != nil {
			return err
		}
		select {
		case reports <- r:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// admit waits for the hello and checks it.
func (s *Service) admit(ctx context.Context, reports <-chan report, failed <-chan error) (Edge, error) {
	patience := time.NewTimer(helloTimeout)
	defer patience.Stop()
	var first report
	select {
	case first = <-reports:
	case err := <-failed:
		return Edge{}, ending(err)
	case <-patience.C:
		return Edge{}, fault.New(fault.CodeTimeout, "a control stream begins with a hello within %v", helloTimeout)
	case <-ctx.Done():
		return Edge{}, ctx.Err()
	case <-s.ctx.Done():
		return Edge{}, leaving()
	}
	if first.hello == nil {
		return Edge{}, fault.New(fault.CodeInvalid, "a control stream begins with a hello")
	}
	if err := s.know(ctx, *first.hello); err != nil {
		return Edge{}, err
	}
	return first.hello.edge, first.hello.edge.check()
}

// know checks that a hello is the edge's own, by its certificate or, over a plain network, by its token.
func (s *Service) know(ctx context.Context, h hello) error {
	if _, shown := rpc.Caller(ctx); shown {
		return speaksFor(ctx, h.edge.ID)
	}
	return s.enrolment.admits(h.enrolment)
}

// attend keeps an admitted edge on the roster and told.
func (s *Service) attend(ctx context.Context, edge Edge, stream edgeStream, reports <-chan report, failed <-chan error) error {
	replaced, err := s.sendKeys(stream)
	if err != nil {
		return err
	}
	name, mail := string(id.NewSession(edge.ID)), newMailbox()
	s.roster.join(name, edge)
	s.metrics.edges.Inc()
	s.log.Info("edge joins", "node", edge.ID, "region", edge.Region, "url", edge.URL)
	defer s.part(name, edge, mail)
	for {
		select {
		case <-replaced:
			if replaced, err = s.sendKeys(stream); err != nil {
				return err
			}
		case r := <-reports:
			if err := s.heed(name, edge, mail, r); err != nil {
				return err
			}
		case <-mail.wake:
			for _, f := range mail.take() {
				if err := stream.sendFinding(f); err != nil {
					return err
				}
				s.metrics.told(f)
			}
		case err := <-failed:
			return ending(err)
		case <-ctx.Done():
			return ctx.Err()
		case <-s.ctx.Done():
			return leaving()
		}
	}
}

// sendKeys tells an edge all keys of grants, and answers when there are others.
func (s *Service) sendKeys(stream edgeStream) (replaced <-chan struct{}, err error) {
	keys, replaced := s.keys.Public()
	if err := stream.sendKeys(keys); err != nil {
		return nil, err
	}
	s.metrics.orders.WithLabelValues("keys").Inc()
	return replaced, nil
}

func (s *Service) heed(stream string, edge Edge, mail *mailbox, r report) error {
	switch {
	case r.load != nil:
		if err := r.load.check(); err != nil {
			return err
		}
		s.roster.report(stream, edge.ID, *r.load)
	case r.lookup != nil:
		s.lookup(*r.lookup, mail)
	case r.hello != nil:
		return fault.New(fault.CodeInvalid, "a control stream has one hello")
	}
	return nil
}

// part forgets an edge whose stream has ended. An edge that lost only this instance is soon back through another.
func (s *Service) part(stream string, edge Edge, mail *mailbox) {
	s.board.leave(mail)
	s.roster.leave(stream, edge.ID)
	s.metrics.edges.Dec()
	s.log.Info("edge leaves", "node", edge.ID)
	if s.ctx.Err() != nil {
		return // the edge serves on and finds another instance within its lease
	}
	ctx, cancel := context.WithTimeout(s.ctx, edgesTimeout)
	defer cancel()
	if err := s.store.ReleaseEdge(ctx, stream, edge.ID); err != nil {
		s.log.Warn("an edge's lease was not given back; it runs out by itself", "node", edge.ID, "error", err)
	}
}

// ending is how a control stream ends for its handler: an edge that closed it left in order.
func ending(err error) error {
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

func leaving() error {
	return fault.New(fault.CodeUnavailable, "this service is leaving; open a control stream to another").In(100 * time.Millisecond)
}

package control

import (
	"context"
	"errors"
	"io"
	"maps"
	"math/rand/v2"
	"slices"
	"time"

	"google.golang.org/grpc"

	"rostrum/internal/fault"
	signalingv1 "rostrum/proto/rostrum/signaling/v1"
)

const (
	// soonest is the first pause before the stream is opened again; a stream that lasted was steady.
	soonest = 100 * time.Millisecond
	steady  = 10 * time.Second
)

// errClosed is a stream that signaling ended without a reason.
var errClosed = errors.New("signaling closed the stream")

func (s *Stream) run(ctx context.Context) {
	var said complaint
	for wait := soonest; ; {
		begun := time.Now()
		err := s.once(ctx)
		if ctx.Err() != nil {
			return
		}
		if time.Since(begun) > steady {
			wait, said = soonest, ""
		}
		if err == nil {
			err = errClosed
		}
		if said.isNew(err) {
			s.cfg.Log.Warn("the control stream was lost; what plays goes on", "code", fault.From(err).Code, "error", err)
		}
		s.mu.Lock()
		s.last = err
		s.mu.Unlock()
		select {
		case <-time.After(wait/2 + rand.N(wait)):
		case <-ctx.Done():
			return
		}
		wait = min(2*wait, latest(err))
	}
}

// once has a stream while it lasts. Where signaling does not take the edge's certificate, another is got.
func (s *Stream) once(ctx context.Context) error {
	if s.cfg.Pass == nil {
		return s.converse(ctx)
	}
	if err := s.cfg.Pass.wait(ctx); err != nil {
		return err
	}
	err := s.converse(ctx)
	if isRefusal(err) {
		s.cfg.Pass.refuse()
	}
	return err
}

// isRefusal answers whether signaling does not know the edge, which waiting will hardly change.
func isRefusal(err error) bool {
	f := fault.From(err)
	return f.Code == fault.CodeUnauthenticated || f.Code == fault.CodeExpired
}

// latest bounds the time between two tries.
func latest(err error) time.Duration {
	if isRefusal(err) {
		return 15 * time.Second
	}
	return time.Second
}

// converse opens the stream, says hello and carries reports and orders until it breaks.
func (s *Stream) converse(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stream, err := s.cfg.Signaling.Control(ctx)
	if err != nil {
		return err
	}
	hello := &signalingv1.EdgeReport{Report: &signalingv1.EdgeReport_Hello{Hello: s.cfg.Hello}}
	if err := stream.Send(hello); err != nil && !errors.Is(err, io.EOF) { // then what is received says why
		return err
	}
	broken := make(chan error, 1)
	go func() {
		broken <- s.receive(stream)
		cancel()
	}()
	err = s.send(ctx, stream)
	cancel()
	return firstError(<-broken, err)
}

func (s *Stream) send(ctx context.Context, stream grpc.BidiStreamingClient[signalingv1.EdgeReport, signalingv1.EdgeOrder]) error {
	if err := s.askAgain(stream); err != nil {
		return err
	}
	ticker := time.NewTicker(loadEvery)
	defer ticker.Stop()
	for {
		var report *signalingv1.EdgeReport
		select {
		case report = <-s.reports:
		case <-ticker.C:
			report = &signalingv1.EdgeReport{Report: &signalingv1.EdgeReport_Load{Load: s.cfg.Load()}}
		case <-ctx.Done():
			return nil
		}
		if err := stream.Send(report); err != nil {
			return err
		}
	}
}

// askAgain repeats the look-ups whose answers a lost stream took with it, and renews those that it answered, since
// rooms may have moved meanwhile.
func (s *Stream) askAgain(stream grpc.BidiStreamingClient[signalingv1.EdgeReport, signalingv1.EdgeOrder]) error {
	s.mu.Lock()
	asked := slices.Collect(maps.Keys(s.homes))
	s.mu.Unlock()
	for _, k := range asked {
		if err := stream.Send(lookup(k)); err != nil {
			return err
		}
	}
	return nil
}

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

package relay

import (
	"context"
	"fmt"
	"sync"
	"time"

	"google.golang.org/grpc"

	relayv1 "rostrum/proto/rostrum/relay/v1"
)

// pull opens one stream and takes its items until it breaks.
func (l *lane) pull(ctx context.Context, address string, hops uint32) error {
	cfg := l.puller.cfg
	conn, err := cfg.Dialer.Dial(address)
	if err != nil {
		return fmt.Errorf("dial %s: %w", address, err)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	silence := time.AfterFunc(cfg.OpenWithin, func() { cancel(errSilent) })
	defer silence.Stop()
	stream, err := relayv1.NewRelayClient(conn).Pull(ctx, grpc.MaxCallRecvMsgSize(maxItemBytes), grpc.WaitForReady(true))
	if err == nil {
		err = stream.Send(&relayv1.PullRequest{Request: &relayv1.PullRequest_Open{Open: l.request(hops)}})
	}
	if err != nil {
		return because(ctx, err)
	}
	in := &intake{lane: l}
	var reporting sync.WaitGroup
	defer reporting.Wait()
	defer cancel(nil)
	defer l.close(in)
	for {
		item, err := stream.Recv()
		if err != nil {
			return because(ctx, err)
		}
		silence.Reset(cfg.Silence)
		opened := in.opened
		if err := in.take(item, time.Now()); err != nil {
			return err
		}
		if in.opened && !opened {
			l.open.Store(true)
			cfg.Metrics.open.Inc()
			reporting.Go(func() { l.report(ctx, stream) })
		}
	}
}

func (l *lane) close(in *intake) {
	if in.opened {
		l.open.Store(false)
		l.puller.cfg.Metrics.open.Dec()
	}
}

func (l *lane) request(hops uint32) *relayv1.PullOpen {
	room := l.puller.room
	open := &relayv1.PullOpen{
		App: string(room.app), Room: string(room.id), Rendition: string(l.ring.rendition), Node: string(l.puller.cfg.Node),
		Hops: hops, KnownEpoch: uint64(room.Epoch()),
		From: uint64(l.ring.View().Newest()) + 1, // an empty ring takes all that upstream holds
	}
	for _, ring := range room.rings {
		open.KnownNumber = max(open.KnownNumber, uint64(ring.View().Newest()))
	}
	return open
}

// report says every 2 s how many listen here and below, where this lane is the one to say it.
func (l *lane) report(ctx context.Context, stream grpc.BidiStreamingClient[relayv1.PullRequest, relayv1.PullItem]) {
	ticker := time.NewTicker(reportEvery)
	defer ticker.Stop()
	for {
		select {
		case now := <-ticker.C:
			if !l.puller.reports(l) {
				continue
			}
			if stream.Send(&relayv1.PullRequest{Request: &relayv1.PullRequest_Count{Count: l.puller.report(now)}}) != nil {
				return // the receiving side learns why
			}
		case <-ctx.Done():
			return
		}
	}
}

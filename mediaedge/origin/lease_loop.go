package origin

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"

	"rostrum/internal/fault"
	"rostrum/mediaedge/audio"
	signalingv1 "rostrum/proto/rostrum/signaling/v1"
)

// renewEvery is how often the program lease and the node lease are renewed.
const renewEvery = 400 * time.Millisecond

// programs is what an origin asks of the registry.
type programs interface {
	AcquireProgram(ctx context.Context, in *signalingv1.AcquireProgramRequest, opts ...grpc.CallOption) (*signalingv1.ProgramLease, error)
	RenewProgram(ctx context.Context, in *signalingv1.RenewProgramRequest, opts ...grpc.CallOption) (*signalingv1.ProgramLease, error)
	ReleaseProgram(ctx context.Context, in *signalingv1.ReleaseProgramRequest, opts ...grpc.CallOption) (*signalingv1.ReleaseProgramResponse, error)
}

// errSuperseded ends an origin whose room was given to another epoch.
var errSuperseded = errors.New("another origin was appointed")

// lease holds an origin's appointment and reserves numbers ahead of it.
type lease struct {
	programs programs
	request  *signalingv1.RenewProgramRequest
	renewing sync.Mutex // request is one renewal's at a time
	logger   *slog.Logger
	metrics  *Metrics

	next     atomic.Uint64 // the number that the origin gives next
	reserved atomic.Uint64 // numbers below it are known to the store
}

// run renews until ctx ends. An origin that cannot renew goes on: the lease says who may be appointed, the epoch who is
// heard. Only another appointment ends it.
func (l *lease) run(ctx context.Context) error {
	ticker := time.NewTicker(renewEvery)
	defer ticker.Stop()
	failing := false
	for {
		err := l.renew(ctx)
		switch {
		case ctx.Err() != nil:
			return nil
		case fault.Is(err, fault.CodeConflict):
			return errSuperseded
		case err != nil:
			l.metrics.renewalsFailed.Inc()
			if !failing {
				l.logger.Warn("the program lease cannot be renewed; the program goes on", "error", err)
			}
		case failing:
			l.logger.Info("the program lease is renewed again")
		}
		failing = err != nil
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return nil
		}
	}
}

// check asks, after this process stood still, whether the appointment may still be taken for in force: a store that cannot
// be reached has appointed nobody.
func (l *lease) check(ctx context.Context) error {
	if err := l.renew(ctx); fault.Is(err, fault.CodeConflict) {
		return errSuperseded
	}
	return nil
}

func (l *lease) renew(ctx context.Context) error {
	l.renewing.Lock()
	defer l.renewing.Unlock()
	ctx, cancel := context.WithTimeout(ctx, 2*renewEvery)
	defer cancel()
	reserve := l.next.Load() + ahead
	l.request.Reserve = reserve
	if _, err := l.programs.RenewProgram(ctx, l.request); err != nil {
		return fault.From(err)
	}
	l.reserved.Store(reserve)
	return nil
}

// give says that a number is given now.
func (l *lease) give(n audio.Number) {
	l.next.Store(uint64(n) + 1)
	if uint64(n) >= l.reserved.Load() {
		l.metrics.unreserved.Inc()
	}
}

// release gives the appointment back, so that another origin may begin at once.
func (l *lease) release(ctx context.Context) error {
	_, err := l.programs.ReleaseProgram(ctx, &signalingv1.ReleaseProgramRequest{
		App: l.request.App, Room: l.request.Room, Node: l.request.Node, Epoch: l.request.Epoch,
	})
	return err
}

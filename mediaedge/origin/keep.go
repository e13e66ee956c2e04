package origin

import (
	"context"
	"errors"
	"time"

	"rostrum/internal/fault"
	"rostrum/internal/id"
	"rostrum/mediaedge/audio"
	listenerstatev1 "rostrum/proto/rostrum/listenerstate/v1"
)

// watching is a room's watch and its end.
type watching struct {
	room   *room
	cancel context.CancelFunc
	ended  chan error // why the watch is over, where it was not stopped
}

func newWatching(h *Host, r *room) *watching {
	ctx, cancel := context.WithCancel(h.ctx)
	w := &watching{room: r, cancel: cancel, ended: make(chan error, 1)}
	follow := &watcher{
		log: h.cfg.Stage, changes: r.changes, logger: r.log, metrics: h.metrics,
		request: &listenerstatev1.WatchRequest{App: string(r.app), Room: string(r.id)},
	}
	h.work.Go(func() {
		if err := follow.run(ctx); err != nil {
			w.ended <- err
		}
	})
	return w
}

// first is the stage as it is now.
func (w *watching) first(ctx context.Context) (stage, error) {
	for {
		select {
		case c := <-w.room.changes:
			if c.snapshot != nil {
				return *c.snapshot, nil
			}
		case err := <-w.ended:
			return stage{}, err
		case <-ctx.Done():
			return stage{}, fault.Unavailable(ctx.Err(), "the stage log does not answer")
		}
	}
}

func (w *watching) stop() { w.cancel() }

// keep runs an epoch to its end, and keeps what the audience may still want of the room.
func (h *Host) keep(entry *hosted, r *room, w *watching, initial stage) {
	defer h.done(entry)
	err := h.live(entry, r, w, initial)
	switch {
	case err == nil:
		r.log.Info("the room is over", "epoch", r.epoch, "last", r.last)
		r.relay.End()
	case errors.Is(err, errSuperseded):
		r.log.Warn("another origin was appointed; this one ends", "epoch", r.epoch)
		r.relay.Cut()
	case h.ctx.Err() == nil:
		r.log.Error("the origin failed", "epoch", r.epoch, "error", err)
		h.again(r)
	}
	h.linger()
}

// live runs an epoch. It answers nil where the room ended, errSuperseded where another origin was appointed.
func (h *Host) live(entry *hosted, r *room, w *watching, initial stage) error {
	h.metrics.rooms.Inc()
	defer h.metrics.rooms.Dec()
	ctx, cancel := context.WithCancel(h.ctx)
	superseded := make(chan error, 1)
	h.work.Go(func() {
		superseded <- r.lease.run(ctx)
		cancel()
	})
	h.work.Go(func() { r.anchor(ctx, h.cfg.Stage, h.cfg.Node, h.cfg.Wall) })
	h.work.Go(func() { r.enforced.run(ctx) })
	h.work.Go(func() { r.report(ctx, h.cfg.Stage) })
	err := r.run(ctx, initial, w.ended)
	cancel()
	w.stop()
	h.dismiss(entry)
	r.media.Close()
	r.arrivals.close()
	if lost := <-superseded; lost != nil {
		if err == nil {
			return nil // the room ended, whoever was to make its program
		}
		return lost
	}
	bounded, done := context.WithTimeout(context.WithoutCancel(h.ctx), releaseTimeout)
	defer done()
	if err := r.lease.release(bounded); err != nil {
		r.log.Warn("the program lease was not given back; it runs out by itself", "error", err)
	}
	return err
}

// again begins a new epoch of a room whose origin failed, unless the room ended or is at home elsewhere meanwhile.
func (h *Host) again(failed *room) {
	var wait pause
	for wait.sleep(h.ctx) {
		_, err := h.Open(h.ctx, failed.app, failed.id)
		if err == nil {
			return
		}
		switch fault.From(err).Code {
		case fault.CodeEnded:
			failed.relay.End()
			return
		case fault.CodeNotFound, fault.CodeNotLive, fault.CodeConflict:
			failed.relay.Cut()
			return
		}
		failed.log.Warn("the room has no origin; trying again", "error", err)
	}
}

// linger waits until the listeners of a room that is over have had time to hear the end, and the next origin to begin
// where it was at home last.
func (h *Host) linger() {
	timer := time.NewTimer(keepEnded)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-h.ctx.Done():
	}
}

// anchor writes this epoch's tie between media time and wall time into the stage log, trying until it is there.
func (r *room) anchor(ctx context.Context, log stageLog, node id.Node, wall func() time.Time) {
	mark := anchor{epoch: r.epoch, first: r.first, wall: wallTime(wall().Add(-time.Since(r.clock.Anchor)))}
	request := &listenerstatev1.ApplyRequest{
		App: string(r.app), Room: string(r.id), CommandId: anchorCommand(r.epoch),
		Actor:   actor(),
		Command: &listenerstatev1.ApplyRequest_AnchorOrigin{AnchorOrigin: mark.command(string(node))},
	}
	var wait pause
	for {
		_, err := log.Apply(ctx, request)
		if err == nil || ctx.Err() != nil {
			return
		}
		if !fault.MayPass(err) {
			r.log.Warn("the epoch's anchor was refused", "epoch", r.epoch, "error", err)
			return
		}
		if !wait.sleep(ctx) {
			return
		}
	}
}

func anchorCommand(e audio.Epoch) string { return "anchor:" + e.String() }

package origin

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"rostrum/internal/id"
	"rostrum/mediaedge/audio"
	"rostrum/mediaedge/program"
	"rostrum/mediaedge/relay"
	"rostrum/mediaedge/sfu"
	listenv1 "rostrum/proto/rostrum/listen/v1"
)

const (
	// packetQueue bounds the packets that wait for the room's goroutine: a second of 20 speakers.
	packetQueue = 1024
	// stalled is how far behind an origin may catch up; beyond it the missed numbers are a gap.
	stalled = audio.Number(10)
	// doubtful is how far behind an origin asks first whether another was appointed while it stood still.
	doubtful = audio.Number(5)
	// cardEvery bounds how often counts alone make a new room card.
	cardEvery = 2 * time.Second
)

// patience is how long an origin waits for what may still come.
type patience struct {
	// doubt is how long a watch may be lost until those are not forwarded who joined since.
	doubt time.Duration
	// missing is how long people have, after an origin began, to bring their sessions to it.
	missing time.Duration
}

// errBehind ends an epoch whose numbers were given before: the store that should have known had lost them.
var errBehind = errors.New("a node below holds more than this epoch began with")

// room is one epoch of a room on its home SFU. One goroutine owns it.
type room struct {
	app     id.App
	id      id.Room
	epoch   audio.Epoch
	clock   audio.Clock
	first   audio.Number
	relay   *relay.Room
	ledger  *ledger
	media   *sfu.Room
	lease   *lease
	log     *slog.Logger
	metrics *Metrics
	wait    patience

	packets  chan sfu.Packet
	changes  chan change
	seated   seatWaits // people whose seat somebody waits for
	enforced *enforced
	presence *presence
	arrivals arrivals

	// owned by run
	program  *program.Program
	stage    stage
	revision uint64
	counts   *listenv1.Counts
	last     audio.Number // the number that ends the room; 0 while it is live
	sources  [audio.MaxSeats + 1]uint32
	unheard  time.Time       // since when nothing was heard of the stage; zero: the watch is there
	doubt    *time.Timer     // runs while it is lost
	awaited  map[string]bool // users whose sessions ended with another origin, maybe
}

// Push takes a speaker's packet, or says that the queue is full.
func (r *room) Push(p sfu.Packet) bool {
	select {
	case r.packets <- p:
		return true
	default:
		r.metrics.packetsDropped.Inc()
		return false
	}
}

// run makes the program until the room ends (nil), ctx ends (its error), the watch is over, or an error makes going on
// impossible.
func (r *room) run(ctx context.Context, initial stage, unwatched <-chan error) error {
	r.doubt = time.NewTimer(r.wait.doubt)
	r.doubt.Stop()
	defer r.doubt.Stop()
	r.apply(change{snapshot: &initial})
	r.expect()
	missing := time.NewTimer(r.wait.missing)
	defer missing.Stop()
	due := time.NewTimer(time.Until(r.clock.When(r.program.Due())))
	defer due.Stop()
	cards := time.NewTicker(cardEvery)
	defer cards.Stop()
	for {
		select {
		case p := <-r.packets:
			r.hear(p)
		case c := <-r.changes:
			r.apply(c)
		case <-due.C:
			if err := r.advance(ctx, time.Now()); err != nil {
				return err
			}
			if r.last != 0 && r.program.Next() > r.last {
				return nil
			}
			due.Reset(time.Until(r.clock.When(r.program.Due())))
		case <-r.media.HasNews():
			r.hearNews()
		case <-missing.C:
			r.miss()
		case <-r.doubt.C:
			r.metrics.doubts.Inc()
			r.log.Warn("nothing is heard of the stage; who joined since is not forwarded", "since", r.unheard)
			r.media.Doubt(r.unheard)
		case <-cards.C:
			if epoch, number := r.relay.HeardMost(); epoch > r.epoch || number >= r.program.Next() {
				return fmt.Errorf("%w: epoch %d, number %d", errBehind, epoch, number)
			}
			r.recount()
		case err := <-unwatched:
			return fmt.Errorf("watch the stage: %w", err)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// advance makes every batch that is due.
func (r *room) advance(ctx context.Context, now time.Time) error {
	r.drain()
	at := r.clock.At(now)
	behind := (at - r.program.Due()) / audio.BatchTicks
	if behind > audio.Time(doubtful) {
		if err := r.lease.check(ctx); err != nil {
			return err
		}
	}
	if behind > audio.Time(stalled) {
		if err := r.skip(r.program.Next() + audio.Number(behind)); err != nil {
			return err
		}
	}
	for r.program.Due() <= at {
		r.metrics.lateSeconds.Observe((at - r.program.Due()).Duration().Seconds())
		if err := r.make(); err != nil {
			return err
		}
	}
	return nil
}

// hear gives a packet to its lane. Another source in the same seat is another session of the same person: its numbers
// begin anew, and so does the lane.
func (r *room) hear(p sfu.Packet) {
	if int(p.Seat) >= len(r.sources) {
		return
	}
	if r.sources[p.Seat] != p.Source {
		if occupant, seated := r.stage.seats[p.Seat]; seated && r.sources[p.Seat] != 0 {
			r.open(occupant)
		}
		r.sources[p.Seat] = p.Source
		r.arrivals.packet(p.Seat)
	}
	r.program.Push(program.Packet{
		Seat: p.Seat, Sequence: p.Sequence, Timestamp: p.Timestamp, Marker: p.Marker, Opus: p.Opus, Arrival: p.Arrival,
	})
}

// drain takes what is queued, so that a batch never misses a packet that has arrived.
func (r *room) drain() {
	for {
		select {
		case p := <-r.packets:
			r.hear(p)
		default:
			return
		}
	}
}

func (r *room) make() error {
	begun := time.Now()
	r.lease.give(r.program.Next())
	for _, batch := range r.program.Make() {
		encoded, err := batch.Encode()
		if err != nil {
			return err
		}
		if err := r.relay.Ring(batch.Rendition).AppendBatch(encoded); err != nil {
			return fmt.Errorf("append batch %d: %w", batch.Number, err)
		}
		r.ledger.batch(batch.Rendition, batch.Number, batch.Epoch, encoded)
		r.metrics.batches.WithLabelValues(string(batch.Rendition)).Inc()
	}
	r.media.Heard(loudness(r.program.Levels()))
	r.arrivals.batch(r.program.Next()-1, r.program.Levels(), begun)
	r.metrics.makeSeconds.Observe(time.Since(begun).Seconds())
	return nil
}

// skip leaves out the numbers before to, because the origin stood still.
func (r *room) skip(to audio.Number) error {
	gap := audio.Gap{First: r.program.Next(), Last: to - 1, Epoch: r.epoch, Reason: audio.GapOriginStalled}
	r.program.Skip(to)
	r.log.Warn("the origin stood still", "first", gap.First, "last", gap.Last)
	return r.tell(gap)
}

// tell puts a gap into every ring.
func (r *room) tell(gap audio.Gap) error {
	r.metrics.gaps.WithLabelValues(gap.Reason.String()).Inc()
	for _, rendition := range audio.Renditions {
		if err := r.relay.Ring(rendition).AppendGap(gap); err != nil {
			return fmt.Errorf("append gap %d to %d: %w", gap.First, gap.Last, err)
		}
		r.ledger.gap(rendition, gap)
	}
	return nil
}

// draw makes a new room card.
func (r *room) draw() {
	r.revision++
	r.relay.SetCard(r.stage.card(string(r.app), string(r.id), r.epoch, r.revision, r.counts))
}

// recount draws a new card where the counts have changed.
func (r *room) recount() {
	counts := r.relay.Counts(time.Now())
	if counts.GetListeners() == r.counts.GetListeners() && counts.GetDoorListeners() == r.counts.GetDoorListeners() {
		return
	}
	r.counts = counts
	r.draw()
}

// loudness is the loudest frame of each seat in a batch, in -dBov.
func loudness(levels []audio.Level) map[audio.Seat]uint8 {
	out := make(map[audio.Seat]uint8, len(levels))
	for _, level := range levels {
		out[level.Seat] = slices.Min(level.DBov[:])
	}
	return out
}

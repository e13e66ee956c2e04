// Package dynamo owns the archive of stage logs and the keys of personal fields in DynamoDB.
package dynamo

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"rostrum/internal/dynamo"
	"rostrum/services/listenerstate/chain"
)

// itemMost bounds the bytes of one item; DynamoDB takes 400 KB.
const itemMost = 300 << 10

// Config of an Archive. DB is needed and stays the caller's.
type Config struct {
	DB *dynamo.DB
	// Every is how long an append waits at most for others of its room before they are written together; 0: 500 ms.
	Every time.Duration
	// BytesMost bounds what waits to be written, of all rooms; 0: 64 MiB.
	BytesMost int
	// RoomsMost bounds the rooms of which something waits; 0: 10,000.
	RoomsMost int
	// WritersMost bounds the rooms that are written at the same time; 0: 32.
	WritersMost int
	// CloseWithin is how long Close tries to write what waits; 0: 10 s.
	CloseWithin time.Duration
	Log         *slog.Logger          // nil: none
	Metrics     prometheus.Registerer // nil: none
}

// Validate says everything that is wrong.
func (c Config) Validate() error {
	var wrong []error
	if c.DB == nil {
		wrong = append(wrong, errors.New("stagearchive: DB is missing"))
	}
	if min(c.Every, c.CloseWithin) < 0 || min(c.BytesMost, c.RoomsMost, c.WritersMost) < 0 {
		wrong = append(wrong, errors.New("stagearchive: a bound is negative"))
	}
	return errors.Join(wrong...)
}

func (c Config) withDefaults() Config {
	c.Every = cmp.Or(c.Every, 500*time.Millisecond)
	c.BytesMost = cmp.Or(c.BytesMost, 64<<20)
	c.RoomsMost = cmp.Or(c.RoomsMost, 10_000)
	c.WritersMost = cmp.Or(c.WritersMost, 32)
	c.CloseWithin = cmp.Or(c.CloseWithin, 10*time.Second)
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return c
}

// Archive keeps every event of every log. Appends to one room that come within a moment share one item and one
// conditional write. While the store cannot be reached they wait in memory, within bounds.
type Archive struct {
	table   table
	every   time.Duration
	within  time.Duration // for Close
	log     *slog.Logger
	metrics *metrics
	lines   *lines
	writers chan struct{}   // holds one for each room that is being written
	closing chan struct{}   // closed by Close: nothing waits for company any more
	ctx     context.Context // of every write; ends when Close gives up
	cancel  context.CancelFunc
	trouble atomic.Bool    // the store did not do what it was asked last; said once
	done    sync.WaitGroup // a run for each busy line; grows under lines.mu while that is open
}

// New makes an archive. It calls nobody: a database that is down is waited for.
func New(config Config) (*Archive, error) {
	if err := config.Validate(); err != nil {
		return nil, err
	}
	config = config.withDefaults()
	a := &Archive{
		table: table{config.DB}, every: config.Every, within: config.CloseWithin, log: config.Log,
		writers: make(chan struct{}, config.WritersMost), closing: make(chan struct{}),
	}
	a.lines = newLines(config.BytesMost, config.RoomsMost, func(l *line) { a.done.Go(func() { a.run(l) }) })
	var err error
	if a.metrics, err = newMetrics(config.Metrics, a.lines); err != nil {
		return nil, err
	}
	a.ctx, a.cancel = context.WithCancel(context.Background())
	return a, nil
}

// Close takes no more appends, tries for CloseWithin to write those that wait, and finishes the rest with
// chain.ErrClosed. It returns when nothing of the archive runs any more.
func (a *Archive) Close() {
	if a.lines.close() {
		close(a.closing)
	}
	giveUp := time.AfterFunc(a.within, a.cancel)
	defer giveUp.Stop()
	a.done.Wait()
	a.cancel()
}

// Append puts records behind a head, in the order of the calls, with a snapshot of the last of them or nil. It never
// waits: the write is finished when everything is durable. Until then the bytes must not change. What cannot be written
// is tried again for as long as the archive is open, before anything else of its room. Records that are held already
// are skipped.
//
// The write fails with chain.ErrDiverged where the records do not continue the archived log; with chain.ErrFull, at
// once, where too much waits already; with chain.ErrClosed.
func (a *Archive) Append(key chain.Key, after chain.Head, records []chain.Record, snapshot []byte) *chain.Write {
	w := &wish{write: chain.NewWrite(), after: after, records: records, snapshot: snapshot}
	if len(records) == 0 {
		w.write.Finish(nil)
		return w.write
	}
	w.events, w.bytes, w.last = len(records), len(snapshot), records[len(records)-1].Position
	for _, record := range records {
		if len(record.Bytes) == 0 || stored(record) > itemMost {
			w.write.Finish(fmt.Errorf("archive %s of %s: an event of %d bytes", record.Position, key, len(record.Bytes)))
			return w.write
		}
		w.bytes += stored(record)
	}
	a.enter(key, w)
	return w.write
}

// Claim starts a new term of an archived log, after what waits of it is written: records of lower terms are refused from
// then on. It answers the head with the new term; the zero head where nothing is archived.
func (a *Archive) Claim(ctx context.Context, key chain.Key) (chain.Head, error) {
	w := &wish{write: chain.NewWrite(), claim: &claim{ctx: ctx}}
	rand.Read(w.claim.token[:]) // never fails (crypto/rand)
	a.enter(key, w)
	if err := w.write.Wait(ctx); err != nil {
		return chain.Head{}, fmt.Errorf("claim a term of %s: %w", key, err)
	}
	return w.claim.head, nil
}

// Flush has what waits of a room written now, and returns when each of those appends is finished.
func (a *Archive) Flush(ctx context.Context, key chain.Key) error {
	w := &wish{write: chain.NewWrite()}
	a.enter(key, w)
	if err := w.write.Wait(ctx); err != nil {
		return fmt.Errorf("flush %s: %w", key, err)
	}
	return nil
}

// enter brings a wish into the line of its room, or finishes it with the reason why not.
func (a *Archive) enter(key chain.Key, w *wish) {
	w.since = time.Now()
	if err := a.lines.enter(key, w); err != nil {
		a.metrics.refused(err)
		w.write.Finish(err)
	}
}

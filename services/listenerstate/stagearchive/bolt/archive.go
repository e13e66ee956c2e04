// Package bolt owns the archive of stage logs and the keys of personal fields on a local disk, in bbolt.
package bolt

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.etcd.io/bbolt"

	"rostrum/services/listenerstate/chain"
)

var (
	// ErrDiverged says that records do not continue the archived log.
	ErrDiverged = chain.ErrDiverged
	// ErrClosed says that the archive takes no more.
	ErrClosed = chain.ErrClosed
)

const (
	queueLength = 256 // appends waiting for the disk; more wait for room here
	commitMost  = 256 // appends in one transaction
)

// Config of an Archive; the zero value works.
type Config struct {
	Metrics prometheus.Registerer // nil: none
}

// Archive keeps every event of every log. Appends that arrive together share one transaction and so one fsync.
type Archive struct {
	db      *bbolt.DB
	queue   chan job
	done    sync.WaitGroup
	commits prometheus.Histogram
	shared  prometheus.Histogram

	mu     sync.RWMutex // held for reading while a job comes in line
	closed bool
}

// job is a change of the store that shares its transaction with others. do checks everything before it writes, so that
// its error leaves the transaction as it was.
type job struct {
	do    func(*bbolt.Tx) error
	write *chain.Write
}

// NewArchive makes the archive in a database that stays the caller's and must outlive it.
func NewArchive(db *bbolt.DB, config Config) (*Archive, error) {
	err := db.Update(func(tx *bbolt.Tx) error {
		_, err := tx.CreateBucketIfNotExists(logsBucket)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("open stage archive: %w", err)
	}
	a := &Archive{
		db: db, queue: make(chan job, queueLength),
		commits: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name:    "rostrum_stagearchive_commit_seconds",
			Help:    "How long one write of the store took.",
			Buckets: prometheus.ExponentialBuckets(0.0005, 2, 12),
		}),
		shared: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name:    "rostrum_stagearchive_commit_appends",
			Help:    "How many appends shared one write of the store.",
			Buckets: prometheus.ExponentialBuckets(1, 2, 9),
		}),
	}
	if config.Metrics != nil {
		for _, collector := range []prometheus.Collector{a.commits, a.shared} {
			if err := config.Metrics.Register(collector); err != nil {
				return nil, fmt.Errorf("register metrics of the stage archive: %w", err)
			}
		}
	}
	a.done.Go(a.run)
	return a, nil
}

// Close stops taking appends, finishes those that wait, and returns when the last is on disk.
func (a *Archive) Close() {
	a.mu.Lock()
	if !a.closed {
		a.closed = true
		close(a.queue)
	}
	a.mu.Unlock()
	a.done.Wait()
}

// Append puts records behind a head, in order. It returns once they wait in line, so that a caller who appends one
// after the other keeps the order; the write is finished when they are on disk, or with chain.ErrDiverged. Records that are
// held already are skipped. A snapshot, where there is one, is of the last record. The bytes must not change until then.
func (a *Archive) Append(key chain.Key, after chain.Head, records []chain.Record, snapshot []byte) *chain.Write {
	return a.submit(func(tx *bbolt.Tx) error { return appendRecords(tx, key, after, records, snapshot) })
}

// Claim starts a new term of an archived log: appends of lower terms are refused from now on. It answers the head with
// the new term; the zero head where nothing is archived.
func (a *Archive) Claim(ctx context.Context, key chain.Key) (chain.Head, error) {
	var head chain.Head
	write := a.submit(func(tx *bbolt.Tx) (err error) {
		head, err = claim(tx, key)
		return err
	})
	if err := write.Wait(ctx); err != nil {
		return chain.Head{}, fmt.Errorf("claim a term of %s: %w", key, err)
	}
	return head, nil
}

func (a *Archive) submit(do func(*bbolt.Tx) error) *chain.Write {
	write := chain.NewWrite()
	a.mu.RLock()
	defer a.mu.RUnlock()
	if a.closed {
		write.Finish(chain.ErrClosed)
		return write
	}
	a.queue <- job{do, write}
	return write
}

func (a *Archive) run() {
	for first := range a.queue {
		a.commit(a.gather(first))
	}
}

// gather takes what waits already. It does not wait for more: the fsync of one transaction is when the next gathers.
func (a *Archive) gather(first job) []job {
	jobs := []job{first}
	for len(jobs) < commitMost {
		select {
		case next, open := <-a.queue:
			if !open {
				return jobs
			}
			jobs = append(jobs, next)
		default:
			return jobs
		}
	}
	return jobs
}

func (a *Archive) commit(jobs []job) {
	start := time.Now()
	results := make([]error, len(jobs))
	err := a.db.Update(func(tx *bbolt.Tx) error {
		for i, job := range jobs {
			results[i] = job.do(tx)
		}
		return nil
	})
	a.commits.Observe(time.Since(start).Seconds())
	a.shared.Observe(float64(len(jobs)))
	for i, job := range jobs {
		if err != nil {
			results[i] = fmt.Errorf("commit to the stage archive: %w", err)
		}
		job.write.Finish(results[i])
	}
}

package listenerstate

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"rostrum/services/listenerstate/chain"
)

var errArchiveAway = errors.New("the archive is away")

// moody is what one process knows as the archive: slow, away for a while, and never written to again once the process died.
// While it is away appends wait, as in an archive that tries again by itself.
type moody struct {
	Archive
	away *atomic.Bool // of all processes
	dead atomic.Bool
	died chan struct{} // closes with dead, where anybody waits for what is under way
	done sync.WaitGroup

	mu   sync.Mutex
	last chan struct{} // closes when the newest append has gone on its way; appends go in order
}

func (m *moody) Load(ctx context.Context, key chain.Key) (chain.Head, []byte, error) {
	if m.away.Load() {
		return chain.Head{}, nil, errArchiveAway
	}
	return m.Archive.Load(ctx, key)
}

func (m *moody) Read(ctx context.Context, key chain.Key, from uint64, limit int) ([]chain.Record, error) {
	if m.away.Load() {
		return nil, errArchiveAway
	}
	return m.Archive.Read(ctx, key, from, limit)
}

func (m *moody) Claim(ctx context.Context, key chain.Key) (chain.Head, error) {
	if m.away.Load() {
		return chain.Head{}, errArchiveAway
	}
	return m.Archive.Claim(ctx, key)
}

func (m *moody) Append(key chain.Key, after chain.Head, records []chain.Record, snapshot []byte) *chain.Write {
	write := chain.NewWrite()
	pause := time.After(rand.N(50 * time.Millisecond))
	m.mu.Lock()
	before, gone := m.last, make(chan struct{})
	m.last = gone
	m.mu.Unlock()
	m.done.Go(func() {
		if <-pause; before != nil {
			<-before
		}
		for m.away.Load() && !m.dead.Load() {
			<-time.After(5 * time.Millisecond)
		}
		if m.dead.Load() {
			close(gone)
			write.Finish(chain.ErrClosed)
			return
		}
		stored := m.Archive.Append(key, after, records, snapshot)
		close(gone)
		select {
		case <-stored.Done():
			write.Finish(stored.Err())
		case <-m.died:
			write.Finish(chain.ErrClosed)
		}
	})
	return write
}

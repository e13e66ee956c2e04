package stagelog

import (
	"context"
	"fmt"

	"rostrum/services/listenerstate/chain"
)

// Archived says that the archive has a guarded log up to a position, and keeps a snapshot where there is one, of an event
// up to there. It cuts what neither loading from Redis nor Keep needs, and does nothing in another term, or another life than
// the one in which the caller knows the log.
func (l *Log) Archived(ctx context.Context, key chain.Key, at chain.Position, life string, snapshotAt uint64, snapshot []byte) error {
	k, of := keysOf(key), any("")
	if snapshot != nil {
		of = snapshotAt
	}
	args := []any{at.Term, at.Offset, of, snapshot, Keep, life}
	if err := l.archived.Run(ctx, l.client, []string{k.head, k.log, k.snapshot}, args...).Err(); err != nil {
		return fmt.Errorf("note %s as archived in stage log %s: %w", at, key, err)
	}
	return nil
}

// Snapshot answers the snapshot that a guarded log keeps, nil where it keeps none: then its stream begins with the first
// event, or loading it needs the archive.
func (l *Log) Snapshot(ctx context.Context, key chain.Key) ([]byte, error) {
	snapshot, err := l.client.Get(ctx, keysOf(key).snapshot).Bytes()
	if isNil(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read snapshot of stage log %s: %w", key, err)
	}
	return snapshot, nil
}

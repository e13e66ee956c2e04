package dynamo

import (
	"context"

	"rostrum/services/listenerstate/chain"
)

// Load answers the head of a log and its newest snapshot; the zero head where nothing is archived, nil where there is no
// snapshot yet. Neither is of what waits to be written.
func (a *Archive) Load(ctx context.Context, key chain.Key) (chain.Head, []byte, error) {
	snapshot, err := a.table.snapshot(ctx, key) // first: it is of an event that the head is not before
	if err != nil {
		return chain.Head{}, nil, err
	}
	head, err := a.table.newest(ctx, key)
	if err != nil {
		return chain.Head{}, nil, err
	}
	return head, snapshot, nil
}

// Read answers up to limit records from an offset on, in order; nothing of what waits to be written.
func (a *Archive) Read(ctx context.Context, key chain.Key, from uint64, limit int) ([]chain.Record, error) {
	return a.table.read(ctx, key, from, limit)
}

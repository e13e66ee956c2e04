package stagelog

import (
	"context"
	"fmt"
	"strconv"

	"github.com/redis/go-redis/v9"

	"rostrum/services/listenerstate/chain"
)

// Page is a part of a log, and its head at the same moment.
type Page struct {
	Head chain.Head
	// Acked is the newest offset that is held twice.
	Acked uint64
	// Enforced is up to where the SFU does what the stage says; zero where that is not known in this term.
	Enforced chain.Position
	Records  []chain.Record
}

// Read answers up to limit records after a position of the current term, by offset; after the zero position: from the
// oldest on. Errors: ErrLost.
func (l *Log) Read(ctx context.Context, key chain.Key, after chain.Position, limit int64) (Page, error) {
	k, start := keysOf(key), "-"
	if after.Offset > 0 {
		start = chain.Position{Term: after.Term, Offset: after.Offset + 1}.String()
	}
	var head *redis.SliceCmd
	var entries *redis.XMessageSliceCmd
	_, err := l.client.TxPipelined(ctx, func(tx redis.Pipeliner) error {
		head = tx.HMGet(ctx, k.head, "term", "offset", "hash", "acked", "enforced")
		entries = tx.XRangeN(ctx, k.log, start, "+", limit)
		return nil
	})
	if err != nil {
		return Page{}, fmt.Errorf("read stage log %s: %w", key, err)
	}
	page, err := decodeHead(head.Val())
	if err != nil {
		return Page{}, err
	}
	for _, entry := range entries.Val() {
		record, err := decodeEntry(entry)
		if err != nil {
			return Page{}, fmt.Errorf("read stage log %s: %w", key, err)
		}
		page.Records = append(page.Records, record)
	}
	return page, nil
}

func decodeHead(values []any) (Page, error) {
	var page Page
	var texts [5]string
	for i := range min(len(values), len(texts)) {
		text, there := values[i].(string)
		if !there && i < 4 {
			return page, ErrLost
		}
		texts[i] = text
	}
	var err error
	if page.Enforced, err = decodeEnforced(texts[4]); err != nil {
		return page, err
	}
	if page.Head.Position, err = chain.ParsePosition(texts[0] + "-" + texts[1]); err != nil {
		return page, fmt.Errorf("decode head: %w", err)
	}
	if page.Acked, err = strconv.ParseUint(texts[3], 10, 64); err != nil {
		return page, fmt.Errorf("decode head: %w", err)
	}
	if copy(page.Head.Hash[:], texts[2]) != len(page.Head.Hash) {
		return page, fmt.Errorf("decode head: the hash has %d bytes", len(texts[2]))
	}
	return page, nil
}

func decodeEntry(entry redis.XMessage) (chain.Record, error) {
	var record chain.Record
	var err error
	if record.Position, err = chain.ParsePosition(entry.ID); err != nil {
		return record, err
	}
	stored, _ := entry.Values["e"].(string)
	payload, _ := entry.Values["p"].(string)
	if stored == "" || len(payload) != len(record.Payload) {
		return record, fmt.Errorf("entry %s is not an event", entry.ID)
	}
	record.Bytes = []byte(stored)
	copy(record.Payload[:], payload)
	return record, nil
}

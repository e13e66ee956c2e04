package dynamo

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"rostrum/internal/dynamo"
	"rostrum/internal/fault"
	"rostrum/services/listenerstate/chain"
)

const (
	valueAttribute = "v"
	linksPage      = 64 // links asked for at once
)

// table is the links and snapshots of logs as they stand in DynamoDB: a partition is a log.
type table struct{ db *dynamo.DB }

func partition(key chain.Key) string { return string(key.App) + "#" + string(key.Room) }

// put writes a link behind its head, and answers what stands there then: the link, or what was there before.
func (t table) put(ctx context.Context, key chain.Key, l link) (link, error) {
	item := dynamo.Item{}
	item.SetBytes(valueAttribute, l.value())
	sortKey := linkKey(l.behind)
	stands, err := t.db.Put(ctx, dynamo.Stage, dynamo.Key{PK: partition(key), SK: sortKey}, item, dynamo.Absent())
	switch {
	case err == nil:
		return l, nil
	case !fault.Is(err, fault.CodeConflict):
		return link{}, fmt.Errorf("write behind %s of %s: %w", l.behind, key, err)
	}
	return readLink(key, sortKey, stands)
}

// newest answers the head of a log; zero where there is none.
func (t table) newest(ctx context.Context, key chain.Key) (chain.Head, error) {
	l, found, err := t.last(ctx, key, linkPrefix+"~")
	if err != nil || !found {
		return chain.Head{}, err
	}
	return l.head(), nil
}

// last answers the last link whose key is not above one.
func (t table) last(ctx context.Context, key chain.Key, most string) (link, bool, error) {
	q := between(key, linkPrefix, most)
	q.Backward, q.Page = true, 1
	for item, err := range t.db.Items(ctx, q) {
		if err != nil {
			return link{}, false, fmt.Errorf("read the end of %s: %w", key, err)
		}
		l, err := readLink(key, dynamo.Read(item).Text("sk"), item)
		return l, err == nil, err
	}
	return link{}, false, nil
}

// read answers up to limit records from an offset on.
func (t table) read(ctx context.Context, key chain.Key, from uint64, limit int) ([]chain.Record, error) {
	from = max(from, 1)
	l, found, err := t.last(ctx, key, linkKeyUpTo(from))
	if err != nil || !found || limit <= 0 {
		return nil, err
	}
	records := l.records[min(from-l.behind.Offset-1, uint64(len(l.records))):]
	if len(records) >= limit {
		return records[:limit], nil
	}
	if len(records) == 0 {
		return nil, nil // the log ends before
	}
	q := between(key, linkKey(l.head().Position), linkPrefix+"~")
	q.Page = int32(min(limit-len(records), linksPage))
	for item, err := range t.db.Items(ctx, q) {
		if err != nil {
			return nil, fmt.Errorf("read %s from %d: %w", key, from, err)
		}
		behind := l.head().Position
		if l, err = readLink(key, dynamo.Read(item).Text("sk"), item); err != nil {
			return nil, err
		}
		if l.behind != behind {
			return nil, fmt.Errorf("read %s from %d: %w: a link behind %s follows %s", key, from, errMalformed, l.behind, behind)
		}
		records = append(records, l.records[:min(len(l.records), limit-len(records))]...)
		if len(records) == limit {
			break
		}
	}
	return records, nil
}

// between asks for what stands in a log's partition from one key to another.
func between(key chain.Key, from, to string) dynamo.Query {
	values := dynamo.Item{}
	values.SetText("pk", partition(key))
	values.SetText("from", from)
	values.SetText("to", to)
	return dynamo.Query{Table: dynamo.Stage, Where: dynamo.Holds("#pk = :pk AND #sk BETWEEN :from AND :to", values)}
}

func readLink(key chain.Key, sortKey string, item dynamo.Item) (link, error) {
	fields := dynamo.Read(item)
	value := fields.Bytes(valueAttribute)
	l, err := decodeLink(sortKey, value)
	if err = errors.Join(fields.Err(), err); err != nil {
		return link{}, fmt.Errorf("read %s of %s: %w", sortKey, key, err)
	}
	return l, nil
}

// equal says whether two links hold the same.
func (l link) equal(other link) bool {
	return l.behind == other.behind && bytes.Equal(l.value(), other.value())
}

// same says whether two records are the same event.
func same(a, b chain.Record) bool {
	return a.Position == b.Position && a.Payload == b.Payload && bytes.Equal(a.Bytes, b.Bytes)
}

package bolt

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"

	"go.etcd.io/bbolt"

	"rostrum/services/listenerstate/chain"
)

// A log is a bucket below logsBucket, named by its key:
//
//	head      term, offset (8 bytes each, big-endian), hash
//	snapshot  the newest one
//	events    a bucket: offset -> term, payload hash, the event's bytes
var (
	logsBucket   = []byte("stage-logs")
	headKey      = []byte("head")
	snapshotKey  = []byte("snapshot")
	eventsBucket = []byte("events")
)

const hashBytes = len(chain.Hash{})

// Load answers the head of a log and its newest snapshot; the zero head where nothing is archived, nil where there is
// no snapshot yet.
func (a *Archive) Load(_ context.Context, key chain.Key) (chain.Head, []byte, error) {
	var head chain.Head
	var snapshot []byte
	err := a.db.View(func(tx *bbolt.Tx) (err error) {
		log := tx.Bucket(logsBucket).Bucket([]byte(key.String()))
		if log == nil {
			return nil
		}
		snapshot = bytes.Clone(log.Get(snapshotKey))
		head, err = decodeHead(log.Get(headKey))
		return err
	})
	if err != nil {
		return head, nil, fmt.Errorf("load archived log %s: %w", key, err)
	}
	return head, snapshot, nil
}

// Read answers up to limit records from an offset on, in order.
func (a *Archive) Read(_ context.Context, key chain.Key, from uint64, limit int) ([]chain.Record, error) {
	var records []chain.Record
	err := a.db.View(func(tx *bbolt.Tx) error {
		log := tx.Bucket(logsBucket).Bucket([]byte(key.String()))
		if log == nil {
			return nil
		}
		cursor := log.Bucket(eventsBucket).Cursor()
		for k, v := cursor.Seek(offsetKey(from)); k != nil && len(records) < limit; k, v = cursor.Next() {
			record, err := decodeRecord(k, v)
			if err != nil {
				return err
			}
			records = append(records, record)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read archived log %s: %w", key, err)
	}
	return records, nil
}

func appendRecords(tx *bbolt.Tx, key chain.Key, after chain.Head, records []chain.Record, snapshot []byte) error {
	log := tx.Bucket(logsBucket).Bucket([]byte(key.String()))
	var head chain.Head
	if log != nil {
		var err error
		if head, err = decodeHead(log.Get(headKey)); err != nil {
			return fmt.Errorf("append to archived log %s: %w", key, err)
		}
	}
	records, after, err := skipHeld(log, head, after, records)
	if err != nil || len(records) == 0 {
		return err
	}
	if after != head {
		return chain.ErrDiverged
	}
	for i, record := range records {
		if record.Offset != head.Offset+uint64(i)+1 || record.Term != records[0].Term || record.Term < head.Term {
			return chain.ErrDiverged
		}
	}
	if log == nil {
		if log, err = create(tx, key); err != nil {
			return err
		}
	}
	return put(log, records, snapshot)
}

// skipHeld drops the records that the archive has, and answers the head that the rest stands behind.
func skipHeld(log *bbolt.Bucket, head, after chain.Head, records []chain.Record) ([]chain.Record, chain.Head, error) {
	for len(records) > 0 && records[0].Offset <= head.Offset {
		held := log.Bucket(eventsBucket).Get(offsetKey(records[0].Offset))
		if !bytes.Equal(held, encodeRecord(records[0])) {
			return nil, after, chain.ErrDiverged
		}
		after, records = records[0].Head(), records[1:]
	}
	return records, after, nil
}

func create(tx *bbolt.Tx, key chain.Key) (*bbolt.Bucket, error) {
	log, err := tx.Bucket(logsBucket).CreateBucket([]byte(key.String()))
	if err != nil {
		return nil, fmt.Errorf("create archived log %s: %w", key, err)
	}
	if _, err := log.CreateBucket(eventsBucket); err != nil {
		return nil, fmt.Errorf("create archived log %s: %w", key, err)
	}
	return log, nil
}

func put(log *bbolt.Bucket, records []chain.Record, snapshot []byte) error {
	events := log.Bucket(eventsBucket)
	for _, record := range records {
		if err := events.Put(offsetKey(record.Offset), encodeRecord(record)); err != nil {
			return fmt.Errorf("put event %s: %w", record.Position, err)
		}
	}
	if snapshot != nil {
		if err := log.Put(snapshotKey, snapshot); err != nil {
			return fmt.Errorf("put snapshot: %w", err)
		}
	}
	return log.Put(headKey, encodeHead(records[len(records)-1].Head()))
}

func claim(tx *bbolt.Tx, key chain.Key) (chain.Head, error) {
	log := tx.Bucket(logsBucket).Bucket([]byte(key.String()))
	if log == nil {
		return chain.Head{}, nil
	}
	head, err := decodeHead(log.Get(headKey))
	if err != nil {
		return head, err
	}
	head.Term++
	return head, log.Put(headKey, encodeHead(head))
}

func offsetKey(offset uint64) []byte { return binary.BigEndian.AppendUint64(nil, offset) }

func encodeHead(head chain.Head) []byte {
	return append(binary.BigEndian.AppendUint64(offsetKey(head.Term), head.Offset), head.Hash[:]...)
}

func decodeHead(stored []byte) (chain.Head, error) {
	var head chain.Head
	if len(stored) != 16+hashBytes {
		return head, fmt.Errorf("a head of %d bytes", len(stored))
	}
	head.Term, head.Offset = binary.BigEndian.Uint64(stored), binary.BigEndian.Uint64(stored[8:])
	copy(head.Hash[:], stored[16:])
	return head, nil
}

func encodeRecord(record chain.Record) []byte {
	return append(append(offsetKey(record.Term), record.Payload[:]...), record.Bytes...)
}

func decodeRecord(key, stored []byte) (chain.Record, error) {
	var record chain.Record
	if len(key) != 8 || len(stored) <= 8+hashBytes {
		return record, fmt.Errorf("an event of %d bytes under a key of %d", len(stored), len(key))
	}
	record.Term, record.Offset = binary.BigEndian.Uint64(stored), binary.BigEndian.Uint64(key)
	copy(record.Payload[:], stored[8:])
	record.Bytes = bytes.Clone(stored[8+hashBytes:])
	return record, nil
}

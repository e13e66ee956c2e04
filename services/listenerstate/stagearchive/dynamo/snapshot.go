package dynamo

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"rostrum/internal/dynamo"
	"rostrum/internal/fault"
	"rostrum/services/listenerstate/chain"
)

const (
	pointerKey     = "p"
	partPrefix     = "s#"
	atAttribute    = "at"    // offset of the event that a snapshot is of
	nameAttribute  = "name"  // where its parts stand
	partsAttribute = "parts" // how many they are
	sumAttribute   = "sum"   // SHA-256 of the whole

	partsMost     = 4096
	snapshotReads = 4 // tries to read a snapshot while others take its place
)

// pointer says which snapshot is the newest; zero: there is none.
type pointer struct {
	at    uint64
	name  string // of its parts' keys, less the part
	parts int
	sum   [sha256.Size]byte
}

// newPointer answers the pointer to a snapshot that is not written yet. Its name is like no other's, so that two who
// write one of the same event do not mix their parts.
func newPointer(at uint64, snapshot []byte) pointer {
	var id [8]byte
	rand.Read(id[:]) // never fails (crypto/rand)
	return pointer{
		at: at, name: partPrefix + dynamo.Ordered(at) + "#" + hex.EncodeToString(id[:]) + "#",
		parts: (len(snapshot) + itemMost - 1) / itemMost, sum: sha256.Sum256(snapshot),
	}
}

func (p pointer) partKey(part int) string { return p.name + dynamo.Ordered(uint64(part)) }

func (p pointer) item() dynamo.Item {
	item := dynamo.Item{}
	item.SetNumber(atAttribute, p.at)
	item.SetText(nameAttribute, p.name)
	item.SetNumber(partsAttribute, uint64(p.parts))
	item.SetBytes(sumAttribute, p.sum[:])
	return item
}

func readPointer(item dynamo.Item) (pointer, error) {
	fields := dynamo.Read(item)
	parts, sum := fields.Number(partsAttribute), fields.Bytes(sumAttribute)
	p := pointer{at: fields.Number(atAttribute), name: fields.Text(nameAttribute), parts: int(min(parts, partsMost))}
	copy(p.sum[:], sum)
	if fields.Err() != nil || p.at == 0 || !strings.HasPrefix(p.name, partPrefix) || parts == 0 || parts > partsMost || len(sum) != len(p.sum) {
		return pointer{}, errors.Join(fmt.Errorf("%w: a pointer to a snapshot", errMalformed), fields.Err())
	}
	return p, nil
}

// pointer answers the pointer of a log.
func (t table) pointer(ctx context.Context, key chain.Key) (pointer, error) {
	item, err := t.db.Load(ctx, dynamo.Stage, dynamo.Key{PK: partition(key), SK: pointerKey})
	if fault.Is(err, fault.CodeNotFound) {
		return pointer{}, nil
	}
	if err != nil {
		return pointer{}, fmt.Errorf("read the snapshot of %s: %w", key, err)
	}
	return readPointer(item)
}

// snapshot answers the newest snapshot of a log, nil where there is none.
func (t table) snapshot(ctx context.Context, key chain.Key) ([]byte, error) {
	var last pointer
	for range snapshotReads {
		p, err := t.pointer(ctx, key)
		if err != nil || p == (pointer{}) {
			return nil, err
		}
		if p == last {
			break
		}
		snapshot, err := t.parts(ctx, key, p)
		if err != nil {
			return nil, err
		}
		if sha256.Sum256(snapshot) == p.sum {
			return snapshot, nil
		}
		last = p // its parts are deleted, if another has taken its place meanwhile
	}
	return nil, fmt.Errorf("read the snapshot of %s: %w: its parts are not what its pointer says", key, errMalformed)
}

func (t table) parts(ctx context.Context, key chain.Key, p pointer) ([]byte, error) {
	var whole bytes.Buffer
	for item, err := range t.db.Items(ctx, between(key, p.name, p.partKey(p.parts))) {
		if err != nil {
			return nil, fmt.Errorf("read the snapshot of %s: %w", key, err)
		}
		whole.Write(dynamo.Read(item).Bytes(valueAttribute))
	}
	return whole.Bytes(), nil
}

// putPart writes a part of a snapshot, which is found once a pointer leads to it.
func (t table) putPart(ctx context.Context, key chain.Key, p pointer, part int, snapshot []byte) error {
	item, first := dynamo.Item{}, part*itemMost
	item.SetBytes(valueAttribute, snapshot[first:min(first+itemMost, len(snapshot))])
	_, err := t.db.Put(ctx, dynamo.Stage, dynamo.Key{PK: partition(key), SK: p.partKey(part)}, item, dynamo.Condition{})
	if err != nil {
		return fmt.Errorf("write a snapshot of %s: %w", key, err)
	}
	return nil
}

// move makes a snapshot the newest, unless a newer one is.
func (t table) move(ctx context.Context, key chain.Key, p pointer) error {
	at := dynamo.Item{}
	at.SetNumber(atAttribute, p.at)
	older := dynamo.Holds("attribute_not_exists(#pk) OR #at < :at", at)
	_, err := t.db.Put(ctx, dynamo.Stage, dynamo.Key{PK: partition(key), SK: pointerKey}, p.item(), older)
	if err != nil && !fault.Is(err, fault.CodeConflict) {
		return fmt.Errorf("point to a snapshot of %s: %w", key, err)
	}
	return nil
}

// sweep deletes the parts of snapshots that are older than one that a pointer leads, or led, to. Who still reads them
// finds that by the sum, who still writes them by the pointer.
func (t table) sweep(ctx context.Context, key chain.Key, before uint64) error {
	for item, err := range t.db.Items(ctx, between(key, partPrefix, partPrefix+dynamo.Ordered(before))) {
		if err == nil {
			_, err = t.db.Delete(ctx, dynamo.Stage, dynamo.Key{PK: partition(key), SK: dynamo.Read(item).Text("sk")}, dynamo.Condition{})
		}
		if err != nil {
			return fmt.Errorf("delete snapshots of %s before %d: %w", key, before, err)
		}
	}
	return nil
}
